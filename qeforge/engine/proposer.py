"""The native proposer: with nothing installed but qeforge it calls everything, with values that fit, and learns from
what happens."""

import random
from collections import deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from qeforge.analysis.constants import module_constants
from qeforge.analysis.evidence import parameter_evidence
from qeforge.domain.candidate import Candidate
from qeforge.domain.capability import Capability
from qeforge.domain.facts import ClassKind, ModuleFacts
from qeforge.domain.observation import Observation, Outcome
from qeforge.domain.protocols import Request
from qeforge.domain.recipe import Fake, Recipe
from qeforge.domain.survivor import Sighting
from qeforge.domain.target import Kind, SourceModule
from qeforge.engine import schedule, worlds
from qeforge.engine.archive import Archive
from qeforge.engine.build import Builder
from qeforge.engine.failures import Failures
from qeforge.engine.fed import Feeding
from qeforge.engine.following import Following
from qeforge.engine.plainer import natural_types, plainer
from qeforge.engine.plan import Drive, Plan, to_candidate
from qeforge.engine.probing import Probing
from qeforge.engine.recipes import KnownCalls
from qeforge.engine.repairs import Behind, Mender, incomplete
from qeforge.engine.results import Results
from qeforge.engine.seeds import Seeder
from qeforge.engine.state import State
from qeforge.engine.strings import Strings
from qeforge.engine.survivors import Survivors
from qeforge.engine.value import Value, call
from qeforge.engine.variation import Variation

_MOST_GENERATIONS = 14
_QUEUE = 400
_MOST_TIMEOUTS = 8
_TEXTS = 6
_AIMED_TRIES = 6


class NativeProposer:
    """Search over values, objects and call sequences.

    Args:
        module: what is under test.
        facts: what importing it told.
        seed: equal seeds give equal proposals for equal observations.
        without: capabilities to leave out.
        recipes: calls that were seen; the simplest of them are tried first.
        fakes: what stood in for programs and servers before; it is tried before what is made up.
    """

    name = "native"

    def __init__(
        self,
        module: SourceModule,
        facts: ModuleFacts,
        *,
        seed: int,
        without: frozenset[Capability] = frozenset(),
        recipes: Sequence[Recipe] = (),
        fakes: Sequence[Fake] = (),
    ) -> None:
        self.module = module
        self.facts = facts
        self.without = without
        self.rng = random.Random(f"{seed}:{module.name}")
        constants = module_constants(module)
        self.builder = Builder(facts, constants.strings, constants.numbers, self.rng)
        self.builder.standins = Capability.STANDINS not in without
        known = KnownCalls(() if Capability.RECIPES in without else recipes, module.name.partition(".")[0])
        known.teach(self.builder)
        self._known = known
        self.archive = Archive()
        self._evidence = {} if Capability.EVIDENCE in without else parameter_evidence(module)
        self._begun = not any(target.kind is Kind.CONSTRUCTOR for target in module.targets)
        self._broken: set[str] = set()
        self._plans: dict[str, Plan] = {}
        self._tried: set[str] = set()
        self._worlds = worlds.Worlds(module, fakes=Capability.FAKES not in without, known=fakes)
        self._seeder = Seeder(module, facts, self.builder, self._evidence, self._worlds, self.rng)
        self._states = [self._seeder.state(target) for target in module.targets if target.kind is not Kind.CLOSURE]
        self._by_id = {state.target.id: state for state in self._states}
        self._results = Results(module, self.builder, self._evidence)
        self._behind = Behind(module)
        self._mender = Mender(module, self.builder, self._evidence, self.rng)
        self._probing = Probing(module, facts, self.builder, arguments=self.builder.standins)
        self._failures = Failures(module)
        self._feeding = Feeding()
        self._urgent: deque[Plan] = deque()
        """Questions to the code and what came of them: few, and many other plans hang on them."""
        self._variation = Variation(self._seeder.receivers, self._methods_by_class(), self.rng)
        self._survivors = Survivors(module, self._states, self.archive, self._variation, self.rng)
        self._strings = None if Capability.STRINGS in without else Strings(module, self.rng)
        self._following = Following(facts, self.builder, self._strings, self.rng)
        self._open_lines: frozenset[int] = frozenset()
        for state in self._states:
            if self._strings is not None:
                self._strings.enrich(state)
            if Capability.FAKES not in without:
                self._worlds.trees.enrich(state)
            known.enrich(state)

    # -- the Proposer protocol ----------------------------------------------------------------------------------

    def propose(self, request: Request) -> list[Candidate]:
        """Candidates that aim at what is open: seeds and repairs first, then variations of what came close."""
        open_lines = {abs(goal.arc[0]) for goal in request.goals} | {mutant.line for mutant in request.mutants}
        wanted_lines = sorted(open_lines | {mutant.line for mutant in request.mutants})
        self._open_lines = frozenset(open_lines)
        found: list[Candidate] = []
        while self._urgent and len(found) < request.count // 2:
            plan = self._urgent.popleft()
            self._offer(self._by_id[plan.target.id], plan, found)
        queued = request.count
        if Capability.VARIATION not in self.without and not schedule.beginners(self._states):
            queued -= int(request.count * schedule.VARIED)
        for state in schedule.turns(self._states, open_lines):
            if not state.seeded:
                if found and not self._begun and state.target.kind in (Kind.METHOD, Kind.PROPERTY):
                    break  # what the constructors make of it decides on what methods are called
                state.seeded = True
                seeds = self._seeder.seeds(state)
                state.queue.extend(self._known.queue(state.target, self._seeder.receivers(state.target), seeds))
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
            self._begun = True
            state = self._by_id[plan.target.id]
            if seen.operands:
                self._follow_operands(state, plan, seen)
                continue
            answered = self._probing.answer(state, plan, seen)
            if answered is not None:
                self._urgent.extend(answered)
                continue
            if seen.blocked and Capability.FAKES in self.without:
                continue
            if seen.blocked:
                fakes = self._probing.barred(state, plan, seen)
                self._provoke(plan, seen)
                self._urgent.extend((fakes or [])[:1])
                self._in_front(state, self._worlds.answers(plan, seen) if fakes is None else fakes[1:])
                continue
            if any(effect.kind in ("cwd", "home") for effect in seen.effects):
                self._in_front(state, self._worlds.answers(plan, seen))
            if seen.outcome in (Outcome.TIMEOUT, Outcome.CRASHED, Outcome.INVALID):
                self._hung(state, plan, seen)
                continue
            self._behind.note(seen.arcs - self.archive.arcs)
            fresh = self.archive.add(plan, seen)
            if Capability.FAKES not in self.without:
                self._provoke(plan, seen)
            state.gains += fresh > 0
            state.worked |= seen.outcome is Outcome.RETURNED
            if seen.outcome is Outcome.ARRANGE_FAILED and plan.receiver is not None and not plan.steps:
                self._broken.add(plan.receiver.source)
            if seen.outcome is Outcome.RETURNED:
                self._returned(state, plan, seen, fresh)
            elif seen.raised is not None:
                self._urgent.extend(self._probing.doubt(state, plan, seen.raised))
                self._raised(state, plan, seen, fresh)

    def curious(self, observed: Sequence[tuple[Candidate, Observation]]) -> list[Candidate]:
        """What was meant to turn a predicate whose line has an open branch still: its operands tell more."""
        return self._following.curious(observed, self._open_lines)

    def aim(self, sighting: Sighting, nearest: Candidate | None, count: int, done: Container[str]) -> list[Candidate]:
        """Candidates for one mutant that nothing notices yet, one purposeful step from what came near it."""
        found: dict[str, Candidate] = {}
        plan = self._plans.get(nearest.key) if nearest is not None else None
        for state, new in islice(self._survivors.plans(sighting, plan), _AIMED_TRIES * count):
            if state.timeouts <= _MOST_TIMEOUTS and len(found) < count:
                made = to_candidate(new)
                if made.key not in done:
                    self._plans.setdefault(made.key, new)
                    found.setdefault(made.key, made)
        self._tried |= found.keys()
        return list(found.values())

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
        if plan.receiver is not None and plan.receiver.source in self._broken:
            working = [each for each in self._seeder.receivers(plan.target) if each.source not in self._broken][:4]
            plan = replace(plan, receiver=self.rng.choice(working)) if working else plan
        candidate = to_candidate(plan)
        key = candidate.key
        if key in self._tried:
            return
        if plan.aim:
            self._following.offered(state, key, plan.aim)
            plan = replace(plan, aim=0)
        self._tried.add(key)
        self._plans[key] = plan
        state.offered += 1
        found.append(candidate)

    def _provoke(self, plan: Plan, seen: Observation) -> None:
        """Failures in the calls that the plan came to."""
        lines = {abs(line) for arc in seen.arcs for line in arc}
        self._urgent.extend(self._failures.provoke(plan, lines, self.archive.lines))

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
        self._feeding.returned(plan, seen)
        self._in_front(state, self._results.follow(plan, type_name))
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
        known = self.facts.classes.get(dotted)
        owners = {dotted, *(known.ancestors if known else ())}
        for state in self._states:
            if state.target.kind not in (Kind.METHOD, Kind.PROPERTY):
                continue
            if f"{state.target.module}.{state.target.owner}" in owners:
                base = [plan for plan in state.good[-1:] or list(state.queue)[:1] if plan.receiver is not None]
                fresh = [replace(plan, receiver=value, generation=0) for plan in base]
                (state.queue.extend if state.worked else state.queue.extendleft)(fresh)

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
        if plan.receiver is not None and incomplete(plan.receiver.type_name, seen.raised):
            self._broken.add(plan.receiver.source)
        if fresh or not state.good:
            state.good.append(plan)
            del state.good[:-12]
        if Capability.RESULTS not in self.without:
            self._in_front(state, self._feeding.plans(state, plan))
        if Capability.REPAIR in self.without:
            return
        if plan.generation >= _MOST_GENERATIONS or (not fresh and plan.generation > 6):
            return
        if not fresh and state.worked and not self._behind.pays(plan.target.id, seen.raised):
            return
        mended = self._mender.mended(state, plan, seen.raised, gained=fresh > 0)
        if self._strings is not None:
            read = self._strings.after_exception(state, plan, seen.raised, gained=fresh > 0)
            mended += read[:_TEXTS]
        prepared = self._worlds.after_exception(plan, seen.raised)
        mended[:0] = [replace(new, generation=plan.generation + 1) for new in prepared]
        self._in_front(state, mended)

    def _follow_operands(self, state: State, plan: Plan, seen: Observation) -> None:
        found = self._following.plans(state, plan, seen.operands, self._open_lines)
        self._in_front(state, [replace(new, generation=min(new.generation, _MOST_GENERATIONS - 2)) for new in found])
