"""Conditions of methods that ask whether an argument is among what their object keeps."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from qeforge.analysis.symbols import FunctionNode, Symbols
from qeforge.domain.target import Target

_CONTAINERS = {
    "set": "set",
    "list": "list",
    "dict": "dict",
    "deque": "list",
    "defaultdict": "dict",
    "OrderedDict": "dict",
}
_MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """`parameter.path in self.attribute`.

    Attributes:
        parameter: name of the method's parameter.
        path: attributes of it that are asked for, dotted; empty for the argument itself.
        attribute: public attribute of the object that starts out as an empty container.
        container: `set`, `list` or `dict`.
    """

    parameter: str
    path: str
    attribute: str
    container: str


def memberships(symbols: Symbols, target: Target) -> tuple[Membership, ...]:
    """What a method asks of the containers that its class's `__init__` leaves empty, in source order."""
    node = symbols.function(target)
    made = symbols.functions.get(f"{target.owner or ''}.__init__", ())
    if node is None or isinstance(node, ast.Lambda) or not made:
        return ()
    empty = dict(_empty_containers(made[-1]))
    names = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)} - {"self"}
    return tuple(dict.fromkeys(_asked(node, empty, names)))[:_MOST]


def _empty_containers(node: FunctionNode) -> Iterator[tuple[str, str]]:
    for inner in ast.walk(node):
        match inner:
            case (
                ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value)
                | ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=name), value=value)
            ) if value is not None and not name.startswith("_"):
                container = _container(value)
                if container:
                    yield name, container


def _container(value: ast.expr) -> str:
    match value:
        case ast.List(elts=[]):
            return "list"
        case ast.Dict(keys=[]):
            return "dict"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[]):
            return _CONTAINERS.get(name, "")
        case ast.Call(func=ast.Name(id="defaultdict") | ast.Attribute(attr="defaultdict")):
            return "dict"
    return ""


def _asked(node: FunctionNode, empty: dict[str, str], names: set[str]) -> Iterator[Membership]:
    for inner in ast.walk(node):
        match inner:
            case ast.Compare(
                left=left,
                ops=[ast.In() | ast.NotIn()],
                comparators=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)],
            ) if attribute in empty:
                parameter, _, path = ast.unparse(left).partition(".")
                if parameter in names and all(part.isidentifier() for part in path.split(".") if path):
                    yield Membership(parameter=parameter, path=path, attribute=attribute, container=empty[attribute])
