"""What there is to reach in a module, counted as coverage.py counts it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from qeforge.analysis.flow import Flow, flow_of
from qeforge.analysis.lines import Layout, layout_of
from qeforge.analysis.ownership import Ownership, ownership_of
from qeforge.analysis.syntax import parse
from qeforge.domain.goal import Coverage, Goal, GoalKind
from qeforge.domain.observation import Arc
from qeforge.domain.target import SourceModule


@dataclass(frozen=True, slots=True, eq=False)
class GoalMap:
    """The goals of one module, and what raw arcs from a tracer mean for them. Make it with `GoalMap.of`.

    Args:
        goals: every statement line, and every branch arc of lines with more than one exit. A goal belongs to the
            target whose call runs it: a `def` line to the scope around it, class bodies to the module.
    """

    goals: frozenset[Goal]
    _layout: Layout
    _flow: Flow
    _entries: Mapping[int, str]
    _lines: Mapping[int, Goal]
    _branches: Mapping[Arc, Goal]
    _by_target: Mapping[str | None, frozenset[Goal]]
    # Translations already made: a pure function's memory, not state.
    _known: dict[Arc, tuple[Goal, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, module: SourceModule) -> "GoalMap":
        """The goals of a module, from its source.

        Never fails: what coverage.py's parser cannot read (syntax of another Python) is reduced to its statement
        lines, or to nothing.
        """
        layout = layout_of(module.source)
        ownership = _ownership(module, layout)
        owners = ownership.owners
        lines = {
            line: Goal(kind=GoalKind.LINE, arc=(line, line), target=owners.get(line)) for line in layout.statements
        }
        branches = {arc: Goal(kind=GoalKind.BRANCH, arc=arc, target=owners.get(arc[0])) for arc in layout.branches}
        goals = frozenset(lines.values()) | frozenset(branches.values())
        by_target: dict[str | None, set[Goal]] = {}
        for goal in goals:
            by_target.setdefault(goal.target, set()).add(goal)
        flow = flow_of(layout.arcs | ownership.handlers, layout.branches, ownership.starts)
        return cls(
            goals=goals,
            _layout=layout,
            _flow=flow,
            _entries=ownership.entries,
            _lines=MappingProxyType(lines),
            _branches=MappingProxyType(branches),
            _by_target=MappingProxyType({name: frozenset(held) for name, held in by_target.items()}),
        )

    def met(self, arcs: Iterable[Arc]) -> frozenset[Goal]:
        """The goals that an execution with these arcs meets."""
        known = self._known
        met: set[Goal] = set()
        for arc in arcs:
            goals = known.get(arc)
            if goals is None:
                goals = known[arc] = self._meets(arc)
            met.update(goals)
        return frozenset(met)

    def entered(self, arcs: Iterable[Arc]) -> frozenset[str]:
        """Ids of the targets whose code an execution with these arcs entered, one-line functions included."""
        return frozenset(self._entries[-start] for start, _ in arcs if start < 0 and -start in self._entries)

    def coverage(self, met: Iterable[Goal]) -> Coverage:
        """The counts that `coverage json` with `--branch` reports for an execution that met these goals."""
        reached = self.goals.intersection(met)
        lines = sum(goal.kind is GoalKind.LINE for goal in reached)
        return Coverage(
            lines=len(self._lines),
            lines_met=lines,
            branches=len(self._branches) + self._layout.granted,
            branches_met=len(reached) - lines + self._layout.granted,
        )

    def goals_of(self, target: str | None) -> frozenset[Goal]:
        """The goals of one target by its id; those at module level for None."""
        return self._by_target.get(target, frozenset())

    def frontier(self, met: Iterable[Goal]) -> frozenset[Goal]:
        """Open goals that are one step away: branches of lines that were reached, lines that control can come to
        directly from those, and the first lines of functions that were never entered."""
        met = frozenset(met)
        reached = {goal.arc[0] for goal in met if goal.kind is GoalKind.LINE}
        branches = (goal for arc, goal in self._branches.items() if arc[0] in reached)
        lines = (goal for line, goal in self._lines.items() if self._flow.is_near(line, reached))
        return frozenset({*branches, *lines}.difference(met))

    def depends(self, goal: Goal) -> Goal | None:
        """The branch nearest to a goal that must be taken to reach it; None when nothing guards it.

        Early returns and `continue` count as guards of what follows them.
        """
        arc = self._flow.guard.get(goal.arc[0])
        return None if arc is None else self._branches.get(arc)

    @property
    def excluded(self) -> frozenset[int]:
        """Lines that are not counted, such as those marked `pragma: no cover`."""
        return self._layout.excluded

    def _meets(self, arc: Arc) -> tuple[Goal, ...]:
        lines, branches = self._layout.translate(arc)
        found = (*(self._lines.get(line) for line in lines), *(self._branches.get(taken) for taken in branches))
        return tuple(goal for goal in found if goal is not None)


def _ownership(module: SourceModule, layout: Layout) -> Ownership:
    try:
        tree = parse(module.source)
    except SyntaxError:
        return Ownership()
    return ownership_of(tree, module.targets, layout.first)
