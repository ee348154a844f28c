"""The examples of `docs/extending.md`, as they stand there."""

import re
from pathlib import Path
from typing import Any

from qeforge.domain.protocols import Proposer
from tests.fakes.subject import Subject

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"


def example(name: str) -> Any:
    """A class from the page."""
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        if f"class {name}" in code:
            space: dict[str, Any] = {"__name__": "example"}
            exec(compile(code, str(PAGE), "exec"), space)
            return space[name]
    raise LookupError(name)


def corpus(shop: Subject, *texts: str) -> Proposer:
    made: Proposer = example("CorpusProposer")(shop.module, texts)
    return made
