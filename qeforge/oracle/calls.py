"""Observed candidates read as calls: which function, which arguments, what came of it."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qeforge.codegen.properties import callable_text
from qeforge.codegen.syntax import expression, statements
from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Observation, Outcome
from qeforge.domain.target import Flavour, Kind, ParameterKind, Target

_CALLABLE = (Kind.FUNCTION, Kind.STATIC_METHOD, Kind.CLASS_METHOD)
_VARIADIC = (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD)

Arguments = tuple[tuple[str, object], ...]
"""Parameter and value, in the function's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call with plain values.

    `known` is False where what was returned is no plain value. `raised` is the dotted type of the exception, or how
    else it came to no end; empty when it returned. `seconds` is wall time.
    """

    target: str
    arguments: Arguments
    result: object = None
    known: bool = True
    raised: str = ""
    seconds: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that were given."""
        return tuple(name for name, _ in self.arguments)

    @property
    def returned(self) -> bool:
        """Whether there is a result to look at."""
        return self.known and not self.raised


def is_plain(target: Target) -> bool:
    """Whether it can be called like a function of mathematics: no receiver, nothing to await or to iterate."""
    return (
        target.kind in _CALLABLE
        and target.flavour is Flavour.PLAIN
        and "<locals>" not in target.qualname
        and any(p.kind not in _VARIADIC for p in target.parameters)
    )


def is_constructor(target: Target) -> bool:
    """Whether it makes objects of a class that everybody can name."""
    return target.kind is Kind.CONSTRUCTOR and "<locals>" not in target.qualname and not target.is_private


def read_call(candidate: Candidate, seen: Observation, target: Target) -> Call | None:
    """The candidate as a call of its target with plain values; None when it is anything else, or when it did something
    to the world."""
    if candidate.fixtures or seen.effects or seen.outcome in (Outcome.ARRANGE_FAILED, Outcome.INVALID):
        return None
    if seen.stdout or not (is_plain(target) or is_constructor(target)):
        return None
    variables = _assigned(candidate.arrange)
    act = expression(candidate.act)
    if variables is None or not isinstance(act, ast.Call) or ast.unparse(act.func) != callable_text(target):
        return None
    arguments = _bound(act, variables, target)
    if arguments is None:
        return None
    if seen.outcome in (Outcome.TIMEOUT, Outcome.CRASHED):
        return Call(target=target.id, arguments=arguments, raised=seen.outcome)
    if seen.raised is not None:
        return Call(target=target.id, arguments=arguments, raised=seen.raised.type_name)
    known, result = _value(expression(seen.result.source) if seen.result and seen.result.source else None, {})
    return Call(target=target.id, arguments=arguments, result=result, known=known, seconds=seen.seconds)


def call_candidate(target: Target, arguments: Arguments) -> Candidate:
    """A candidate that calls the target with these values."""
    by_name = {p.name: p for p in target.parameters}
    parts: list[str] = []
    positional = True
    for (name, value), declared in zip(arguments, target.parameters, strict=False):
        positional = positional and declared.name == name and by_name[name].kind is not ParameterKind.KEYWORD_ONLY
        parts.append(repr(value) if positional else f"{name}={value!r}")
    top = target.qualname.partition(".")[0]
    return Candidate(
        target=target.id,
        act=f"{callable_text(target)}({', '.join(parts)})",
        imports=(f"from {target.module} import {top}",),
        proposer="properties",
    )


def canonical(value: object) -> str:
    """A text that is the same for equal values of equal types, whatever the order of a set."""
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}({', '.join(sorted(map(canonical, value)))})"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(canonical, value))})"
    if isinstance(value, dict):
        return f"dict({', '.join(f'{canonical(k)}: {canonical(v)}' for k, v in value.items())})"
    return repr(value)


def table_of(calls: Iterable[Call]) -> dict[tuple[str, str], Call]:
    """The first call of each target with each arguments."""
    table: dict[tuple[str, str], Call] = {}
    for call in calls:
        table.setdefault(key_of(call.target, call.arguments), call)
    return table


def key_of(target: str, arguments: Arguments) -> tuple[str, str]:
    """Where a call stands in the table."""
    return target, canonical([f"{name}={canonical(value)}" for name, value in arguments])


def _assigned(arrange: Sequence[str]) -> dict[str, object] | None:
    """Variables that hold plain values; None when the arrangement does anything else."""
    found: dict[str, object] = {}
    for source in arrange:
        try:
            nodes = statements(source)
        except SyntaxError:
            return None
        for node in nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=inner):
                    known, value = _value(inner, found)
                    if not known:
                        return None
                    found[name] = value
                case _:
                    return None
    return found


def _bound(act: ast.Call, variables: Mapping[str, object], target: Target) -> Arguments | None:
    positional = [p.name for p in target.parameters if p.kind not in (*_VARIADIC, ParameterKind.KEYWORD_ONLY)]
    names = [p.name for p in target.parameters if p.kind not in _VARIADIC]
    if len(act.args) > len(positional):
        return None
    given = [*zip(positional, act.args, strict=False), *((k.arg or "", k.value) for k in act.keywords)]
    found: dict[str, object] = {}
    for name, node in given:
        known, value = _value(node, variables)
        if not known or name not in names or name in found:
            return None
        found[name] = value
    if any(p.required and p.name not in found for p in target.parameters):
        return None
    return tuple((name, found[name]) for name in names if name in found)


def _value(node: ast.expr | None, variables: Mapping[str, object]) -> tuple[bool, object]:
    """Whether it is a plain value, and which."""
    if node is None:
        return False, None
    if isinstance(node, ast.Name) and node.id in variables:
        return True, variables[node.id]
    match node:
        case ast.Call(func=ast.Name(id="set"), args=[], keywords=[]):
            return True, set()
    try:
        return True, ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False, None
