"""Comparisons."""

import ast
from collections.abc import Iterator, Mapping

from qeforge.analysis.operators.base import Edit, Text, called_name

SYMBOLS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
"""How each operator is written."""

_REPLACEMENTS: Mapping[str, tuple[str, ...]] = {
    "==": ("!=", "<=", ">="),
    "!=": ("==", "<", ">"),
    "<": ("<=", ">=", "!="),
    "<=": ("<", ">", "=="),
    ">": (">=", "<=", "!="),
    ">=": (">", "<", "=="),
    "is": ("is not",),
    "is not": ("is",),
    "in": ("not in",),
    "not in": ("in",),
}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_AT_LEAST: Mapping[str, frozenset[str]] = {
    "==": frozenset({"<="}),
    "!=": frozenset({">"}),
    ">": frozenset({"!="}),
    "<=": frozenset({"=="}),
}
"""Operator → replacements that mean the same when the left side can never be less than the right."""


class Comparison:
    """Puts another operator into a comparison: the opposite, and those that differ at or beside the boundary.

    Left out, as they mean the same or always raise: `len(x) == 0` → `<=` and its kin, which hold for lengths and for
    texts compared with `""`; orderings of values that have none (None, True, False, collections, `type(x)`). `==` →
    `is` is left out too, since small constants are shared.
    """

    name = "comparison"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """Up to three edits per operator of a chain."""
        if not isinstance(node, ast.Compare):
            return
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            symbol = SYMBOLS[type(operator)]
            start, end = text.between(left, right, symbol)
            same = _equivalents(symbol, left, right)
            ordered = not (_unordered(left) or _unordered(right))
            for position, replacement in enumerate(_REPLACEMENTS[symbol]):
                if replacement not in same and (position == 0 or ordered):
                    yield Edit(start, end, replacement)
            left = right

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("a < b", ("a <= b", "a >= b", "a != b")),
            ("a == b", ("a != b", "a <= b", "a >= b")),
            ("len(a) == 0", ("len(a) != 0", "len(a) >= 0")),
            ("0 < len(a)", ("0 <= len(a)", "0 >= len(a)")),
            ("a == ''", ("a != ''", "a >= ''")),
            ("a == None", ("a != None",)),
            ("a is b", ("a is not b",)),
            ("(a) is  not (b)", ("(a) is (b)",)),
            ("(a not\\\n in b)", ("(a in b)",)),
            ("a in b", ("a not in b",)),
            ("0 <= ä < 5", ("0 < ä < 5", "0 > ä < 5", "0 == ä < 5", "0 <= ä <= 5", "0 <= ä >= 5", "0 <= ä != 5")),
        )


def _equivalents(symbol: str, left: ast.expr, right: ast.expr) -> frozenset[str]:
    if _is_floor(right, left):
        return _AT_LEAST.get(symbol, frozenset())
    if _is_floor(left, right) and symbol in _FLIPPED:
        return frozenset(_FLIPPED[each] for each in _AT_LEAST.get(_FLIPPED[symbol], frozenset()))
    return frozenset()


def _is_floor(constant: ast.expr, other: ast.expr) -> bool:
    """Whether nothing that `other` can be is less than the constant."""
    if not isinstance(constant, ast.Constant):
        return False
    if isinstance(constant.value, str | bytes):
        return not constant.value
    return constant.value == 0 and type(constant.value) is int and called_name(other) == "len"


def _unordered(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None or isinstance(node.value, bool)
    return isinstance(node, ast.Tuple | ast.List | ast.Dict | ast.Set) or called_name(node) == "type"
