"""Values in, text for people out."""

import re
import unicodedata

SIZE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
IRREGULAR_PLURALS = {"child": "children", "person": "people", "index": "indices"}

_DURATION_PARTS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?%?")


def slugify(text: str, separator: str = "-", max_length: "int | None" = None) -> str:
    """Lower-case ASCII words joined by `separator`, cut between words where possible.

    >>> slugify("Crème brûlée, à la carte")
    'creme-brulee-a-la-carte'
    >>> slugify("A rather long title", max_length=10)
    'a-rather'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    slug = separator.join(words)
    if max_length is None or len(slug) <= max_length:
        return slug
    while len(words) > 1 and len(separator.join(words)) > max_length:
        words.pop()
    return separator.join(words)[:max_length]


def human_size(size: float, digits: int = 1) -> str:
    """Bytes in the largest unit that leaves at least one.

    >>> human_size(1536)
    '1.5 KiB'
    """
    if size < 0:
        return "-" + human_size(-size, digits)
    value, power = float(size), 0
    while value >= 1024 and power < len(SIZE_UNITS) - 1:
        value /= 1024
        power += 1
    if power == 0:
        return f"{int(value)} B"
    return f"{value:.{digits}f} {SIZE_UNITS[power]}"


def human_duration(seconds: int, parts: int = 2) -> str:
    """The `parts` largest units of a duration, in words.

    >>> human_duration(93_784)
    '1 day and 2 hours'
    """
    if seconds < 0:
        raise ValueError(f"a duration cannot be negative: {seconds}")
    named = []
    for size, unit in _DURATION_PARTS:
        count, seconds = divmod(seconds, size)
        if count:
            named.append(pluralise(count, unit))
    return join_words(named[:parts]) or "0 seconds"


def join_words(words, last="and"):
    """Words as a sentence has them: `a, b and c`."""
    words = [str(word) for word in words]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def pluralise(count, singular, plural=None):
    """A count with its noun, in singular or plural.

    >>> pluralise(1, "city"), pluralise(3, "city"), pluralise(2, "day")
    ('1 city', '3 cities', '2 days')
    """
    if abs(count) == 1:
        return f"{count} {singular}"
    return f"{count} {plural or _plural_of(singular)}"


def _plural_of(noun):
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    return noun + "s"


def truncate(text: str, width: int, marker: str = "...") -> str:
    """The text, shortened to `width` characters where it is longer.

    The marker shows that something was cut, and counts towards the width.

    >>> truncate("short", 10)
    'short'
    >>> truncate("incomprehensible", 10)
    'incompre...'
    """
    if width < len(marker):
        raise ValueError(f"width {width} leaves no room for {marker!r}")
    if len(text) <= width:
        return text
    return text[: width - len(marker)].rstrip() + marker


def wrap(text: str, width: int = 72, indent: str = "") -> list[str]:
    """Lines of at most `width` characters; only a longer word may exceed it."""
    if width <= len(indent):
        raise ValueError(f"width {width} leaves no room beside the indent")
    lines, current = [], indent
    for word in text.split():
        candidate = current + word if current == indent else f"{current} {word}"
        if len(candidate) > width and current != indent:
            lines.append(current)
            candidate = indent + word
        current = candidate
    if current != indent:
        lines.append(current)
    return lines


def render_table(rows, headers=None, gap=2):
    """Rows as lines of text; columns of numbers are set to the right.

    Raises `ValueError` when rows differ in length.
    """
    table = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if headers:
        table.insert(0, [str(header) for header in headers])
    if not table:
        return ""
    if len({len(row) for row in table}) > 1:
        raise ValueError("all rows need the same number of cells")
    columns = list(zip(*table, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    numeric = [_is_numeric(column[1:] if headers else column) for column in columns]
    lines = [_render_row(row, widths, numeric, " " * gap) for row in table]
    if headers:
        lines.insert(1, (" " * gap).join("-" * width for width in widths))
    return "\n".join(lines)


def _is_numeric(cells):
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)


def _render_row(row, widths, numeric, gap):
    cells = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(row, widths, numeric, strict=True)
    ]
    return gap.join(cells).rstrip()
