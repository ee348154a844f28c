"""What must hold for a line to run: the innermost conditions around it."""

import ast
from collections.abc import Iterable, Iterator

_LONGEST = 160
"""Characters of a condition; a longer one tells nobody anything."""
_DEEPEST = 3
"""Conditions that are told of a line: the innermost one says nothing of an object without those around it."""

_Guards = tuple[tuple[str, bool], ...]
"""Conditions, the innermost last, and whether each stands around the line, not before it."""


def guards_of(tree: ast.AST, lines: Iterable[int]) -> dict[str, int]:
    """The innermost conditions around lines and what they must come to, with the first line that needs each, in the
    order of the lines. With the innermost one go those that stand around it and must hold, not those that must not.

    `if`, `while`, `for`, `except` and what follows an `if` that leaves are told: ``not `x < 0` ``, ``an exception
    `KeyError` ``, `` `isinstance(x, str)` and `not x` ``.

    Args:
        tree: in which the lines lie.
        lines: numbers of lines.
    """
    wanted = set(lines)
    told: dict[str, int] = {}
    for line, guards in sorted(_guarded(tree, ()), key=lambda found: found[0]):
        if line in wanted and (guard := _told(guards)):
            told.setdefault(guard, line)
    return told


def _told(guards: _Guards) -> str:
    """As many of the innermost conditions as can be read; nothing where there is none."""
    around = [guard for guard, stands in guards[:-1] if stands and not guard.startswith("not ")]
    chain = [*around, *(guard for guard, _ in guards[-1:])][-_DEEPEST:]
    while chain and len(" and ".join(chain)) > _LONGEST:
        chain.pop(0)
    return " and ".join(chain)


def _guarded(node: ast.AST, guards: _Guards) -> Iterator[tuple[int, _Guards]]:
    """The first lines of all statements below a node, each with the guards that it has, the innermost last."""
    for name, value in ast.iter_fields(node):
        guard = _guard(node, name)
        inner = (*guards, (guard, True)) if guard else guards
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield from _block(value, inner)
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, ast.ExceptHandler | ast.match_case):
                    yield from _guarded(each, guards)


def _block(statements: list[ast.stmt], guards: _Guards) -> Iterator[tuple[int, _Guards]]:
    for statement in statements:
        yield statement.lineno, guards
        inner = () if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else guards
        yield from _guarded(statement, inner)
        if isinstance(statement, ast.If) and not statement.orelse and _leaves(statement.body[-1]):
            guards = (*guards, (_failing(statement.test), False))


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
