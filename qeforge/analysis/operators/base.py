"""What a mutation operator is, and the text that it edits."""

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

_LINE_END = re.compile(r"\r\n|\r|\n")
_FILLER = re.compile(r"(?:[\s)\\]|#[^\r\n]*)*")
_GAP = r"(?:[\s\\]|#[^\r\n]*)+"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces the characters from `start` up to `end` (offsets into the module's text)."""

    start: int
    end: int
    replacement: str


class Text:
    """A module's source, addressed by syntax nodes.

    The `ast` module counts columns in UTF-8 bytes; everything here is in characters.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(source))]
        self._ascii = source.isascii()

    def offset(self, line: int, byte: int) -> int:
        """The character at a one-based line and a column in bytes."""
        start = self._starts[line - 1]
        if self._ascii:
            return start + byte
        end = self._starts[line] if line < len(self._starts) else len(self.source)
        return start + len(self.source[start:end].encode()[:byte].decode())

    def position(self, offset: int) -> tuple[int, int]:
        """One-based line and column in characters of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]

    def offset_of(self, position: tuple[int, int]) -> int:
        """The inverse of `position`."""
        return self._starts[position[0] - 1] + position[1]

    def start(self, node: ast.expr | ast.stmt | ast.excepthandler | ast.pattern | ast.keyword) -> int:
        """Where the node's own text starts; parentheses around it do not count."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.excepthandler | ast.pattern | ast.keyword) -> int:
        """Where the node's own text ends, exclusive."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.end_lineno, node.end_col_offset)

    def of(self, node: ast.expr | ast.stmt) -> str:
        """The node's own text."""
        return self.source[self.start(node) : self.end(node)]

    def between(self, left: ast.expr, right: ast.expr, symbol: str) -> tuple[int, int]:
        """Where the operator `symbol` stands between two operands, whatever parentheses, comments and line ends are
        there; the words of `not in` and `is not` may be apart.

        Raises:
            ValueError: it is not there.
        """
        filler = _FILLER.match(self.source, self.end(left))
        assert filler is not None
        pattern = _GAP.join(map(re.escape, symbol.split(" ")))
        found = re.compile(pattern).match(self.source, filler.end(), self.start(right))
        if found is None:
            raise ValueError(f"no {symbol!r} at {self.position(filler.end())}")
        return found.start(), found.end()

    def replace(self, node: ast.expr | ast.stmt, replacement: str) -> Edit:
        """The edit that puts `replacement` in the node's place."""
        return Edit(self.start(node), self.end(node), replacement)


class Operator(Protocol):
    """A family of small faults. The docstring of an implementation states the rule by which obvious equivalents are
    left out."""

    @property
    def name(self) -> str:
        """Stable short name, part of a mutant's identity."""
        ...

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """The edits at one node; children are asked for on their own."""
        ...

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Sources and all their mutants by this operator, in order. A test runs them."""
        ...


def is_number(node: ast.expr) -> bool:
    """Whether it is a number literal, a signed one included."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def is_text(node: ast.expr) -> bool:
    """Whether it is certainly a string or bytes."""
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return is_text(node.left) or is_text(node.right)
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def called_name(node: ast.AST) -> str:
    """The dotted name that a call calls, without resolving imports; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    parts: list[str] = []
    inner: ast.expr = node.func
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    parts.append(inner.id if isinstance(inner, ast.Name) else "")
    return ".".join(reversed(parts))
