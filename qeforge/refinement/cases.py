"""Confirmed candidates, and what they are worth together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from qeforge.analysis.goals import GoalMap
from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal
from qeforge.domain.observation import Facet, Observation
from qeforge.domain.score import Score
from qeforge.domain.testcase import TestCase
from qeforge.oracle.assertions import assertions_for
from qeforge.oracle.claims import who_said
from qeforge.oracle.stability import stable_facets
from qeforge.refinement.pool import lines_of


@dataclass(slots=True)
class Case:
    """A confirmed candidate and what it is good for."""

    case: TestCase
    facets: tuple[Facet, ...]
    lines: frozenset[int]
    kills: dict[str, frozenset[Facet]] = field(default_factory=dict)

    def justify(self) -> None:
        """Says in the case which mutants it kills."""
        self.case = replace(self.case, mutants=frozenset(self.kills))


def case_of(candidate: Candidate, seen: Observation, again: Sequence[Observation], goals: GoalMap) -> Case | None:
    """What a full look and its confirmations make of a candidate; None when nothing can be asserted."""
    assertions = assertions_for(candidate, seen, again)
    if not assertions:
        return None
    asserted = {a.facet for a in assertions} | {Facet.OUTCOME}
    arcs = seen.arcs.intersection(*(o.arcs for o in again))
    seen = replace(seen, seconds=min(o.seconds for o in (seen, *again)))  # a busy machine makes no case slow
    return Case(
        case=TestCase(
            candidate=candidate,
            observation=seen,
            assertions=assertions,
            goals=goals.met(arcs),
            stated=who_said(candidate, seen) if asserted & {Facet.RESULT, Facet.EXCEPTION} else "",
        ),
        facets=tuple(f for f in stable_facets(seen, again, candidate=candidate) if f in asserted),
        lines=lines_of(arcs),
    )


def score_of(goals: GoalMap, met: frozenset[Goal], killed: int, mutants: int, tests: int = 1) -> Score:
    """The score of what meets these goals and kills so many."""
    coverage = goals.coverage(met)
    return Score(
        line=coverage.line_rate,
        branch=coverage.branch_rate,
        mutation=killed / mutants if mutants else None,
        tests=tests,
        mutants=mutants,
        mutants_killed=killed,
    )
