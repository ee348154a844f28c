"""Unknown collaborators are asked what they are: the code runs once with proxies, and says by what it does to them.

What a proxy recorded becomes evidence like that read off the source, but of what really happened, through locals, other
functions and other modules. From it come stand-ins, or real objects that have what was used.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qeforge.analysis.evidence import Evidence
from qeforge.analysis.symbols import symbols_of
from qeforge.domain.facts import ClassKind, ModuleFacts, ParameterFact, TypeRef
from qeforge.domain.observation import Observation, Raised
from qeforge.domain.target import Kind, ParameterKind, SourceModule
from qeforge.engine import hints
from qeforge.engine.basics import ALIASES, KNOWN
from qeforge.engine.build import Builder
from qeforge.engine.plan import Argument, Plan
from qeforge.engine.recorded import joined, recorded_evidence
from qeforge.engine.repairs import wanted_types
from qeforge.engine.services import Services, World
from qeforge.engine.state import FLAVOURS, State
from qeforge.engine.value import Value, call, unique

_IMPORT = "from _qeforge_worker.probe import Probe"  # the worker's name inside the target's interpreter
_ROUNDS = 5
_ROWS = 5
_AGAIN = 2
"""Fakes that a further plan for the same target gets."""

_WAITING = 4
"""Plans that are kept until it is known what fakes they need."""

_VARIADIC = (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD)
_UNPACKING = re.compile(r"unpack \(expected (?:at least |at most )?(\d+)")
_REAL: dict[str, object] = {
    "str": "abc", "int": 1, "float": 1.5, "list": [1, 2], "dict": {"a": 1}, "bytes": b"abc", "tuple": (1, 2),
    "list[str]": ["abc"], "pathlib.Path": "abc",
}  # fmt: skip
"""What is put where the interpreter refused a proxy, by the type that it asked for."""


@dataclass(slots=True)
class _Inquiry:
    """What was asked about one target so far: real values for paths of proxies and the types that were asked for; ways
    out of the process that are watched, also those that the module does not mention itself; fakes that came of it;
    plans that wait for them."""

    known: dict[str, object] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    rounds: int = 0
    ways_out: list[str] = field(default_factory=list)
    generic: bool = False
    worlds: list[World] = field(default_factory=list)
    waiting: list[Plan] = field(default_factory=list)
    concluded: bool = False


class Probing:
    """Finds out what collaborators the code of one module wants.

    Args:
        module: what is under test.
        facts: what importing it told.
        builder: makes values; learns of receivers that were built.
        arguments: whether to ask about arguments, or about ways out of the process only.
    """

    def __init__(self, module: SourceModule, facts: ModuleFacts, builder: Builder, *, arguments: bool = True) -> None:
        self._facts = facts
        self._builder = builder
        self._arguments = arguments
        self._services = Services(symbols_of(module).nodes, module.name, self._fitting)
        self._inquiries: dict[str, _Inquiry] = {}
        self._fields: dict[str, dict[str, Evidence]] = {}
        self._doubted: set[str] = set()

    def question(self, state: State, base: Plan | None = None) -> list[Plan]:
        """The target called with a proxy for each argument, and each way out, of which too little is known; nothing
        where all is known. Other arguments are those of `base`."""
        inquiry = self._inquiries.setdefault(state.target.id, _Inquiry())
        asked = [p for p in state.parameters if self._unknown(p, state.evidence.get(p.name))]
        owner = self._owner_parameters(state)
        if not asked and not any(self._unknown(p, None) for p in owner) and not inquiry.ways_out:
            return []
        inquiry.rounds += 1
        given = {a.name: a for a in base.arguments} if base is not None else {}
        arguments = []
        for p in state.parameters:
            keyword = p.has_default or p.kind is ParameterKind.KEYWORD_ONLY
            if p in asked:
                arguments.append(Argument(name=p.name, value=self._probe(p.name, inquiry), keyword=keyword))
            elif p.name in given:
                arguments.append(given[p.name])
            elif not p.has_default and p.kind not in _VARIADIC:
                arguments.append(Argument(name=p.name, value=state.pools[p.name][0], keyword=keyword))
        receiver = base.receiver if base is not None else None
        replaceable = receiver is None or "Probe(" in receiver.source or not inquiry.ways_out
        if state.target.kind in (Kind.METHOD, Kind.PROPERTY) and replaceable:
            receiver = self._probed_receiver(state, owner, inquiry)
            if receiver is None:
                return []
        drive = FLAVOURS[state.target.flavour] if base is None else base.drive
        plan = Plan(target=state.target, receiver=receiver, arguments=tuple(arguments), drive=drive)
        if inquiry.ways_out:
            proxies = self._services.proxies(inquiry.ways_out, inquiry.known, generic=inquiry.generic)
            plan = _in_world(plan, proxies)
        return [plan]

    def doubt(self, state: State, plan: Plan, raised: Raised) -> list[Plan]:
        """The question, once, when an exception says that something was not what the code takes it for."""
        kind = raised.type_name.rpartition(".")[2]
        if not self._arguments or kind not in ("TypeError", "AttributeError") or state.target.id in self._doubted:
            return []
        self._doubted.add(state.target.id)
        return self.question(state, plan)

    def answer(self, state: State, plan: Plan, seen: Observation) -> list[Plan] | None:
        """None when the plan held no proxy. Else what follows: the question again with real values where proxies were
        refused, or plans with stand-ins."""
        record = next((effect.detail for effect in seen.effects if effect.kind == "collaborator"), None)
        if record is None:
            return None
        try:
            told = json.loads(record)
        except ValueError:  # cut off on its way: too much to be of use
            return []
        inquiry = self._inquiries.setdefault(state.target.id, _Inquiry())
        if inquiry.rounds < _ROUNDS and (
            self._watched(inquiry, seen) or (seen.raised is not None and _refused(inquiry, told, seen.raised))
        ):
            return self.question(state, plan)
        return self._conclusions(state, plan, told["roots"], inquiry)

    def barred(self, state: State, plan: Plan, seen: Observation) -> list[Plan] | None:
        """What follows when the sandbox refused a way out: the question what the answer has to look like, or the plan
        with fakes that are known by now, or nothing yet. None where asking does not help."""
        inquiry = self._inquiries.setdefault(state.target.id, _Inquiry())
        if not _barred(seen) or (inquiry.concluded and not inquiry.worlds):
            return None
        if inquiry.worlds:
            return [_in_world(plan, world) for world in inquiry.worlds if not set(world[0]) & set(plan.world)][:_AGAIN]
        if set(inquiry.ways_out) >= _barred(seen):
            inquiry.waiting += [plan] * (len(inquiry.waiting) < _WAITING)
            return []
        self._watched(inquiry, seen)
        inquiry.waiting.append(plan)
        return self.question(state, plan)

    def _watched(self, inquiry: _Inquiry, seen: Observation) -> bool:
        """Whether another way out is to be watched than before."""
        barred = _barred(seen)
        fresh = sorted(barred - set(inquiry.ways_out))
        inquiry.ways_out += fresh
        if barred and not fresh and not inquiry.generic:
            inquiry.generic = True
            return True
        return bool(fresh)

    def _fitting(self, name: str, evidence: Evidence) -> list[Value]:
        return self._builder.values(TypeRef("Any"), name, evidence)

    # -- asking -------------------------------------------------------------------------------------------------

    def _unknown(self, parameter: ParameterFact, evidence: Evidence | None) -> bool:
        if parameter.kind in _VARIADIC or not self._arguments:
            return False
        name = ALIASES.get(parameter.type.name, parameter.type.name)
        if name in ("Any", "object", "union"):
            stated = {arm.name for arm in parameter.type.args}
            if stated and all(arm in KNOWN or arm in ("str", "list", "dict", "tuple") for arm in stated):
                return False
            if evidence is None or evidence == Evidence():
                return not hints.sort_of(parameter.name)
            told = evidence.types or evidence.numeric or evidence.path_like or evidence.patterns
            return bool(evidence.attributes) or not told
        return "." in name and name not in KNOWN and name not in self._facts.classes and "abc." not in name

    def _probe(self, name: str, inquiry: _Inquiry) -> Value:
        known = {path: value for path, value in inquiry.known.items() if path.split("\0")[0] == name}
        inside = f"{name!r}, {known!r}" if known else repr(name)
        return Value(source=f"Probe({inside})", type_name="Probe", imports=(_IMPORT,))

    def _owner_parameters(self, state: State) -> list[ParameterFact]:
        if state.target.kind not in (Kind.METHOD, Kind.PROPERTY):
            return []
        fact = self._facts.classes.get(f"{state.target.module}.{state.target.owner}")
        if fact is None or fact.abstract or fact.kind in (ClassKind.ENUM, ClassKind.PROTOCOL):
            return []
        return [p for p in fact.constructor if not p.has_default and p.kind not in _VARIADIC]

    def _probed_receiver(self, state: State, owner: list[ParameterFact], inquiry: _Inquiry) -> Value | None:
        if not any(self._unknown(p, None) for p in owner):
            made = self._builder.instance(f"{state.target.module}.{state.target.owner}")
            return made[0] if made else None
        return self._receiver(state, [(p, [self._probe(f"{state.target.owner}:{p.name}", inquiry)]) for p in owner], 0)

    def _receiver(self, state: State, columns: list[tuple[ParameterFact, list[Value]]], row: int) -> Value:
        qualname = state.target.owner or ""
        return call(
            qualname,
            [("" if p.kind is not ParameterKind.KEYWORD_ONLY else p.name, v[row % len(v)]) for p, v in columns],
            type_name=qualname.rpartition(".")[2],
            imports=(f"from {state.target.module} import {qualname.partition('.')[0]}",),
        )

    # -- concluding ---------------------------------------------------------------------------------------------

    def _conclusions(self, state: State, plan: Plan, roots: Mapping[str, Any], inquiry: _Inquiry) -> list[Plan]:
        found = {root: recorded_evidence(root, node, inquiry.kinds) for root, node in roots.items()}
        inquiry.worlds += self._services.answers(found, inquiry.ways_out, generic=inquiry.generic)
        inquiry.concluded = bool(inquiry.ways_out)
        telling: dict[str, list[Value]] = {}
        columns: dict[str, list[Value]] = {}
        for argument in plan.arguments:
            name = argument.name
            if argument.value.type_name != "Probe":
                continue
            recorded = found.get(name, Evidence())
            if _tells(recorded):
                whole = joined(state.evidence.get(name), recorded)
                state.evidence = {**state.evidence, name: whole}
                telling[name] = self._builder.values(TypeRef("Any"), name, whole, context=state.target.name)[:_ROWS]
                state.pools[name] = unique([*telling[name], *state.pools[name]])
            columns[name] = state.pools[name]
        receivers = self._receivers(state, plan, found)
        worlds = inquiry.worlds
        if not telling and not receivers and not worlds:
            return []
        base = replace(plan, world=(), world_fixtures=(), world_imports=(), generation=1)
        waiting, inquiry.waiting = inquiry.waiting, []
        rows = max(len(receivers), len(worlds), *(len(values) for values in (*telling.values(), ())))
        plans = []
        for row in range(min(rows, _ROWS)):
            one = base
            for name, values in columns.items():
                one = one.with_argument(name, values[min(row, len(values) - 1) if name in telling else 0])
            if receivers:
                one = replace(one, receiver=receivers[row % len(receivers)])
            plans.append(_in_world(one, worlds[row % len(worlds)]) if worlds else one)
        plans += [_in_world(one, worlds[0]) for one in waiting if worlds]
        return [replace(one, generation=1) for one in plans]

    def _receivers(self, state: State, plan: Plan, found: Mapping[str, Evidence]) -> list[Value]:
        """Receivers whose constructor gets what the method was seen to use."""
        if plan.receiver is None or "Probe(" not in plan.receiver.source:
            return []
        owner = state.target.owner or ""
        known = self._fields.setdefault(owner, {})
        parameters = self._owner_parameters(state)
        for p in parameters:
            known[p.name] = joined(known.get(p.name), found.get(f"{owner}:{p.name}", Evidence()))
        columns = [
            (p, [v for v in self._builder.values(p.type, p.name, known[p.name], context=owner) if v.plain][:_ROWS])
            for p in parameters
        ]
        if not all(values for _, values in columns):
            return []
        made = unique(self._receiver(state, columns, row) for row in range(_ROWS // 2))
        for value in made[:2]:
            self._builder.found_instance(f"{state.target.module}.{owner}", value)
        return made


def _in_world(plan: Plan, world: World) -> Plan:
    """The plan with these statements before everything else."""
    statements, imports = world
    return replace(
        plan,
        world=(*plan.world, *statements),
        world_fixtures=(*plan.world_fixtures, "monkeypatch"),
        world_imports=(*plan.world_imports, *imports),
        generation=plan.generation + 1,
    )


def _barred(seen: Observation) -> set[str]:
    return {effect.kind for effect in seen.effects if effect.blocked} & {"network", "process"}


def _tells(evidence: Evidence) -> bool:
    """Whether a record says more than that there was a value."""
    return evidence not in (Evidence(), Evidence(truth_tested=True), Evidence(types=(TypeRef("str"),)))


def _refused(inquiry: _Inquiry, told: Mapping[str, Any], raised: Raised) -> bool:
    """Whether the interpreter would not take a proxy, or the code gave up because one was true; then a real value is
    noted for its place."""
    last = told["last"]
    counted = _UNPACKING.search(raised.message)
    if counted and f"{last}\0len" not in inquiry.known:
        inquiry.known[f"{last}\0len"] = int(counted[1])
        return True
    tested = told["tested"]
    if "Probe" not in raised.message and tested and tested not in inquiry.known and raised.frames[-1:] != ():
        inquiry.known[tested] = 0
        return raised.frames[-1].own
    if "Probe" not in raised.message or last in inquiry.known:
        return False
    for kind in wanted_types(raised.message):
        if kind in _REAL:
            inquiry.known[last] = _REAL[kind]
            inquiry.kinds[last] = kind
            return True
    return False
