"""The best plan for each goal, and enough of the rest to breed from.

A many-objective archive in the manner of DynaMOSA (Panichella et al., 2018): goals are independent, each keeps its
shortest plan, and search is aimed at goals whose guarding line has been reached.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from qeforge.domain.observation import Arc, Observation, Outcome
from qeforge.engine.plan import Plan

_PARENTS = 6


def cost(plan: Plan, observation: Observation) -> tuple[int, int]:
    """Smaller is better: plans that return before those that raise, then the shorter text."""
    size = sum(len(value.source) + 20 * len(value.setup) for value in plan.values()) + 40 * len(plan.steps)
    return (observation.outcome is not Outcome.RETURNED, size + 30 * len(plan.world))


@dataclass(slots=True)
class Archive:
    """Plans by the lines that they run."""

    arcs: set[Arc] = field(default_factory=set)
    _parents: defaultdict[int, list[tuple[tuple[int, int], int, Plan]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _count: int = 0

    def add(self, plan: Plan, observation: Observation) -> int:
        """How many arcs are new; the plan becomes a parent for its lines where it is among the cheapest or newest."""
        fresh = len(observation.arcs - self.arcs)
        self.arcs |= observation.arcs
        price = cost(plan, observation)
        self._count += 1
        for line in {abs(line) for arc in observation.arcs for line in arc}:
            parents = self._parents[line]
            if fresh or len(parents) < _PARENTS or price < parents[-1][0]:
                parents.append((price, self._count, plan))
                parents.sort(key=lambda entry: entry[:2])
                del parents[_PARENTS:]
        return fresh

    @property
    def lines(self) -> Collection[int]:
        """Lines that any plan ran."""
        return self._parents.keys()

    def parents(self, line: int) -> list[Plan]:
        """Plans that run this line, the cheapest first."""
        return [plan for _, _, plan in self._parents.get(line, ())]
