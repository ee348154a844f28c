"""Conditions: `and`, `or`, `not`, truth values, conditional expressions."""

import ast
from collections.abc import Iterator

from qeforge.analysis.operators.base import Edit, Text


class BooleanOperator:
    """Exchanges `and` and `or`."""

    name = "boolean"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per operator of a chain."""
        if isinstance(node, ast.BoolOp):
            symbol, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            for left, right in zip(node.values, node.values[1:], strict=False):
                start, end = text.between(left, right, symbol)
                yield Edit(start, end, other)

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("a and b", ("a or b",)),
            ("a or (b) or c", ("a and (b) or c", "a or (b) and c")),
            ("(ä\n # or\n or b)", ("(ä\n # or\n and b)",)),
        )


class NegatedCondition:
    """Puts `not` before the condition of `if`, `while`, `assert` and comprehensions.

    Left out: single comparisons and `not …`, whose opposites the comparison and unary operators make; constants
    (`while True`).
    """

    name = "negated-condition"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per condition."""
        tests: list[ast.expr] = []
        if isinstance(node, ast.If | ast.While | ast.Assert):
            tests = [node.test]
        elif isinstance(node, ast.comprehension):
            tests = node.ifs
        for test in tests:
            if isinstance(test, ast.Constant) or (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)):
                continue
            if isinstance(test, ast.Compare) and len(test.ops) == 1:
                continue
            yield text.replace(test, f"not ({text.of(test)})")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("if a: pass", ("if not (a): pass",)),
            ("while (a and b): pass", ("while (not (a and b)): pass",)),
            ("assert f(a), 'b'", ("assert not (f(a)), 'b'",)),
            ("[a for a in b if a]", ("[a for a in b if not (a)]",)),
            (
                "if a: pass\nelif (b := c): pass",
                ("if not (a): pass\nelif (b := c): pass", "if a: pass\nelif (not (b := c)): pass"),
            ),
            ("if a < b: pass", ()),
            ("while True: pass", ()),
        )


class Unary:
    """Drops `not`, `-` and `~`."""

    name = "unary"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per operator."""
        if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.UAdd):
            start = text.start(node)
            symbol = "not" if isinstance(node.op, ast.Not) else text.source[start]
            end = start + len(symbol)
            spaces = len(text.source[end:]) - len(text.source[end:].lstrip(" ")) if symbol == "not" else 0
            yield Edit(start, end + spaces, "")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("not a", ("a",)),
            ("b = not(a)", ("b = (a)",)),
            ("-a", ("a",)),
            ("a - -1", ("a - 1",)),
            ("~a", ("a",)),
        )


class TruthValue:
    """Exchanges True and False."""

    name = "truth-value"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per constant."""
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield text.replace(node, str(not node.value))

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (("a = True", ("a = False",)), ("def f(a=False): pass", ("def f(a=True): pass",)))


class ConditionalArm:
    """Takes one arm of a conditional expression always."""

    name = "conditional-arm"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """Two edits per expression."""
        if isinstance(node, ast.IfExp):
            for arm in (node.body, node.orelse):
                yield text.replace(node, f"({text.of(arm)})")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (("a = b if c else (d)", ("a = (b)", "a = (d)")),)
