from collections.abc import Sequence
from dataclasses import replace

from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.observation import Observation
from qeforge.refinement.doubts import standing
from tests.fakes.judge import InProcessJudge
from tests.oracle.build import candidate, returned

STATED = replace(candidate(), claims=(Claim(expected="2", source="docstring"),))


class Elsewhere(InProcessJudge):
    """Sees given results in other surroundings."""

    def __init__(self, *sources: str) -> None:
        self.sources = sources
        self.asked: list[Candidate] = []

    def confirm(self, candidates: Sequence[Candidate]) -> list[tuple[Observation, ...]]:
        self.asked += candidates
        return [tuple(returned(source, "int") for source in self.sources)] * len(candidates)


def test_a_claim_that_is_refuted_everywhere_stands_as_a_suspect() -> None:
    [doubt] = standing(Elsewhere("3", "4"), [(STATED, returned("3")), (STATED, returned("3"))])
    assert (doubt.act, doubt.observed) == (STATED.act, "returned 3")


def test_a_claim_that_holds_somewhere_is_no_suspect() -> None:
    assert standing(Elsewhere("3", "2"), [(STATED, returned("3"))]) == ()


def test_only_what_is_in_doubt_is_tried_again() -> None:
    judge = Elsewhere("3", "3")
    assert standing(judge, [(STATED, returned("2")), (candidate(), returned("3"))]) == ()
    assert judge.asked == []
