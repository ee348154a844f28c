"""What may hold for every input, conjectured from the calls that the judge saw, and how such inputs are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qeforge.analysis.evidence import Evidence, parameter_evidence
from qeforge.codegen.properties import callable_text
from qeforge.domain.candidate import Candidate
from qeforge.domain.facts import ANY, ModuleFacts, TypeRef
from qeforge.domain.observation import Arc, Observation
from qeforge.domain.properties import Property, PropertyKind, PropertyTest, Strategy
from qeforge.domain.protocols import Judge, Request
from qeforge.domain.target import Target
from qeforge.oracle.calls import Arguments, Call, call_candidate, is_constructor, is_plain, read_call, table_of
from qeforge.oracle.objects import object_candidate, object_properties, objects
from qeforge.oracle.properties import conjectures, follow_ups
from qeforge.oracle.strategies import combinations, kind_of, probing_values, strategies
from qeforge.refinement.task import ModuleTask

_MOST_CALLS, _MOST_FOLLOW_UPS = 400, 600
"""Calls of one target that are remembered, calls made to learn more."""


class CallLog:
    """Proposes nothing, and remembers every plain call that the judge saw, of functions and of constructors.

    Args:
        targets: everything in the module.
    """

    name = "calls"

    def __init__(self, targets: Sequence[Target]) -> None:
        self.everything = {target.id: target for target in targets}
        self.functions = {name: target for name, target in self.everything.items() if is_plain(target)}
        self._heard = {n: t for n, t in self.everything.items() if n in self.functions or is_constructor(t)}
        self._calls: dict[str, list[Call]] = {name: [] for name in self._heard}
        self.reach: dict[str, frozenset[Arc]] = {}
        """What calls of each target ran, by id."""

    @property
    def heard(self) -> Mapping[str, Target]:
        """What calls are remembered of, by id."""
        return self._heard

    @property
    def calls(self) -> list[Call]:
        """Everything that was heard, each once, target by target."""
        return list(table_of(call for calls in self._calls.values() for call in calls).values())

    def propose(self, request: Request) -> Sequence[Candidate]:
        """Nothing."""
        return ()

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        """Keeps what can be read as a call."""
        for call in self.read(observed):
            if len(self._calls[call.target]) < _MOST_CALLS:
                self._calls[call.target].append(call)

    def read(self, observed: Sequence[tuple[Candidate, Observation]]) -> list[Call]:
        """What of it can be read as a call; what these calls reached is remembered."""
        found: list[Call] = []
        for candidate, seen in observed:
            target = self._heard.get(candidate.target)
            call = read_call(candidate, seen, target) if target is not None else None
            if call is not None:
                self.reached(call.target, seen)
                found.append(call)
        return found

    def reached(self, target: str, seen: Observation) -> None:
        """Adds to what calls of a target ran."""
        self.reach[target] = self.reach.get(target, frozenset()) | seen.arcs


# -- what might hold --------------------------------------------------------------------------------------------


def property_candidates(task: ModuleTask, judge: Judge, log: CallLog) -> tuple[PropertyTest, ...]:
    """Tests of what the observed calls support, with strategies that draw nothing that was seen to raise; the most
    telling first.

    Calls that would show more are made: a result put back in, arguments exchanged, values at the ends of a type, an
    object written and read back.
    """
    inputs = _Inputs.of(task, judge.facts(), log)
    calls = inputs.fitting(log.calls)
    calls += inputs.fitting(log.read(_tried(judge, log.heard, inputs.probes(calls))))
    calls += inputs.fitting(log.read(_tried(judge, log.heard, follow_ups(_of(log, calls), log.functions))))
    about_objects = [p for p in object_properties(log.everything.values(), calls) if _holds(p, judge, log, calls)]
    order = {kind: number for number, kind in enumerate(PropertyKind)}
    stated = sorted(
        [*conjectures(_of(log, calls), log.functions), *about_objects],
        key=lambda p: (order[p.kind], len(p.parameters)),
    )
    return tuple(
        PropertyTest(
            stated=one,
            strategies=tuple((name, s.source) for name, s in zip(one.parameters, chosen, strict=True)),
        )
        for one in stated
        for chosen in inputs.variants(one, calls)
    )


def _of(log: CallLog, calls: Sequence[Call]) -> list[Call]:
    """Those of functions."""
    return [call for call in calls if call.target in log.functions]


def _tried(
    judge: Judge, targets: Mapping[str, Target], wanted: Sequence[tuple[str, Arguments]]
) -> list[tuple[Candidate, Observation]]:
    candidates = [call_candidate(targets[target], arguments) for target, arguments in wanted[:_MOST_FOLLOW_UPS]]
    return list(zip(candidates, judge.run(candidates), strict=True)) if candidates else []


def _holds(stated: Property, judge: Judge, log: CallLog, calls: Sequence[Call]) -> bool:
    """Whether it does for every object that was made."""
    made = objects(stated.builder, stated.parameters, calls)
    seen = judge.run([object_candidate(stated, log.everything, one) for one in made])
    for observation in seen:
        log.reached(stated.target, observation)
    return all(o.result is not None and o.result.source == "True" and not o.effects and not o.stdout for o in seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inputs:
    """How the parameters of the functions are drawn: `levels` by target and parameter, the broadest first."""

    kinds: Mapping[tuple[str, str], TypeRef]
    levels: Mapping[tuple[str, str], tuple[Strategy, ...]]

    @classmethod
    def of(cls, task: ModuleTask, facts: ModuleFacts, log: CallLog) -> "_Inputs":
        evidence = parameter_evidence(task.module)
        calls = log.calls
        kinds: dict[tuple[str, str], TypeRef] = {}
        levels: dict[tuple[str, str], tuple[Strategy, ...]] = {}
        for target in log.heard.values():
            declared = _declared(facts, target)
            mine = [call for call in calls if call.target == target.id]
            for parameter in target.parameters:
                name = parameter.name
                hint = evidence.get(target.id, {}).get(name, Evidence())
                accepted = [value for call in mine if not call.raised for n, value in call.arguments if n == name]
                refused = [value for call in mine if call.raised for n, value in call.arguments if n == name]
                kind = kind_of(declared.get(name, ANY), hint.types, accepted)
                kinds[target.id, name] = kind
                levels[target.id, name] = strategies(kind, accepted, refused, hint.patterns)
        return cls(kinds=kinds, levels=levels)

    def fitting(self, calls: Sequence[Call]) -> list[Call]:
        """Calls whose every argument could have been drawn."""
        return [
            call
            for call in calls
            if all(any(s.admits(value) for s in self.levels[call.target, name]) for name, value in call.arguments)
        ]

    def probes(self, calls: Sequence[Call]) -> list[tuple[str, Arguments]]:
        """For each group of calls that give the same parameters, a call that returned with one value after another
        at the far end of its type."""
        bases: dict[tuple[str, tuple[str, ...]], Call] = {}
        for call in calls:
            if not call.raised:
                bases.setdefault((call.target, call.names), call)
        found: list[tuple[str, Arguments]] = []
        for call in bases.values():
            for place, (name, _) in enumerate(call.arguments):
                for value in probing_values(self.kinds[call.target, name]):
                    changed = (*call.arguments[:place], (name, value), *call.arguments[place + 1 :])
                    found.append((call.target, changed))
        return found

    def variants(self, stated: Property, calls: Sequence[Call]) -> list[tuple[Strategy, ...]]:
        """Choices of strategies that draw no observed call which raised: the broadest, and the narrowest, which meets
        special cases more often. That nothing raises is tried on the broadest alone."""
        called = stated.builder or stated.target
        raised = [call for call in calls if call.raised and call.target == called and call.names == stated.parameters]
        found = [
            chosen
            for chosen in combinations([self.levels[called, name] for name in stated.parameters])
            if not any(_admits(chosen, call) for call in raised)
        ]
        return [*found[:1], *(found[1:][-1:] if stated.kind is not PropertyKind.TYPE_KEPT else [])]


def _declared(facts: ModuleFacts, target: Target) -> dict[str, TypeRef]:
    """Types of the parameters, as the interpreter resolved them."""
    if is_constructor(target):
        made = facts.classes.get(f"{target.module}.{callable_text(target)}")
        return {p.name: p.type for p in made.constructor} if made is not None else {}
    known = facts.callables.get(target.qualname)
    return {p.name: p.type for p in known.parameters} if known is not None else {}


def _admits(chosen: Sequence[Strategy], call: Call) -> bool:
    return all(strategy.admits(value) for strategy, (_, value) in zip(chosen, call.arguments, strict=True))
