"""Text between a pair of markers in a page, written anew."""

import re
from pathlib import Path


def replace_section(page: Path, name: str, text: str) -> None:
    """Puts the text between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.

    Raises:
        ValueError: the page has no such pair.
    """
    before = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    section = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
    if len(section.findall(before)) != 1:
        raise ValueError(f"{page} has no section between {begin} and {end}")
    after = section.sub(lambda _: f"{begin}\n{text.strip()}\n{end}", before)
    page.write_text(after, encoding="utf-8")
