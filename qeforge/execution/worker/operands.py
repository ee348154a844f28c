"""Operands that met in predicates of the module under test, as literals."""

from typing import Any

from .render import quick_source

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
            self.add(line, operator, quick_source(left), quick_source(right))
