"""Random changes of a plan: another receiver, another step before, an argument more, less or other."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from qeforge.domain.target import Flavour, Target
from qeforge.engine.plan import Plan, Step
from qeforge.engine.state import State
from qeforge.engine.tweak import tweak
from qeforge.engine.value import Value, merged


class Variation:
    """Varies plans of one module.

    Args:
        receivers: instances for a method's target.
        methods: states of the methods of each class, by its qualname.
        rng: decides.
    """

    def __init__(
        self,
        receivers: Callable[[Target], list[Value]],
        methods: Mapping[str, Sequence[State]],
        rng: random.Random,
    ) -> None:
        self._receivers = receivers
        self._methods = methods
        self.rng = rng

    def vary(self, state: State, plan: Plan) -> Plan:
        """One or two random changes."""
        for _ in range(1 if self.rng.random() < 0.6 else 2):
            plan = self._one_change(state, plan)
        return replace(plan, generation=0)

    def _one_change(self, state: State, plan: Plan) -> Plan:
        rng = self.rng
        roll = rng.random()
        names = [a.name for a in plan.arguments]
        if plan.receiver is not None and roll < 0.2:
            others = self._receivers(state.target)
            return replace(plan, receiver=_set_up_alike(rng.choice(others), plan.receiver)) if others else plan
        if plan.receiver is not None and roll < 0.3:
            return self._with_steps(state, plan)
        absent = [p for p in state.parameters if p.has_default and p.name not in names]
        if absent and roll < 0.45:
            parameter = rng.choice(absent)
            return plan.with_argument(parameter.name, rng.choice(state.pools[parameter.name]), keyword=True)
        optional = [p.name for p in state.parameters if p.has_default and p.name in names]
        if optional and roll < 0.5:
            dropped = rng.choice(optional)
            return replace(plan, arguments=tuple(a for a in plan.arguments if a.name != dropped))
        if names and roll < 0.68:
            name = rng.choice(names)
            pool = state.pools.get(name)
            return plan.with_argument(name, rng.choice(pool)) if pool else plan
        values = plan.values()
        if not values:
            return plan
        chosen = rng.randrange(len(values))
        position = -1

        def change(old: Value) -> Value:
            nonlocal position
            position += 1
            return tweak(old, rng, state.texts) if position == chosen else old

        return plan.map_values(change)

    def _with_steps(self, state: State, plan: Plan) -> Plan:
        """Another call on the receiver before the act, or one fewer."""
        if plan.steps and self.rng.random() < 0.3:
            return replace(plan, steps=plan.steps[:-1])
        others = [
            s
            for s in self._methods.get(state.target.owner or "", ())
            if s.good and s.target.flavour in (Flavour.PLAIN, Flavour.COROUTINE)
        ]
        if not others or len(plan.steps) >= 3:
            return plan
        other = self.rng.choice(others)
        donor = self.rng.choice(other.good)
        if donor.then is not None or other.target.name.startswith("__"):
            return plan
        step = Step(
            method=other.target.name, arguments=donor.arguments, awaited=other.target.flavour is Flavour.COROUTINE
        )
        return replace(plan, steps=(*plan.steps, step))


def _set_up_alike(receiver: Value, old: Value) -> Value:
    """Another receiver, to which the same is done after it is made."""
    if not old.setup or receiver.setup:
        return receiver
    return replace(
        receiver,
        setup=old.setup,
        imports=merged((receiver.imports, old.imports)),
        before=merged((receiver.before, old.before)),
        fixtures=merged((receiver.fixtures, old.fixtures)),
        shared=True,
    )
