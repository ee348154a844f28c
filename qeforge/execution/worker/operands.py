"""Operands that met in predicates of the module under test, as literals."""

import datetime
from typing import Any, Optional

from .render import quick_source

_MOMENTS = (datetime.date, datetime.datetime, datetime.time, datetime.timedelta)

LIMIT = 200
"""Operands of one candidate, duplicates not counted."""


class Operands:
    """Collects operands between `clear` and `take`."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str, str, str], None] = {}

    def clear(self) -> None:
        """Forget what was collected."""
        self._seen = {}

    def take(self) -> list[list[Any]]:
        """`[line, operator, left, right]` in the order in which they were met first."""
        return [list(item) for item in self._seen]

    def add(self, line: int, operator: str, left: str | None, right: str | None) -> None:
        """Note two operands by source; a side that has none is the empty text, two such are not noted."""
        if len(self._seen) < LIMIT and (left or right):
            self._seen[line, operator, left or "", right or ""] = None

    def values(self, line: int, operator: str, left: Any, right: Any) -> None:
        """Note two operands by value."""
        if len(self._seen) < LIMIT:
            self.add(line, operator, _source(left), _source(right))


def _source(value: Any) -> Optional[str]:
    """Source of a small value of a builtin type, or of a date or time."""
    source = quick_source(value)
    if source is None and type(value) in _MOMENTS:
        return repr(value)
    return source
