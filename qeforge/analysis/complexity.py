"""How many independent ways lead through a piece of code."""

import ast

from qeforge.analysis.syntax import own_nodes

_DECISIONS = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.IfExp,
    ast.Assert,
    ast.comprehension,
)


def cyclomatic(node: ast.AST) -> int:
    """McCabe's number: 1 for straight-line code, one more per decision.

    Decisions are conditions, loops, exception handlers, assertions, comprehensions and their filters, the further
    operands of `and` and `or`, and the cases of a `match` but for a plain `_`. Functions and classes nested in `node`
    have a number of their own and are not counted.
    """
    return 1 + sum(_decisions(child) for child in own_nodes(node))


def _decisions(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.match_case):
        return int(not _is_wildcard(node.pattern)) + int(node.guard is not None)
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return int(isinstance(node, _DECISIONS))


def _is_wildcard(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None
