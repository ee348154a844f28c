"""Arithmetic, in expressions and in augmented assignments."""

import ast
from collections.abc import Iterator, Mapping

from qeforge.analysis.operators.base import Edit, Text, is_text

SYMBOLS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.MatMult: "@",
}
"""How each operator is written."""

_REPLACEMENTS: Mapping[str, tuple[str, ...]] = {
    "+": ("-", "*"),
    "-": ("+", "*"),
    "*": ("/", "+"),
    "/": ("*", "//"),
    "//": ("/", "*"),
    "%": ("*", "-"),
    "**": ("*", "+"),
    "<<": (">>",),
    ">>": ("<<",),
    "&": ("|",),
    "|": ("&",),
    "^": ("&",),
    "@": ("*",),
}


class ArithmeticOperator:
    """Puts another operator between two operands.

    Left out: a second replacement for text (`"a" + b`), as the first already raises; `%` formatting gets one too.
    """

    name = "arithmetic"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One or two edits per binary operator."""
        if isinstance(node, ast.BinOp):
            symbol = SYMBOLS[type(node.op)]
            start, end = text.between(node.left, node.right, symbol)
            raising = is_text(node.left) or is_text(node.right)
            for replacement in _REPLACEMENTS[symbol][: 1 if raising else 2]:
                yield Edit(start, end, replacement)

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("a + b", ("a - b", "a * b")),
            ("(a)  # c\n  **\\\n b".join("()"), ("((a)  # c\n  *\\\n b)", "((a)  # c\n  +\\\n b)")),
            ('"a" + b', ('"a" - b',)),
            ('"%s" % b', ('"%s" * b',)),
            ("a // b", ("a / b", "a * b")),
            ("ä - b", ("ä + b", "ä * b")),
            ("a | b", ("a & b",)),
        )


class AugmentedAssignment:
    """Makes an augmented assignment a plain one, or works the other way."""

    name = "augmented-assignment"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """Two edits per statement, one for text."""
        if isinstance(node, ast.AugAssign):
            symbol = SYMBOLS[type(node.op)]
            start, end = text.between(node.target, node.value, f"{symbol}=")
            if not is_text(node.value):
                yield Edit(start, end, f"{_REPLACEMENTS[symbol][0]}=")
            yield Edit(start, end, "=")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("a += 1", ("a -= 1", "a = 1")),
            ("a[0] //= b", ("a[0] /= b", "a[0] = b")),
            ("a += 'b'", ("a = 'b'",)),
        )
