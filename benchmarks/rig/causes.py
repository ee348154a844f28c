"""Why lines were missed, told from the syntax around them.

Each missing statement gets one cause: its function was never entered; a statement before it in the same block raised
(it ran, and what follows did not); the branch that it begins was not taken; it is in an exception handler; or it
belongs to a `try`, a loop, or comes after a guard that always left.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """What kept a line from running."""

    NEVER_ENTERED = "function never entered"
    RAISED = "an earlier statement raised"
    BRANCH = "branch not taken"
    HANDLER = "except handler"
    GUARD = "try, loop or guard"


@dataclass(frozen=True, slots=True)
class _Place:
    """A statement, with the block that it stands in and what has that block."""

    statement: ast.stmt
    block: tuple[ast.stmt, ...]
    owner: ast.AST


def classified(source: str, missing: Iterable[int], executed: Set[int]) -> Counter[str]:
    """How many of the missing lines have which cause; lines of no known statement count as branches not taken.

    Args:
        source: of the module.
        missing: lines that coverage counts as missed.
        executed: lines that it counts as run.
    """
    tree = ast.parse(source)
    places = {id(place.statement): place for place in _places(tree)}
    parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    innermost: dict[int, ast.stmt] = {}
    for node in ast.walk(tree):  # breadth first: deeper statements come later and win
        if isinstance(node, ast.stmt):
            for line in range(_first_line(node), (node.end_lineno or node.lineno) + 1):
                innermost[line] = node
    return Counter(
        _cause(innermost[line], executed, places, parents).value if line in innermost else Cause.BRANCH.value
        for line in missing
    )


def _cause(statement: ast.stmt, executed: Set[int], places: dict[int, _Place], parents: dict[int, ast.AST]) -> Cause:
    function = _function_of(statement, parents)
    if function is not None and not _ran_inside(function, executed):
        return Cause.NEVER_ENTERED
    if _ran(statement, executed):  # the line is a clause of it
        return Cause.HANDLER if isinstance(statement, ast.Try | ast.TryStar) else Cause.BRANCH
    while True:
        place = places[id(statement)]
        before = place.block[: place.block.index(statement)]
        ran = [one for one in before if _ran(one, executed)]
        if ran:
            return Cause.GUARD if _leaves(ran[-1], executed) else Cause.RAISED
        if isinstance(place.owner, ast.ExceptHandler):
            return Cause.HANDLER
        if not isinstance(place.owner, ast.stmt | ast.match_case):
            return Cause.BRANCH  # the module's first line
        owner = _statement_of(place.owner, parents)
        if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return Cause.RAISED  # entered, and lost before its first statement
        if _ran_header(owner, executed):
            if isinstance(owner, ast.If | ast.Match):
                return Cause.BRANCH
            return Cause.RAISED if isinstance(owner, ast.With | ast.AsyncWith) else Cause.GUARD
        statement = owner


def _places(tree: ast.AST) -> Iterator[_Place]:
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                block = tuple(value)
                for statement in block:
                    yield _Place(statement, block, node)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _statement_of(node: ast.AST, parents: dict[int, ast.AST]) -> ast.stmt:
    while not isinstance(node, ast.stmt):
        node = parents[id(node)]
    return node


def _function_of(node: ast.AST, parents: dict[int, ast.AST]) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    while id(node) in parents:
        node = parents[id(node)]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return node
    return None


def _own(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements inside, without those of functions and classes that are defined there."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _own(child)


def _ran_inside(function: ast.FunctionDef | ast.AsyncFunctionDef, executed: Set[int]) -> bool:
    return any(_ran_header(one, executed) for body in function.body for one in (body, *_own(body)))


def _ran(statement: ast.stmt, executed: Set[int]) -> bool:
    return _ran_header(statement, executed) or any(_ran_header(one, executed) for one in _own(statement))


def _ran_header(statement: ast.stmt, executed: Set[int]) -> bool:
    """Whether the statement itself ran: for a compound one, its first line and not its body."""
    body = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if isinstance(statement, ast.Try | ast.TryStar) and statement.body:
        return _first_line(statement) in executed or _ran(statement.body[0], executed)
    last = statement.end_lineno or statement.lineno
    if isinstance(body, list):
        first = body[0].pattern.lineno if isinstance(body[0], ast.match_case) else _first_line(body[0])
        last = max(statement.lineno, first - 1)
    return any(line in executed for line in range(_first_line(statement), last + 1))


def _leaves(statement: ast.stmt, executed: Set[int]) -> bool:
    """Whether a statement that ran has, inside, ended the block's run in an orderly way."""
    inner = [statement, *_own(statement)]
    jumps = (ast.Return, ast.Continue, ast.Break)
    return any(isinstance(one, jumps) and _ran_header(one, executed) for one in inner) or isinstance(
        statement, ast.While | ast.For | ast.AsyncFor
    )
