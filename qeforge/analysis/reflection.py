"""Methods that go over the attributes of their object by name, and the types of value that they look for there."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from qeforge.analysis.symbols import Symbols
from qeforge.domain.target import Target

_BUILTINS = frozenset({"str", "int", "float", "list", "dict", "set", "tuple", "bytes", "bool"})
_MOST = 4


def attribute_kinds(symbols: Symbols, target: Target) -> tuple[str, ...]:
    """What a method that goes over the attributes of its object (`dir(self)`, `vars(self)`, `self.__dict__`) may find.

    Returns:
        types that the class checks values for, dotted for classes, builtins by their names, `callable` for what is
        asked with `callable`; empty for a method that does not go over attributes, or checks for none.
    """
    node = symbols.function(target)
    owner = target.owner or ""
    if node is None or isinstance(node, ast.Lambda) or owner not in symbols.classes or not _goes_over(node):
        return ()
    near, far = list(_kinds(symbols, node)), list(_checked(symbols, owner))
    return tuple(dict.fromkeys((*near, *far)))[:_MOST]


def _goes_over(node: ast.AST) -> bool:
    """Whether it lists the attributes of `self`."""
    for inner in ast.walk(node):
        match inner:
            case ast.Call(func=ast.Name(id="dir" | "vars"), args=[ast.Name(id="self")]):
                return True
            case ast.Call(func=ast.Attribute(attr="getmembers"), args=[ast.Name(id="self"), *_]):
                return True
            case ast.Attribute(value=ast.Name(id="self"), attr="__dict__"):
                return True
    return False


@lru_cache(maxsize=64)
def _checked(symbols: Symbols, owner: str) -> tuple[str, ...]:
    """Types that `__setattr__` of a class tells apart."""
    nodes = symbols.functions.get(f"{owner}.__setattr__", ())
    return tuple(kind for node in nodes for kind in _kinds(symbols, node))


def _kinds(symbols: Symbols, node: ast.AST) -> Iterator[str]:
    """Types in the checks of a function, in the order in which they are checked."""
    calls = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name)]
    for call in sorted(calls, key=lambda inner: (inner.lineno, inner.col_offset)):
        match call:
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, wanted]):
                for each in wanted.elts if isinstance(wanted, ast.Tuple) else [wanted]:
                    yield from _named(symbols, each)
            case ast.Call(func=ast.Name(id="callable"), args=[_]):
                yield "callable"


def _named(symbols: Symbols, wanted: ast.expr) -> Iterator[str]:
    dotted = symbols.dotted(wanted)
    if dotted is None:
        return
    if dotted in symbols.classes:
        yield f"{symbols.module}.{dotted}"
    elif dotted in _BUILTINS or "." in dotted:
        yield dotted
