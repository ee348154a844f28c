"""Classes whose subclasses declare something in their bodies, which a metaclass or `__init_subclass__` collects."""

import ast
from collections.abc import Iterator

from qeforge.analysis.symbols import FunctionNode, Symbols


def declared(symbols: Symbols) -> dict[str, tuple[str, ...]]:
    """By qualname of a class, the dotted types of the attributes that creating a subclass looks for; the class must be
    one of the module's, and so must its metaclass."""
    found: dict[str, tuple[str, ...]] = {}
    for qualname, node in symbols.classes.items():
        kinds = tuple(
            dict.fromkeys(kind for maker in _makers(symbols, qualname, node) for kind in _asked(symbols, maker))
        )
        if kinds:
            found[qualname] = kinds
    return found


def _makers(symbols: Symbols, qualname: str, node: ast.ClassDef) -> Iterator[FunctionNode]:
    """What runs when a subclass is created."""
    names = [f"{qualname}.__init_subclass__"]
    for keyword in node.keywords:
        if keyword.arg == "metaclass":
            meta = symbols.dotted(keyword.value)
            names += [f"{meta}.__new__", f"{meta}.__init__"]
    for name in names:
        yield from symbols.functions.get(name, ())


def _asked(symbols: Symbols, maker: FunctionNode) -> Iterator[str]:
    """Dotted types that `isinstance` is asked about for what a loop runs over."""
    for loop in ast.walk(maker):
        if isinstance(loop, ast.For | ast.comprehension):
            items = {each.id for each in ast.walk(loop.target) if isinstance(each, ast.Name)}
            around = loop if isinstance(loop, ast.For) else maker
            for call in ast.walk(around):
                match call:
                    case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=item), wanted]) if item in items:
                        for each in wanted.elts if isinstance(wanted, ast.Tuple) else [wanted]:
                            path = symbols.dotted(each)
                            if path is not None:
                                yield f"{symbols.module}.{path}" if path in symbols.classes else path
