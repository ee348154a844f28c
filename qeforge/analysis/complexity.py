"""How many ways lead through a piece of code, and how hard it is to follow them."""

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


_NESTING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.Match)
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def cognitive(node: ast.AST) -> int:
    """How hard the control flow of a function is to follow: 0 for straight-line code.

    After Campbell, "Cognitive Complexity" (SonarSource, 2018): one for each break in the flow, and one more for each
    level that it is nested in; `elif` and `else` cost one, a run of the same boolean operator one, and recursion one.
    Functions inside count as a level, classes inside are not looked into.
    """
    name = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None
    return sum(_effort(child, 0, name) for child in ast.iter_child_nodes(node))


def _effort(node: ast.AST, level: int, name: str | None, *, chained: bool = False) -> int:
    if isinstance(node, ast.ClassDef):
        return 0
    own = 0
    inner = level
    if isinstance(node, _NESTING):
        own += 1 if chained else 1 + level
        inner = level + (not chained)
    elif isinstance(node, _INNER):
        inner = level + 1
    elif isinstance(node, ast.BoolOp) or (isinstance(node, ast.Call) and _calls(node, name)):
        own += 1
    if isinstance(node, ast.If):
        return own + _of_if(node, level, inner, name)
    if isinstance(node, ast.For | ast.AsyncFor | ast.While) and node.orelse:
        own += 1
    return own + sum(_effort(child, inner, name) for child in ast.iter_child_nodes(node))


def _of_if(node: ast.If, level: int, inner: int, name: str | None) -> int:
    total = _effort(node.test, inner, name) + sum(_effort(child, inner, name) for child in node.body)
    match node.orelse:
        case []:
            return total
        case [ast.If() as following]:  # an `elif`
            return total + _effort(following, inner, name, chained=True)
        case _:
            return total + 1 + sum(_effort(child, inner, name) for child in node.orelse)


def _calls(node: ast.Call, name: str | None) -> bool:
    return name is not None and isinstance(node.func, ast.Name) and node.func.id == name
