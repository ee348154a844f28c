"""Which expressions of a line an exception can be about."""

import ast
from collections.abc import Iterator
from enum import StrEnum

from qeforge.analysis.symbols import FunctionNode


class Use(StrEnum):
    """What was done to the value when it failed."""

    ATTRIBUTE = "attribute"  # an attribute was asked for
    CALL = "call"
    ITERATE = "iterate"  # or unpacked
    INDEX = "index"  # or looked up in
    OPERAND = "operand"  # of an operator or a comparison
    ARGUMENT = "argument"  # passed to code outside of the module
    ENTER = "enter"  # in a `with` statement
    GUARD = "guard"  # a condition in front of a `raise`
    ANY = "any"


_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def statement_at(function: FunctionNode | ast.Lambda, line: int) -> ast.stmt | ast.expr | None:
    """The innermost statement of a function that a line belongs to; of a lambda its body."""
    if isinstance(function, ast.Lambda):
        return function.body
    found: ast.stmt | None = None
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt):
            if node.lineno <= line <= (node.end_lineno or node.lineno):
                found = node
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    stack = [child for child in ast.iter_child_nodes(node) if _holds_statements(child)]
        elif _holds_statements(node):
            stack.extend(ast.iter_child_nodes(node))
    return found


def _holds_statements(node: ast.AST) -> bool:
    return isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case)


def expressions_of(statement: ast.AST, line: int) -> list[ast.expr]:
    """The expressions that a statement itself evaluates on a line, those of its blocks left out, inner before
    outer."""
    found: list[ast.expr] = []
    for child in ast.iter_child_nodes(statement):
        if _holds_statements(child):
            continue
        found += [node for node in ast.walk(child) if isinstance(node, ast.expr)]
    if isinstance(statement, ast.expr):
        found += [node for node in ast.walk(statement) if isinstance(node, ast.expr)]
    near = [node for node in found if node.lineno <= line <= (node.end_lineno or node.lineno)]
    return near or found


def suspects(function: FunctionNode | ast.Lambda, line: int, use: Use, name: str = "") -> list[ast.expr]:
    """The expressions on a line that were used in this way, the likeliest first.

    Args:
        name: the attribute that was asked for, for `Use.ATTRIBUTE`.
    """
    statement = statement_at(function, line)
    if statement is None:
        return []
    if isinstance(statement, ast.Raise):
        return list(_guards(function, statement)) if use in (Use.GUARD, Use.ANY, Use.ARGUMENT) else []
    nodes = expressions_of(statement, line)
    match use:
        case Use.ATTRIBUTE:
            return [node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr == name]
        case Use.CALL:
            return [node.func for node in nodes if isinstance(node, ast.Call)]
        case Use.ITERATE:
            return [*_iterated(statement), *_looped(nodes), *_arguments(nodes)]
        case Use.INDEX:
            return [node.value for node in nodes if isinstance(node, ast.Subscript)]
        case Use.OPERAND:
            return _operands(nodes) or _arguments(nodes)
        case Use.ENTER:
            entered = statement.items if isinstance(statement, ast.With | ast.AsyncWith) else ()
            return [item.context_expr for item in entered]
        case Use.ARGUMENT:
            return [*_arguments(nodes), *_operands(nodes), *_receivers(nodes)]
        case Use.GUARD:
            return []
    return [node for node in nodes if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)]


def _iterated(statement: ast.AST) -> list[ast.expr]:
    match statement:
        case ast.For(iter=source) | ast.AsyncFor(iter=source):
            return [source]
        case ast.Assign(targets=[ast.Tuple() | ast.List(), *_], value=source):
            return [source]
        case ast.Expr(value=ast.YieldFrom(value=source)):
            return [source]
    return []


def _looped(nodes: list[ast.expr]) -> list[ast.expr]:
    found: list[ast.expr] = []
    for node in nodes:
        if isinstance(node, _COMPREHENSIONS):
            found += [generator.iter for generator in node.generators]
        elif isinstance(node, ast.Starred):
            found.append(node.value)
        elif isinstance(node, ast.Compare):
            pairs = zip(node.ops, node.comparators, strict=True)
            found += [right for operator, right in pairs if isinstance(operator, ast.In | ast.NotIn)]
    return found


def _arguments(nodes: list[ast.expr]) -> list[ast.expr]:
    found: list[ast.expr] = []
    for node in nodes:
        if isinstance(node, ast.Call):
            found += [argument.value if isinstance(argument, ast.Starred) else argument for argument in node.args]
            found += [keyword.value for keyword in node.keywords]
    return found


def _receivers(nodes: list[ast.expr]) -> list[ast.expr]:
    return [node.func.value for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]


def _operands(nodes: list[ast.expr]) -> list[ast.expr]:
    found: list[ast.expr] = []
    for node in nodes:
        match node:
            case ast.BinOp(left=left, right=right):
                found += [left, right]
            case ast.Compare(left=left, comparators=others):
                found += [left, *others]
            case ast.UnaryOp(operand=operand):
                found.append(operand)
            case ast.Subscript(slice=index):
                found.append(index)
    return found


def _guards(function: FunctionNode | ast.Lambda, statement: ast.Raise) -> Iterator[ast.expr]:
    """What the conditions around a `raise` look at, the nearest first; in a handler, what was tried."""
    chain = _chain(function, statement)
    for index in range(len(chain) - 2, -1, -1):
        node, below = chain[index], chain[index + 1]
        if isinstance(node, ast.If | ast.While):
            yield from _looked_at(node.test)
            return
        if isinstance(node, ast.Try) and isinstance(below, ast.ExceptHandler):
            for tried in node.body:
                yield from _looked_at(tried)
            return
        if isinstance(node, ast.For | ast.AsyncFor):
            yield from _looked_at(node.iter)
        held = getattr(node, "body", [])
        before = held[: held.index(below)] if isinstance(held, list) and below in held else []
        for earlier in reversed(before):
            if isinstance(earlier, ast.If | ast.For | ast.While):
                yield from _looked_at(earlier.test if not isinstance(earlier, ast.For) else earlier.iter)


def _looked_at(node: ast.AST) -> Iterator[ast.expr]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            yield from (argument for argument in inner.args if not isinstance(argument, ast.Constant))
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name | ast.Attribute | ast.Subscript) and isinstance(inner.ctx, ast.Load):
            yield inner


def _chain(root: ast.AST, wanted: ast.AST) -> list[ast.AST]:
    """The nodes from `root` down to one in it, both included; empty when it is not there."""
    trail: list[list[ast.AST]] = [[root]]
    while trail:
        chain = trail.pop()
        if chain[-1] is wanted:
            return chain
        trail.extend([*chain, child] for child in ast.iter_child_nodes(chain[-1]))
    return []
