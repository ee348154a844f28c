"""The native proposer: with nothing installed but qeforge it calls everything, with values that fit, and learns from
what happens."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from qeforge.analysis.constants import module_constants
from qeforge.analysis.evidence import parameter_evidence
from qeforge.domain.candidate import Candidate
from qeforge.domain.capability import Capability
from qeforge.domain.facts import ClassKind, ModuleFacts, TypeRef
from qeforge.domain.observation import Observation, Outcome
from qeforge.domain.protocols import Request
from qeforge.domain.target import Kind, SourceModule
from qeforge.engine import operands, patterns, schedule, worlds
from qeforge.engine.archive import Archive
from qeforge.engine.build import Builder
from qeforge.engine.plainer import natural_types, plainer
from qeforge.engine.plan import Drive, Plan, to_candidate
from qeforge.engine.repair import repairs
from qeforge.engine.seeds import Seeder
from qeforge.engine.state import DRIVES, State, unquoted
from qeforge.engine.value import Value, call
from qeforge.engine.variation import Variation

_MOST_GENERATIONS = 14
_QUEUE = 400
_MOST_TIMEOUTS = 8
_MOST_REPAIRS = 24


class NativeProposer:
    """Search over values, objects and call sequences.

    Args:
        module: what is under test.
        facts: what importing it told.
        seed: equal seeds give equal proposals for equal observations.
        without: capabilities to leave out.
    """

    name = "native"

    def __init__(
        self, module: SourceModule, facts: ModuleFacts, *, seed: int, without: frozenset[Capability] = frozenset()
    ) -> None:
        self.module = module
        self.facts = facts
        self.without = without
        self.rng = random.Random(f"{seed}:{module.name}")
        constants = module_constants(module)
        self.builder = Builder(facts, constants.strings, constants.numbers, self.rng)
        self.archive = Archive()
        self._evidence = {} if Capability.EVIDENCE in without else parameter_evidence(module)
        self._plans: dict[str, Plan] = {}
        self._tried: set[str] = set()
        self._worlds = worlds.Worlds(module)
        self._seeder = Seeder(module, facts, self.builder, self._evidence, self._worlds, self.rng)
        self._states = [self._seeder.state(target) for target in module.targets if target.kind is not Kind.CLOSURE]
        self._by_id = {state.target.id: state for state in self._states}
        self._variation = Variation(self._seeder.receivers, self._methods_by_class(), self.rng)
        for state in self._states:
            state.queue.extend(self._seeder.seeds(state))

    # -- the Proposer protocol ----------------------------------------------------------------------------------

    def propose(self, request: Request) -> list[Candidate]:
        """Candidates that aim at what is open: seeds and repairs first, then variations of what came close."""
        open_lines = {abs(goal.arc[0]) for goal in request.goals} | {mutant.line for mutant in request.mutants}
        wanted_lines = sorted(open_lines | {mutant.line for mutant in request.mutants})
        found: list[Candidate] = []
        queued = request.count
        if Capability.VARIATION not in self.without and not schedule.beginners(self._states):
            queued -= int(request.count * schedule.VARIED)
        for state in schedule.turns(self._states, open_lines):
            for _ in range(schedule.AT_ONCE):
                if state.queue and len(found) < queued:
                    self._offer(state, state.queue.popleft(), found)
            if len(found) >= queued:
                break
        attempts = 0
        variation = Capability.VARIATION not in self.without
        while variation and len(found) < request.count and wanted_lines and attempts < request.count * 4:
            attempts += 1
            parent = self._parent(wanted_lines)
            if parent is not None:
                self._offer(parent[0], self._variation.vary(*parent), found)
        return found

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        """Archive what reached something, mend what raised, follow the operands."""
        for candidate, seen in observed:
            plan = self._plans.get(candidate.key)
            if plan is None:
                continue
            state = self._by_id[plan.target.id]
            if seen.operands:
                self._follow_operands(state, plan, seen)
                continue
            if seen.blocked and Capability.FAKES in self.without:
                continue
            if seen.blocked:
                self._in_front(state, self._worlds.answers(plan, seen))
                continue
            if any(effect.kind == "cwd" for effect in seen.effects):
                self._in_front(state, self._worlds.answers(plan, seen))
            if seen.outcome in (Outcome.TIMEOUT, Outcome.CRASHED, Outcome.INVALID):
                self._hung(state, plan, seen)
                continue
            fresh = self.archive.add(plan, seen)
            state.gains += fresh > 0
            if seen.outcome is Outcome.RETURNED:
                self._returned(state, plan, seen, fresh)
            elif seen.raised is not None:
                self._raised(state, plan, seen, fresh)

    def plainer(self, candidate: Candidate) -> list[Candidate]:
        """The same call with likelier values, the most thorough change first; nothing for a stranger's candidate. Each
        may be handed in again."""
        plan = self._plans.get(candidate.key)
        if plan is None:
            return []
        state = self._by_id[plan.target.id]
        receivers = self._seeder.receivers(plan.target) if plan.receiver is not None else []
        found: dict[str, Candidate] = {}
        for new in plainer(plan, state.pools, receivers):
            made = to_candidate(new)
            if made.key != candidate.key:
                self._plans.setdefault(made.key, new)
                found.setdefault(made.key, made)
        return list(found.values())

    def guesses(self) -> dict[tuple[str, str], frozenset[str]]:
        """By target id and parameter, the types that its likeliest values have."""
        return {(s.target.id, name): natural_types(pool) for s in self._states for name, pool in s.pools.items()}

    # -- offering -----------------------------------------------------------------------------------------------

    def _offer(self, state: State, plan: Plan, found: list[Candidate]) -> None:
        if state.endless and plan.drive is Drive.LIST:
            plan = replace(plan, drive=Drive.SLICE)
        candidate = to_candidate(plan)
        key = candidate.key
        if key in self._tried:
            return
        self._tried.add(key)
        self._plans[key] = plan
        state.offered += 1
        found.append(candidate)

    def _in_front(self, state: State, plans: Iterable[Plan]) -> None:
        fresh = [plan for plan in plans if plan.generation <= _MOST_GENERATIONS][:24]
        for plan in reversed(fresh):
            if len(state.queue) < _QUEUE:
                state.queue.appendleft(plan)

    def _parent(self, lines: Sequence[int]) -> tuple[State, Plan] | None:
        for _ in range(6):
            line = self.rng.choice(lines)
            parents = self.archive.parents(line)
            if parents:
                plan = parents[min(int(self.rng.expovariate(0.8)), len(parents) - 1)]
                state = self._by_id[plan.target.id]
                if state.timeouts <= _MOST_TIMEOUTS:
                    return state, plan
        inside = [
            s
            for s in self._states
            if s.good and s.timeouts <= _MOST_TIMEOUTS and any(line in s.lines for line in lines)
        ]
        if not inside:
            return None
        state = self.rng.choice(inside)
        return state, self.rng.choice(state.good)

    def _methods_by_class(self) -> dict[str, list[State]]:
        found: dict[str, list[State]] = {}
        for state in self._states:
            if state.target.kind is Kind.METHOD and state.target.owner:
                found.setdefault(state.target.owner, []).append(state)
        return found

    # -- learning -----------------------------------------------------------------------------------------------

    def _returned(self, state: State, plan: Plan, seen: Observation, fresh: int) -> None:
        target = plan.target
        if fresh or len(state.good) < 6:
            state.good.append(plan)
            del state.good[:-12]
        type_name = seen.result.type_name if seen.result else ""
        if Capability.RESULTS in self.without:
            return
        if plan.drive is Drive.CALL and type_name in DRIVES and plan.then is None:
            self._in_front(state, [replace(plan, drive=DRIVES[type_name])])
        if (
            type_name in ("function", "method", "functools.partial")
            and plan.then is None
            and plan.drive is Drive.CALL
            and target.kind is not Kind.PROPERTY
        ):
            self._in_front(state, self._seeder.call_the_result(plan))
        if plan.steps or plan.then is not None or any(value.setup or value.fixtures for value in plan.values()):
            return
        if target.kind is Kind.CONSTRUCTOR:
            self._constructed(f"{target.module}.{target.owner or target.qualname}", plan)
        elif (
            type_name in self.facts.classes
            and plan.drive is Drive.CALL
            and target.kind in (Kind.FUNCTION, Kind.CLASS_METHOD, Kind.STATIC_METHOD)
        ):
            candidate = to_candidate(plan)
            if not candidate.arrange and self.facts.classes[type_name].kind is not ClassKind.ENUM:
                value = Value(
                    source=candidate.act, type_name=type_name.rpartition(".")[2], imports=candidate.imports, shared=True
                )
                self._new_instance(type_name, value)

    def _constructed(self, dotted: str, plan: Plan) -> None:
        owner = plan.target.owner or plan.target.qualname
        value = call(
            owner,
            [(a.name if a.keyword else "", a.value) for a in plan.arguments],
            type_name=owner.rpartition(".")[2],
            imports=(f"from {plan.target.module} import {owner.split('.')[0]}",),
        )
        self._new_instance(dotted, value)

    def _new_instance(self, dotted: str, value: Value) -> None:
        """A working instance gives every method of its class a new receiver to try."""
        before = len(self.builder.instances.get(dotted, ()))
        self.builder.found_instance(dotted, value)
        if len(self.builder.instances[dotted]) == before or before > 10:
            return
        for state in self._states:
            if f"{state.target.module}.{state.target.owner}" == dotted and state.target.kind in (
                Kind.METHOD,
                Kind.PROPERTY,
            ):
                base = state.good[-1:] or list(state.queue)[:1]
                state.queue.extend(replace(plan, receiver=value, generation=0) for plan in base)

    def _hung(self, state: State, plan: Plan, seen: Observation) -> None:
        """An iterator without end is cut; a target that keeps hanging is left alone, it would eat everybody's time."""
        if seen.outcome is Outcome.INVALID:
            return
        state.timeouts += 1
        if plan.drive is Drive.LIST:
            state.endless = True
            self._in_front(state, [replace(plan, drive=Drive.SLICE)])
        elif state.timeouts > _MOST_TIMEOUTS:
            state.queue.clear()

    def _raised(self, state: State, plan: Plan, seen: Observation, fresh: int) -> None:
        assert seen.raised is not None
        if fresh or not state.good:
            state.good.append(plan)
            del state.good[:-12]
        if Capability.REPAIR in self.without:
            return
        if plan.generation >= _MOST_GENERATIONS or (not fresh and plan.generation > 6):
            return

        def values(name: str, type: TypeRef) -> list[Value]:
            return self.builder.values(type, name, state.evidence.get(name), context=state.target.name)

        mended = [
            replace(new, generation=max(new.generation, plan.generation + 1))
            for new in islice(repairs(plan, seen.raised, values, self.rng), _MOST_REPAIRS)
        ]
        mended += [
            replace(new, generation=plan.generation + 1) for new in self._worlds.after_exception(plan, seen.raised)
        ]
        self._in_front(state, mended)

    def _follow_operands(self, state: State, plan: Plan, seen: Observation) -> None:
        found: list[Plan] = []
        for operand in seen.operands[:60]:
            if len(found) >= _MOST_REPAIRS:
                break
            if operand.operator == "isinstance":
                found += self._of_wanted_class(state, plan, operand.right)
            found += islice(operands.redirect(plan, operand, self.rng), 6)
            if operand.operator == "match":
                self._learn_texts(state, patterns.matching(unquoted(operand.left), self.rng, count=2))
            elif operand.operator in ("==", "in", "startswith", "endswith"):
                self._learn_texts(state, [text for text in map(unquoted, (operand.left, operand.right)) if text])
        self._in_front(state, [replace(new, generation=min(new.generation, _MOST_GENERATIONS - 2)) for new in found])

    def _of_wanted_class(self, state: State, plan: Plan, wanted: str) -> list[Plan]:
        """The plan with an instance of the class that the code asked for in place of each argument."""
        names = [name.strip() for name in wanted.strip("()").split(",")]
        known = [name for name in names if name in self.facts.classes]
        return [
            plan.with_argument(argument.name, value)
            for name in known[:2]
            for argument in plan.arguments
            for value in self.builder.instance(name)[:2]
        ]

    def _learn_texts(self, state: State, texts: Sequence[str]) -> None:
        fresh = tuple(text for text in texts if 0 < len(text) <= 40 and text not in state.texts)
        if fresh and len(state.texts) < 80:
            state.texts += fresh[:4]
