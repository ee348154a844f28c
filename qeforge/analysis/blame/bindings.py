"""What the local names and the attributes of the receiver are bound to in one function."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from qeforge.analysis.symbols import FunctionNode

_PAIRS = frozenset({"items"})


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding: the value's expression, and the steps from it to what is bound. `attribute` instead of `name` for
    `self.attribute = …`."""

    name: str
    attribute: str
    value: ast.expr
    line: int
    steps: tuple[tuple[str, str], ...] = ()


def bindings_of(function: FunctionNode | ast.Lambda, receiver: str) -> list[Binding]:
    """The bindings in a function, nested functions left out, by line."""
    if isinstance(function, ast.Lambda):
        return []
    found: list[Binding] = []
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        found += _made_by(node, receiver)
        stack.extend(ast.iter_child_nodes(node))
    return sorted(found, key=lambda binding: binding.line)


def _made_by(node: ast.AST, receiver: str) -> Iterator[Binding]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _bound(target, value, node.lineno, (), receiver)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield from _bound(target, value, node.lineno, (), receiver)
        case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            yield from _bound(target, value, node.lineno, (), receiver)
        case ast.For(target=target, iter=source) | ast.AsyncFor(target=target, iter=source):
            yield from _looped(target, source, node.lineno, receiver)
        case ast.comprehension(target=target, iter=source):
            yield from _looped(target, source, source.lineno, receiver)
        case ast.withitem(context_expr=source, optional_vars=target) if target is not None:
            yield from _bound(target, source, source.lineno, (), receiver)


def _looped(target: ast.expr, source: ast.expr, line: int, receiver: str) -> Iterator[Binding]:
    """The target of a loop: an item, its position, a key or a value."""
    called = source.func if isinstance(source, ast.Call) else None
    if isinstance(target, ast.Tuple) and len(target.elts) == 2:
        if isinstance(called, ast.Name) and called.id == "enumerate":
            yield from _bound(target.elts[1], source, line, (("each", ""),), receiver)
            return
        if isinstance(called, ast.Attribute) and called.attr in _PAIRS:
            yield from _bound(target.elts[1], source, line, (("each", ""),), receiver)
            return
    yield from _bound(target, source, line, (("each", ""),), receiver)


def _bound(
    target: ast.expr, value: ast.expr, line: int, steps: tuple[tuple[str, str], ...], receiver: str
) -> Iterator[Binding]:
    match target:
        case ast.Name(id=name):
            yield Binding(name, "", value, line, steps)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name == receiver and receiver:
            yield Binding("", attribute, value, line, steps)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for index, part in enumerate(parts):
                if isinstance(value, ast.Tuple | ast.List) and not steps and len(value.elts) == len(parts):
                    yield from _bound(part, value.elts[index], line, (), receiver)
                else:
                    yield from _bound(part, value, line, (*steps, ("item", str(index))), receiver)
