"""What must hold for a line to run: the innermost condition around it."""

import ast
from collections.abc import Iterable, Iterator

_LONGEST = 160
"""Characters of a condition; a longer one tells nobody anything."""


def guards_of(tree: ast.AST, lines: Iterable[int]) -> dict[str, int]:
    """The innermost conditions around lines and what they must come to, with the first line that needs each, in the
    order of the lines.

    `if`, `while`, `for`, `except` and what follows an `if` that leaves are told: ``not `x < 0` ``, ``an exception
    `KeyError` ``.

    Args:
        tree: in which the lines lie.
        lines: numbers of lines.
    """
    wanted = set(lines)
    told: dict[str, int] = {}
    for line, guard in sorted(_guarded(tree, ""), key=lambda found: found[0]):
        if line in wanted and guard and len(guard) <= _LONGEST:
            told.setdefault(guard, line)
    return told


def _guarded(node: ast.AST, guard: str) -> Iterator[tuple[int, str]]:
    """The first lines of all statements below a node, each with the guard that it has."""
    for name, value in ast.iter_fields(node):
        inner = _guard(node, name) or guard
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield from _block(value, inner)
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, ast.ExceptHandler | ast.match_case):
                    yield from _guarded(each, guard)


def _block(statements: list[ast.stmt], guard: str) -> Iterator[tuple[int, str]]:
    for statement in statements:
        yield statement.lineno, guard
        inner = "" if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else guard
        yield from _guarded(statement, inner)
        if isinstance(statement, ast.If) and not statement.orelse and _leaves(statement.body[-1]):
            guard = _failing(statement.test)


def _guard(node: ast.AST, name: str) -> str:
    match node:
        case ast.If(test=test) | ast.While(test=test):
            return f"`{ast.unparse(test)}`" if name == "body" else _failing(test)
        case ast.For(target=target, iter=every) if name == "body":
            return f"some `{ast.unparse(target)}` in `{ast.unparse(every)}`"
        case ast.ExceptHandler(type=kind):
            return f"an exception `{ast.unparse(kind)}`" if kind is not None else "an exception"
    return ""


def _failing(test: ast.expr) -> str:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return f"`{ast.unparse(test.operand)}`"
    return f"not `{ast.unparse(test)}`"


def _leaves(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Return | ast.Raise | ast.Continue | ast.Break)
