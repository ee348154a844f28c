"""Domain values as they travel to the worker, and the worker's reports as domain values."""

from collections.abc import Iterable
from typing import Any

from qeforge.domain.candidate import Candidate
from qeforge.domain.facts import CallableFact, ClassFact, ClassKind, ModuleFacts, ParameterFact, TypeRef
from qeforge.domain.mutant import Mutant
from qeforge.domain.observation import (
    Arc,
    Change,
    Effect,
    Facet,
    Frame,
    LogRecord,
    Observation,
    Operand,
    Outcome,
    Raised,
    Snapshot,
)
from qeforge.domain.survivor import Difference, Sighting, Stage
from qeforge.domain.target import Flavour, ParameterKind


def candidate_to_wire(candidate: Candidate) -> list[Any]:
    """`[imports, arrange, act, fixtures]`, as `worker.running` takes it."""
    return [
        "\n".join(candidate.imports),
        "\n".join(candidate.arrange),
        candidate.act,
        list(candidate.fixtures),
    ]


def mutant_to_wire(mutant: Mutant) -> list[Any]:
    """`[start line, start column, end line, end column, replacement, scope]`."""
    return [*mutant.start, *mutant.end, mutant.replacement, mutant.scope]


def sighting_from_wire(mutant: Mutant, record: dict[str, Any]) -> Sighting:
    """What a worker's report says of one mutant."""
    get = record.get
    return Sighting(
        mutant=mutant,
        stage=Stage(record["s"]),
        probe=get("p"),
        function=get("f", ""),
        line=get("l", 0),
        variables=_differences(get("v", ())),
        lost_in=get("lost", ""),
        globals=_differences(get("g", ())),
    )


def _differences(wires: Iterable[list[str]]) -> tuple[Difference, ...]:
    return tuple(Difference(name=name, without=without, mutated=mutated) for name, without, mutated in wires)


def arcs_from_wire(flat: list[int]) -> frozenset[Arc]:
    """Arcs from their line numbers one after the other."""
    return frozenset(zip(flat[::2], flat[1::2], strict=True))


def snapshot_from_wire(wire: list[Any]) -> Snapshot:
    """A snapshot from `worker.snapshot`'s list."""
    type_name, source, imports, attributes, text = wire
    return Snapshot(
        type_name=type_name,
        source=source,
        imports=tuple(imports),
        attributes=tuple((suffix, snapshot_from_wire(part)) for suffix, part in attributes),
        text=text,
    )


def observation_from_wire(record: dict[str, Any]) -> Observation:
    """An observation from a worker's report; what the report leaves out is empty."""
    get = record.get
    result, raised = get("r"), get("x")
    return Observation(
        outcome=Outcome(record["o"]),
        result=snapshot_from_wire(result) if result is not None else None,
        raised=_raised(raised) if raised is not None else None,
        stdout=get("out", ""),
        stderr=get("err", ""),
        logs=tuple(LogRecord(logger=name, level=level, message=text) for name, level, text in get("logs", ())),
        warnings=tuple((category, text) for category, text in get("warn", ())),
        changes=tuple(
            Change(expression=expression, before=snapshot_from_wire(old), after=snapshot_from_wire(new))
            for expression, old, new in get("chg", ())
        ),
        files=tuple((name, text) for name, text in get("files", ())),
        arcs=arcs_from_wire(get("arcs", [])),
        seconds=get("s", 0.0),
        effects=tuple(
            Effect(kind=kind, event=event, detail=detail, blocked=blocked)
            for kind, event, detail, blocked in get("eff", ())
        ),
        operands=tuple(
            Operand(line=line, operator=operator, left=left, right=right)
            for line, operator, left, right in get("ops", ())
        ),
        unstable=tuple(Facet(name) for name in get("u", ())),
    )


def _raised(wire: list[Any]) -> Raised:
    type_name, message, frames, ancestors = wire
    return Raised(
        type_name=type_name,
        message=message,
        frames=tuple(Frame(function=function, line=line, own=own) for function, line, own in frames),
        ancestors=tuple(ancestors),
    )


def type_from_wire(wire: list[Any]) -> TypeRef:
    """A type from `[name, args, values]`."""
    name, args, values = wire
    return TypeRef(name, tuple(type_from_wire(arg) for arg in args), tuple(values))


def _parameters(wires: Iterable[list[Any]]) -> tuple[ParameterFact, ...]:
    return tuple(
        ParameterFact(
            name=name,
            kind=ParameterKind(kind),
            type=type_from_wire(type_),
            has_default=has_default,
            default=default,
        )
        for name, kind, type_, has_default, default in wires
    )


def _callable(wire: list[Any]) -> CallableFact:
    qualname, parameters, returns, flavour = wire
    return CallableFact(
        qualname=qualname,
        parameters=_parameters(parameters),
        returns=type_from_wire(returns),
        flavour=Flavour(flavour),
    )


def _class(wire: dict[str, Any]) -> ClassFact:
    return ClassFact(
        path=wire["path"],
        kind=ClassKind(wire["kind"]),
        constructor=_parameters(wire["constructor"]),
        ancestors=tuple(wire["ancestors"]),
        abstract=tuple(wire["abstract"]),
        members=tuple(wire["members"]),
        factories=tuple(wire["factories"]),
        methods=tuple(_callable(method) for method in wire["methods"]),
        properties=tuple(wire["properties"]),
    )


def facts_from_wire(wire: dict[str, Any]) -> ModuleFacts:
    """A module's facts from `worker.describe`'s dict."""
    return ModuleFacts(
        module=wire["module"],
        callables={fact.qualname: fact for fact in map(_callable, wire["callables"])},
        classes={fact.dotted: fact for fact in map(_class, wire["classes"])},
        constants=dict(wire["constants"]),
        subclasses={name: tuple(names) for name, names in wire["subclasses"].items()},
        version=(wire["version"][0], wire["version"][1]),
    )
