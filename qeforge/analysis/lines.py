"""Statements and possible arcs of a source, as coverage.py sees them."""

import ast
import warnings
from collections import Counter
from dataclasses import dataclass, field

from coverage.config import DEFAULT_EXCLUDE, DEFAULT_PARTIAL, DEFAULT_PARTIAL_ALWAYS
from coverage.exceptions import CoverageException
from coverage.parser import PythonParser

from qeforge.analysis.syntax import is_docstring, parse
from qeforge.domain.observation import Arc

_EXCLUDED = "|".join(f"(?:{pattern})" for pattern in DEFAULT_EXCLUDE)
_PARTIAL = "|".join(f"(?:{pattern})" for pattern in (*DEFAULT_PARTIAL, *DEFAULT_PARTIAL_ALWAYS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What can run in a source.

    Args:
        statements: first lines of statements, excluded ones left out.
        excluded: lines marked not to be counted.
        arcs: all possible moves between statements; a negative end leaves a code object.
        branches: those that are one of several exits of their line, and that a test can be asked to take.
        granted: number of branches that are counted and always count as taken (`pragma: no branch`, `while True`).
        single: the only exit of lines that have just one.
        parser: coverage.py's, for its translation of raw arcs; None when it could not read the source.
    """

    statements: frozenset[int] = frozenset()
    excluded: frozenset[int] = frozenset()
    arcs: frozenset[Arc] = frozenset()
    branches: frozenset[Arc] = frozenset()
    granted: int = 0
    single: dict[int, int] = field(default_factory=dict)
    parser: PythonParser | None = None

    def first(self, line: int) -> int:
        """The first line of the statement that a line belongs to."""
        return self.parser.first_line(line) if self.parser is not None else line

    def translate(self, arc: Arc) -> tuple[frozenset[int], frozenset[Arc]]:
        """The statement lines and the branches that a raw arc stands for, as coverage.py's report would have it."""
        lines = frozenset(self.first(line) for line in arc if line > 0)
        moves = {arc} if self.parser is None else self.parser.translate_arcs([arc])
        # Within one statement the tracer sees nothing of the exit that it can only take.
        moves = {(a, self.single[a]) if a == b and a in self.single else (a, b) for a, b in moves}
        if self.parser is not None:
            moves = self.parser.translate_arcs(moves)
        return lines & self.statements, self.branches & moves


def layout_of(source: str) -> Layout:
    """The layout of a source: by coverage.py's parser, or where that fails just its statement lines. Never raises."""
    if not source.strip():
        return Layout()
    # coverage.py itself reads every source as if it ended in a newline.
    text = source if source.endswith("\n") else source + "\n"
    parser = PythonParser(text=text, exclude=_EXCLUDED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parser.parse_source()
            arcs = frozenset(parser.arcs())
    except (CoverageException, SyntaxError, ValueError, RecursionError, MemoryError, AssertionError):
        return _plain_layout(source)
    excluded = frozenset(parser.excluded)
    partial = parser.lines_matching(_PARTIAL)
    counted = [(a, b) for a, b in arcs if a not in excluded and b not in excluded]
    exits = Counter(a for a, _ in counted)
    branches = frozenset((a, b) for a, b in counted if exits[a] > 1)
    ends: dict[int, set[int]] = {}
    for a, b in arcs:
        ends.setdefault(a, set()).add(b)
    return Layout(
        statements=frozenset(parser.statements),
        excluded=excluded,
        arcs=arcs,
        branches=frozenset(arc for arc in branches if arc[0] not in partial),
        granted=sum(arc[0] in partial for arc in branches),
        single={a: next(iter(found)) for a, found in ends.items() if len(found) == 1},
        parser=parser,
    )


def _plain_layout(source: str) -> Layout:
    try:
        tree = parse(source)
    except SyntaxError:
        return Layout()
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not is_docstring(node))
    return Layout(statements=frozenset(node.lineno for node in nodes))
