"""Candidates aimed at one mutant that nothing notices yet."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from qeforge.domain.survivor import Difference, Sighting, Stage
from qeforge.domain.target import Flavour, Kind, SourceModule
from qeforge.engine import aiming
from qeforge.engine.archive import Archive
from qeforge.engine.plan import Plan, Step
from qeforge.engine.state import State
from qeforge.engine.variation import Variation

_BASES = 3
_USERS = 8
_VARIED = 6

Aimed = Iterator[tuple[State, Plan]]


class Survivors:
    """Aims for the targets of one module.

    Args:
        module: what is under test.
        states: of its targets.
        archive: plans by the lines that they run.
        variation: changes at random what no strategy knows better.
        rng: decides among equals.
    """

    def __init__(
        self, module: SourceModule, states: Sequence[State], archive: Archive, variation: Variation, rng: random.Random
    ) -> None:
        self._states = states
        self._by_id: Mapping[str, State] = {state.target.id: state for state in states}
        self._archive = archive
        self._variation = variation
        self._rng = rng
        self._lines = module.source.split("\n")
        self._users: dict[str, list[State]] = {}

    def plans(self, sighting: Sighting, nearest: Plan | None) -> Aimed:
        """Plans that should bring the mutant's difference further, likeliest first; may go on for long."""
        tries: list[Aimed] = []
        if sighting.globals:
            tries.append(self._about_globals(sighting.globals))
        bases = self._bases(sighting, nearest)
        if sighting.stage is Stage.NO_PROPAGATION:
            tries += [self._observing(base) for base in bases[:2]]
        text = "\n".join(self._lines[sighting.mutant.start[0] - 1 : sighting.mutant.end[0]])
        tries += [_of(self._state(base), aiming.aims(base, sighting, text, self._rng)) for base in bases]
        yield from aiming.turns(tries)
        for base in bases * _VARIED:
            state = self._state(base)
            yield state, self._variation.vary(state, base)

    def _state(self, plan: Plan) -> State:
        return self._by_id[plan.target.id]

    def _bases(self, sighting: Sighting, nearest: Plan | None) -> list[Plan]:
        """What to start from: what came nearest, what goes on farthest behind the mutant, and the plainest plan that
        runs its line."""
        line = sighting.mutant.line
        found = [nearest] if nearest is not None else []
        parents = self._archive.parents(line)
        ends = [state.target.span.end_line for state in self._states if line in state.target.span]
        for later in range(min(ends, default=line), line, -1):
            last = [plan for plan in self._archive.parents(later) if nearest is None or plan.target == nearest.target]
            if last:
                found.append(last[0])
                break
        unique = dict.fromkeys((*found, *parents))
        return list(unique)[:_BASES]

    # -- what the module keeps --------------------------------------------------------------------------------------

    def _about_globals(self, differences: Sequence[Difference]) -> Aimed:
        """Calls of whatever uses a global, with what its changed part is about."""
        name = re.match(r"\w+", differences[0].name)
        assert name is not None
        root = name.group()
        texts = aiming.texts_for(differences, self._rng)
        numbers = aiming.numbers_for(differences)
        tries: list[Aimed] = []
        for state in self._users_of(root):
            known = self._known(state)
            for base in _with_any(known, "str")[:1]:
                tries.append(_of(state, aiming.with_texts(base, texts)))
            fitting = (_with_any(known, *types)[:1] for types in (("str",), ("int", "float"), ("list", "tuple")))
            for base in dict.fromkeys(chain.from_iterable(fitting)):
                tries.append(_of(state, aiming.with_numbers(base, numbers)))
        if ".__defaults__" in differences[0].name or ".__kwdefaults__" in differences[0].name:
            owner = differences[0].name.partition(".__")[0]
            tries[:0] = [self._with_defaults(state) for state in self._states if state.target.qualname == owner]
        yield from aiming.turns(tries)

    def _known(self, state: State) -> list[Plan]:
        """Plans for a target: those that go farthest, the cheapest of each first; then what is left to try."""
        span = state.target.span
        ran = (plan for line in range(span.end_line, span.line, -1) for plan in self._archive.parents(line))
        own = [plan for plan in ran if plan.target == state.target]
        return list(dict.fromkeys([*own, *state.good[::-1], *list(state.queue)[:4]]))

    def _with_defaults(self, state: State) -> Aimed:
        """Calls that leave out what may be left out."""
        optional = {parameter.name for parameter in state.parameters if parameter.has_default}
        for base in self._known(state):
            kept = tuple(a for a in base.arguments if not a.keyword or a.name not in optional)
            positional = [a for a in kept if not a.keyword]
            while positional and positional[-1].name in optional:
                positional.pop()
            plan = replace(base, arguments=(*positional, *(a for a in kept if a.keyword)))
            yield state, plan

    def _users_of(self, name: str) -> list[State]:
        """Targets whose text has the name; public ones first, those that take least first."""
        if name not in self._users:
            word = re.compile(rf"\b{re.escape(name)}\b")
            using = [
                state
                for state in self._states
                if any(
                    word.search(line) for line in self._lines[state.target.span.line - 1 : state.target.span.end_line]
                )
            ]
            using.sort(key=lambda state: (state.target.is_private, len(state.parameters), state.target.id))
            self._users[name] = using[:_USERS]
        return self._users[name]

    # -- what is not looked at --------------------------------------------------------------------------------------

    def _observing(self, plan: Plan) -> Aimed:
        """The same call as a step, and then a look at the receiver through another of its methods or properties."""
        state, target = self._state(plan), plan.target
        if plan.receiver is None or target.kind is not Kind.METHOD or target.name.startswith("__"):
            return
        if target.flavour not in (Flavour.PLAIN, Flavour.COROUTINE) or len(plan.steps) >= 3:
            return
        step = Step(method=target.name, arguments=plan.arguments, awaited=target.flavour is Flavour.COROUTINE)
        yield state, replace(plan, steps=(*plan.steps, step))
        for other in self._states:
            if other.target.owner == target.owner and other.target.kind in (Kind.METHOD, Kind.PROPERTY):
                for base in other.good[-1:]:
                    yield other, replace(base, receiver=plan.receiver, steps=(*plan.steps, step))


def _of(state: State, plans: Iterator[Plan]) -> Aimed:
    return ((state, plan) for plan in plans)


def _with_any(plans: Sequence[Plan], *types: str) -> list[Plan]:
    return [plan for plan in plans if any(value.type_name in types for value in plan.values())]
