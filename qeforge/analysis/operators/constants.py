"""Constants."""

import ast
from collections.abc import Iterator

from qeforge.analysis.operators.base import Edit, Text

_MARK = "XX"


class Number:
    """Makes a number one larger and one smaller.

    Left out: floats so large or small that one more is the same, and complex numbers.
    """

    name = "number"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """Two edits per constant."""
        if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
            return
        assert isinstance(node.value, int | float)
        for other in (node.value + 1, node.value - 1):
            if other != node.value and abs(other) < 10**400:
                yield text.replace(
                    node, repr(other) if other >= 0 else f"({other!r})" if _tight(node, text) else repr(other)
                )

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("a = 1", ("a = 2", "a = 0")),
            ("a = 0", ("a = 1", "a = -1")),
            ("a = 0x0F", ("a = 16", "a = 14")),
            ("a = -1", ("a = -2", "a = -0")),
            ("a = 1.5", ("a = 2.5", "a = 0.5")),
            ("a = 0 .real", ("a = 1 .real", "a = (-1) .real")),
            ("a = 0**b", ("a = 1**b", "a = (-1)**b")),
            ("a = 1e300", ()),
        )


def _tight(node: ast.Constant, text: Text) -> bool:
    """Whether what follows binds more tightly than a minus sign."""
    rest = text.source[text.end(node) :].lstrip()
    return rest.startswith(("**", "."))


class String:
    """Changes a text: marks are put around it, or into an empty one.

    Left out: docstrings, and texts inside f-strings.
    """

    name = "string"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per constant."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield text.replace(node, repr(f"{_MARK}{node.value}{_MARK}" if node.value else _MARK))
        elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            mark = _MARK.encode()
            yield text.replace(node, repr(mark + node.value + mark if node.value else mark))

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("a = 'b'", ("a = 'XXbXX'",)),
            ("a = ''", ("a = 'XX'",)),
            ("a = b'c'", ("a = b'XXcXX'",)),
            ('f("ä"\n  "ö")', ("f('XXäöXX')",)),
            ('a = f"b{c}"', ()),
            ('def f():\n    "doc"', ()),
        )


class Default:
    """Takes None for a default argument that is no constant; constants have operators of their own."""

    name = "default"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per default."""
        if isinstance(node, ast.arguments):
            for default in (*node.defaults, *node.kw_defaults):
                if default is not None and not isinstance(default, ast.Constant | ast.UnaryOp):
                    yield text.replace(default, "None")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("def f(a=b, *, c=()): pass", ("def f(a=None, *, c=()): pass", "def f(a=b, *, c=None): pass")),
            ("lambda a=(b): a", ("lambda a=(None): a",)),
            ("def f(a=1): pass", ()),
        )
