"""How the loop shares its time between proposers, mutants and advisers, on a clock that work moves."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.mutant import MutantJob, MutantResult, Probe
from qeforge.domain.observation import Observation
from qeforge.domain.protocols import Request
from qeforge.engine.proposer import NativeProposer
from qeforge.refinement.limits import Limits
from qeforge.refinement.loop import Loop, Refined
from tests.fakes.judge import InProcessJudge
from tests.fakes.parts import Notes, StepClock
from tests.fakes.subject import Subject, subject
from tests.refinement.test_loop import SOURCE

LIMITS = Limits(seconds=100.0, rounds=3, first=256, later=64, mutants=100, probes=100)


class Loaded(InProcessJudge):
    """A judge on a machine with much else to do: seconds for each quick look, closer look and mutant."""

    def __init__(self, shop: Subject, clock: StepClock, *, run: float, look: float, mutant: float) -> None:
        super().__init__(shop.judge.module)
        self._clock, self._run, self._look, self._mutant = clock, run, look, mutant
        self.first_mutant: float | None = None

    def run(self, candidates: Sequence[Candidate], *, capture: bool = False) -> list[Observation]:
        self._clock.time += self._run * len(candidates)
        return super().run(candidates, capture=capture)

    def observe(self, candidates: Sequence[Candidate]) -> list[Observation]:
        self._clock.time += self._look * len(candidates)
        return [self._one(candidate) for candidate in candidates]

    def confirm(self, candidates: Sequence[Candidate]) -> list[tuple[Observation, ...]]:
        return [(seen, seen) for seen in map(self._one, candidates)]

    def mutate(
        self, jobs: Sequence[MutantJob], probes: Sequence[Probe], *, first_only: bool = True
    ) -> list[MutantResult]:
        if self.first_mutant is None:
            self.first_mutant = self._clock.time
        self._clock.time += self._mutant * len(jobs)
        return super().mutate(jobs, probes, first_only=first_only)


class Greedy:
    """An adviser that takes all the time that it is offered for each answer, and a bit more."""

    name = "greedy"

    def __init__(self, shop: Subject, clock: StepClock) -> None:
        self._shop, self._clock = shop, clock
        self.offered: list[float] = []
        self.asked: list[float] = []

    def propose(self, request: Request) -> Sequence[Candidate]:
        self.offered.append(request.seconds)
        self.asked.append(self._clock.time)
        self._clock.time += request.seconds * 1.02
        return self._shop.calls(f"never({len(self.offered)})")

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        """Does not listen."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


def refine(shop: Subject, judge: Loaded, clock: StepClock, *advisers: Greedy) -> Refined:
    native = NativeProposer(shop.module, judge.facts(), seed=1)
    return Loop(
        shop.module.name, judge, shop.goals, shop.mutants, [native], base=frozenset(), limits=LIMITS, clock=clock,
        progress=Notes(), advisers=advisers,
    ).run()  # fmt: skip


@pytest.mark.parametrize(("run", "look"), [(0.0, 0.1), (0.05, 0.2), (0.1, 0.5)])
def test_nobody_is_asked_before_the_proposers_are_stuck(shop: Subject, run: float, look: float) -> None:
    clock, alone = StepClock(), StepClock()
    judge, greedy = Loaded(shop, clock, run=run, look=look, mutant=0.05), Greedy(shop, clock)
    refined = refine(shop, judge, clock, greedy)
    without = refine(shop, Loaded(shop, alone, run=run, look=look, mutant=0.05), alone)
    assert greedy.offered
    assert judge.first_mutant is not None
    assert judge.first_mutant < greedy.asked[0]
    stuck = next((at for at, one in enumerate(without.rounds, 1) if at > 1 and one.kept == 0), len(without.rounds))
    same = [(one.offered, one.kept, one.quality) for one in without.rounds[: stuck - 1]]
    assert [(one.offered, one.kept, one.quality) for one in refined.rounds[: stuck - 1]] == same
    assert {case.candidate.key for case in refined.cases} >= {case.candidate.key for case in without.cases}


def test_an_adviser_is_offered_no_more_than_half_of_what_is_left(shop: Subject) -> None:
    clock = StepClock()
    greedy = Greedy(shop, clock)
    refine(shop, Loaded(shop, clock, run=0.0, look=0.0, mutant=0.0), clock, greedy)
    assert greedy.offered[0] == pytest.approx((LIMITS.seconds - greedy.asked[0]) / 2)


def test_an_adviser_is_asked_late_however_well_the_proposers_get_on(shop: Subject) -> None:
    clock = StepClock()
    judge, greedy = Loaded(shop, clock, run=0.5, look=0.5, mutant=0.3), Greedy(shop, clock)
    refine(shop, judge, clock, greedy)
    assert greedy.asked[0] < LIMITS.seconds


def test_nobody_is_asked_once_time_is_up(shop: Subject) -> None:
    clock = StepClock()
    judge, greedy = Loaded(shop, clock, run=6.0, look=2.0, mutant=2.0), Greedy(shop, clock)
    refine(shop, judge, clock, greedy)
    assert greedy.offered == []
