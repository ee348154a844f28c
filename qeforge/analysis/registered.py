"""Nested functions that are handed over rather than returned: into a table, or to a parameter that calls them."""

import ast
from collections.abc import Iterator

from qeforge.analysis.symbols import FunctionNode, Symbols
from qeforge.domain.target import Target

_ADDING = frozenset({"append", "add", "insert", "push"})


def registered(symbols: Symbols, target: Target) -> list[tuple[str, str]]:
    """`(name of the nested function, expression that finds it)` for those that the target puts into a container of the
    module; the expression starts with the receiver's name for one of the receiver's."""
    node = symbols.function(target)
    return list(dict.fromkeys(_registered(symbols, node))) if node is not None else []


def handed_to(symbols: Symbols, target: Target) -> frozenset[str]:
    """Parameters of the target that it calls with one of its nested functions."""
    node = symbols.function(target)
    if node is None or isinstance(node, ast.Lambda):
        return frozenset()
    nested = {inner.name for inner in _nested(node)}
    names = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    decorated = {
        decorator.id for inner in _nested(node) for decorator in inner.decorator_list if isinstance(decorator, ast.Name)
    }
    called = {
        inner.func.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Call)
        and isinstance(inner.func, ast.Name)
        and any(isinstance(a, ast.Name) and a.id in nested for a in inner.args)
    }
    return frozenset((decorated | called) & names)


def _registered(symbols: Symbols, node: FunctionNode) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Lambda):
        return
    nested = {inner.name: inner for inner in _nested(node)}
    for name, inner in nested.items():
        for decorator in inner.decorator_list:
            if isinstance(decorator, ast.Attribute) and decorator.attr in _ADDING and _lasts(symbols, decorator.value):
                yield name, f"{ast.unparse(decorator.value)}[-1]"
    for inner_node in ast.walk(node):
        match inner_node:
            case ast.Call(func=ast.Attribute(value=table, attr=method), args=[*_, ast.Name(id=name)]):
                if name in nested and method in _ADDING and _lasts(symbols, table):
                    yield name, f"{ast.unparse(table)}[-1]"
            case ast.Assign(targets=[ast.Subscript(value=table, slice=ast.Constant() as key)], value=ast.Name(id=name)):
                if name in nested and _lasts(symbols, table):
                    yield name, f"{ast.unparse(table)}[{ast.unparse(key)}]"


def _lasts(symbols: Symbols, table: ast.expr) -> bool:
    """Whether a container outlives the call: a global, or an attribute of the receiver."""
    if isinstance(table, ast.Attribute) and isinstance(table.value, ast.Name):
        return table.value.id == "self"
    return isinstance(table, ast.Name) and table.id in symbols.constants


def _nested(node: FunctionNode) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    inside = [inner for inner in ast.walk(node) if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [inner for inner in inside if inner is not node]
