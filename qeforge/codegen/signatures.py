"""From a call in a test to the parameters it fills, as names for columns and for test names."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from qeforge.domain.target import Kind, Parameter, ParameterKind, Target

_POSITIONAL = (ParameterKind.POSITIONAL, ParameterKind.POSITIONAL_ONLY)


class Signatures:
    """Parameters by callable name, for the targets of a module."""

    def __init__(self, targets: Mapping[str, Target]) -> None:
        self._by_name: dict[str, tuple[Parameter, ...]] = {}
        for target in targets.values():
            self._by_name.setdefault(called_name(target), target.parameters)

    def of(self, target: Target | None) -> "Signatures":
        """The same, with one target's own parameters first, for methods that share a name."""
        if target is None:
            return self
        own = Signatures({})
        own._by_name = {**self._by_name, called_name(target): target.parameters}
        return own

    def filled(self, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
        """Parameter name (empty when unknown) and value for each argument of a call."""
        parameters = self._by_name.get(last_name(call.func), ())
        names = [p.name for p in parameters if p.kind in _POSITIONAL]
        spill = next((p.name for p in parameters if p.kind is ParameterKind.VAR_POSITIONAL), "")
        for index, value in enumerate(call.args):
            yield (names[index] if index < len(names) else _singular(spill)), value
        for keyword in call.keywords:
            yield keyword.arg or "", keyword.value


def called_name(target: Target) -> str:
    """The name that a call of the target ends in: its own, or its class's for a constructor."""
    if target.kind is Kind.CONSTRUCTOR:
        return (target.owner or target.qualname).rpartition(".")[2]
    return target.name


def last_name(node: ast.expr) -> str:
    """`a.b.c` → `c`; empty for what is no name."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def find_call(nodes: Sequence[ast.AST], name: str) -> ast.Call | None:
    """The first call of something named so, a mangled private name included."""
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Call):
                found = last_name(node.func)
                if found == name or (name.startswith("__") and found.endswith(name)):
                    return node
    return None


def _singular(name: str) -> str:
    return name[:-1] if len(name) > 3 and name.endswith("s") and not name.endswith("ss") else name
