"""Functions with several faces: what `functools.singledispatch` sends on by type, and what overloads state."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from qeforge.analysis.evidence.model import Strength, Trace
from qeforge.analysis.evidence.surroundings import Surroundings
from qeforge.analysis.symbols import FunctionNode, Symbols
from qeforge.domain.facts import ANY

_DISPATCHERS = frozenset({"functools.singledispatch", "functools.singledispatchmethod"})
_OVERLOADS = frozenset({"typing.overload", "typing_extensions.overload"})
_INSIDE = frozenset({"each", "value", "key", "item"})
"""Places that hold for a container of any type; attributes belong to one implementation's type alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Implementation:
    """What a generic function does for one type.

    Args:
        generic: qualname of the function.
        type: as written; None where the annotation of the first parameter says it.
        node: its definition, None where it is made elsewhere.
    """

    generic: str
    type: ast.expr | None
    node: FunctionNode | None


def implementations(symbols: Symbols) -> tuple[Implementation, ...]:
    """Every registration with a generic function of the module: `@f.register`, `@f.register(T)`, `f.register(T, g)`."""
    generic = frozenset(
        qualname
        for qualname, nodes in symbols.functions.items()
        if any(symbols.dotted(each) in _DISPATCHERS for node in nodes for each in node.decorator_list)
    )
    return tuple(_registrations(symbols, generic)) if generic else ()


def _registrations(symbols: Symbols, generic: frozenset[str]) -> Iterator[Implementation]:
    decorators: set[int] = set()
    for qualname, nodes in symbols.functions.items():
        for node in nodes:
            for decorator in node.decorator_list:
                decorators.add(id(decorator))
                call = isinstance(decorator, ast.Call)
                name = _registering(decorator.func if isinstance(decorator, ast.Call) else decorator, qualname, generic)
                if name:
                    stated = decorator.args[0] if isinstance(decorator, ast.Call) and decorator.args else None
                    if stated is not None or not call:
                        yield Implementation(generic=name, type=stated, node=node)
    for call_node in symbols.nodes:
        if isinstance(call_node, ast.Call) and call_node.args and id(call_node) not in decorators:
            name = _registering(call_node.func, "", generic)
            if name:
                given = call_node.args[1] if len(call_node.args) > 1 else None
                known = symbols.functions.get(given.id, ()) if isinstance(given, ast.Name) else ()
                yield Implementation(generic=name, type=call_node.args[0], node=known[-1] if known else None)


def _registering(node: ast.expr, near: str, generic: frozenset[str]) -> str:
    """Qualname of the generic function whose `register` an expression is, seen from the definition of that qualname;
    empty for anything else."""
    if not isinstance(node, ast.Attribute) or node.attr != "register" or not isinstance(node.value, ast.Name):
        return ""
    owner = near.rpartition(".")[0]
    for name in (f"{owner}.{node.value.id}" if owner else "", node.value.id):
        if name in generic:
            return name
    return ""


def note_types(around: Surroundings, found: tuple[Implementation, ...]) -> None:
    """Notes what a generic function has implementations for, and what overloads state, as types of the parameters."""
    for each in found:
        for trace in _dispatched(around, each.generic):
            kinds = around.annotations.classes(each.type, each.generic.rpartition(".")[0])
            if each.type is None and each.node is not None:
                own = _first(around, each.node, method=_is_method(around, each.generic))
                kinds = tuple(own.votes) if own is not None else ()
            trace.vote(Strength.CHECKED, *(kind for kind in kinds if kind != ANY))
    for nodes in around.symbols.functions.values():
        implementation = around.parameters[nodes[-1]]
        for node in nodes[:-1]:
            if any(around.symbols.dotted(each) in _OVERLOADS for each in node.decorator_list):
                for name, trace in around.parameters[node].items():
                    if name in implementation:
                        implementation[name].absorb(trace)


def note_contents(around: Surroundings, found: tuple[Implementation, ...]) -> None:
    """Carries what implementations want, and what they do with the items of their argument, to the generic function."""
    for each in found:
        own = _first(around, each.node, method=_is_method(around, each.generic)) if each.node is not None else None
        if own is None:
            continue
        for trace in _dispatched(around, each.generic):
            for kind, strength in own.votes.items():
                trace.vote(max(strength, Strength.CHECKED) + 1, kind)
            for place, inner in list(own.children()):
                if place[0] in _INSIDE and own is not trace:
                    trace.at(place).absorb(inner.copy())


def _dispatched(around: Surroundings, generic: str) -> Iterator[Trace]:
    node = around.symbols.functions[generic][-1]
    trace = _first(around, node, method=_is_method(around, generic))
    if trace is not None:
        yield trace


def _is_method(around: Surroundings, generic: str) -> bool:
    return generic.rpartition(".")[0] in around.symbols.classes


def _first(around: Surroundings, node: FunctionNode, *, method: bool) -> Trace | None:
    """The notebook of the parameter that decides."""
    static = any(around.symbols.dotted(each) == "staticmethod" for each in node.decorator_list)
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)][method and not static :]
    return around.parameters[node].get(names[0]) if names else None
