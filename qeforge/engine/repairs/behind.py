"""Whether anything new may lie behind a failure.

Getting past an exception pays where no plan got past its line before. Where one did, a mended plan mostly goes over
known ground; a few are still made, as the plan that got past may have done so with next to nothing (an empty text).
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from qeforge.analysis.symbols import symbols_of
from qeforge.domain.observation import Arc, Frame, Raised
from qeforge.domain.target import SourceModule

_FEW = 6
"""Failures in one place for one reason that are mended although plans got past it."""


class Behind:
    """Follows what plans got past in one module.

    Args:
        module: what is under test.
    """

    def __init__(self, module: SourceModule) -> None:
        self._starts: dict[int, int] = {}
        self._detours: set[int] = set()
        self._ends: set[int] = set()
        self._raises: set[int] = set()
        self._next: defaultdict[int, set[int]] = defaultdict(set)
        self._previous: defaultdict[int, set[int]] = defaultdict(set)
        self._mended: Counter[tuple[str, int, str]] = Counter()
        for node in ast.walk(symbols_of(module).tree):
            if isinstance(node, ast.stmt):
                self._read(node)
            elif isinstance(node, ast.ExceptHandler):
                self._detours.add(node.lineno)

    def note(self, arcs: Iterable[Arc]) -> None:
        """Takes in arcs that were run."""
        for arc in arcs:
            here, there = (self._starts.get(line, line) for line in arc)
            if here > 0 and there > 0 and here != there and there not in self._detours:
                self._next[here].add(there)
                self._previous[there].add(here)

    def pays(self, target: str, raised: Raised) -> bool:
        """Whether to mend a plan for the target of that id after this exception, which the asking counts."""
        if not self.is_known(raised.frames):
            return True
        own = [frame.line for frame in raised.frames if frame.own]
        place = (target, own[-1] if own else 0, raised.type_name)
        self._mended[place] += 1
        return self._mended[place] <= _FEW

    def is_known(self, frames: Sequence[Frame]) -> bool:
        """Whether each line of the module that an exception went through was got past before: the line itself or, for a
        `raise`, the question that led to it. A `return` leads nowhere."""
        return all(self._passed(self._starts.get(frame.line, frame.line)) for frame in frames if frame.own)

    def _passed(self, line: int) -> bool:
        if line in self._raises:
            return any(len(self._next[asked]) > 1 for asked in self._previous[line])
        return line in self._ends or bool(self._next[line])

    def _read(self, node: ast.stmt) -> None:
        """Which statement its lines belong to, those of its body left out, and where an exception goes on."""
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
        for line in range(node.lineno, max(node.lineno, last) + 1):
            self._starts[line] = node.lineno
        match node:
            case ast.Return():
                self._ends.add(node.lineno)
            case ast.Raise():
                self._raises.add(node.lineno)
            case ast.With() | ast.AsyncWith():
                self._detours.add(node.lineno)
            case ast.Try(finalbody=[first, *_]):
                self._detours.add(first.lineno)
