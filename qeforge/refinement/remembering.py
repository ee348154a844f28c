"""Memory's part in one module's run: what it offers, and what it learns."""

from collections.abc import Collection, Sequence

from qeforge.analysis.goals import GoalMap
from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Arc
from qeforge.domain.pattern import Accepted, Experience
from qeforge.domain.testcase import TestCase
from qeforge.memory.crediting import Crediting
from qeforge.memory.proposer import MemoryProposer
from qeforge.refinement.task import ModuleTask


class Remembering:
    """What stands between a module's run and memory: nothing at all where the task brings nothing.

    Args:
        task: the work.
        goals: what there is to reach.
        base: arcs that are met without any of our tests.
        others: candidates that are offered before; they come with more than a recipe does.
    """

    def __init__(self, task: ModuleTask, goals: GoalMap, base: Collection[Arc], others: Sequence[Candidate]) -> None:
        self._task = task
        self.proposers: list[MemoryProposer] = []
        recalled = task.recalled
        if recalled is not None and (recalled.offers or recalled.lent):
            credit = Crediting(task.module, recalled.lent) if recalled.lent else None
            met = goals.met(base)
            proposer = MemoryProposer(
                recalled.offers, goals.met, base=met, others=others, credit=credit, targets=task.module.targets
            )
            self.proposers.append(proposer)

    def experience(self, cases: Sequence[TestCase]) -> Experience | None:
        """What the next run can learn from the cases that are in the suite now; None where nobody wants to know."""
        if self._task.recalled is None:
            return None
        kept = [case.candidate for case in cases]
        return Experience(
            accepted=tuple(
                Accepted(
                    candidate=case.candidate,
                    goals=len(case.goals),
                    mutants=len(case.mutants),
                    raised=case.observation.raised is not None,
                )
                for case in cases
            ),
            outcomes=tuple(outcome for proposer in self.proposers for outcome in proposer.outcomes(kept)),
        )
