from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.mutant import MutantJob, MutantResult, Probe
from qeforge.domain.observation import Facet, Observation
from qeforge.domain.pattern import Offer
from qeforge.domain.protocols import Clock, Proposer
from qeforge.domain.trajectory import Stop
from qeforge.engine.proposer import NativeProposer
from qeforge.memory.proposer import MemoryProposer
from qeforge.refinement.limits import Limits
from qeforge.refinement.loop import Loop, Refined
from tests.fakes.judge import InProcessJudge
from tests.fakes.parts import BatchProposer, EndlessProposer, Notes, StepClock
from tests.fakes.subject import Subject, subject

SOURCE = """
    def grade(points, bonus=0):
        total = points + bonus
        if total < 0:
            raise ValueError("no such grade")
        if total > 90:
            return "A"
        if total > 60:
            return "B"
        return "C"


    def never(value):
        if value == "a text that nobody will guess":
            return 1
        return 2


    def area(width, height, depth):
        if width <= 0 or height <= 0 or depth <= 0:
            return 0
        return 2 * (width * height + height * depth + width * depth)
    """
LIMITS = Limits(seconds=100.0, rounds=7, first=640, later=320, mutants=100, probes=50)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


def refine(
    shop: Subject,
    *proposers: Proposer,
    limits: Limits = LIMITS,
    clock: Clock | None = None,
    judge: InProcessJudge | None = None,
    mutants: bool = True,
    notes: Notes | None = None,
) -> Refined:
    return Loop(
        shop.module.name,
        judge or shop.judge,
        shop.goals,
        shop.mutants if mutants else (),
        proposers,
        base=frozenset(),
        limits=limits,
        clock=clock or StepClock(),
        progress=notes or Notes(),
    ).run()


def acts(refined: Refined) -> set[str]:
    return {case.candidate.act for case in refined.cases}


def test_quality_never_goes_down_and_ends_above_nothing(shop: Subject) -> None:
    refined = refine(shop, NativeProposer(shop.module, shop.judge.facts(), seed=1))
    qualities = [round.quality for round in refined.rounds]
    assert len(qualities) > 1
    assert qualities == sorted(qualities)
    assert qualities[-1] > 0.5


def test_the_same_seed_gives_the_same_cases_and_rounds(shop: Subject) -> None:
    first, second = (refine(shop, NativeProposer(shop.module, shop.judge.facts(), seed=3)) for _ in range(2))
    assert (first.cases, first.needed, first.rounds) == (second.cases, second.needed, second.rounds)


def test_a_round_that_adds_nothing_is_the_last(shop: Subject) -> None:
    refined = refine(shop, BatchProposer(shop.calls("grade(95)", "never(1)")))
    assert (refined.stop, len(refined.rounds)) == (Stop.PLATEAU, 2)
    assert refined.rounds[1].quality == refined.rounds[0].quality


def test_it_ends_at_once_when_all_goals_are_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = subject(tmp_path, "def double(x):\n    return x * 2\n", monkeypatch)
    everything = frozenset({(-1, 1), (1, -1), *small.judge.import_arcs})
    refined = Loop(
        "shop",
        small.judge,
        small.goals,
        (),
        [BatchProposer(small.calls("double(4)"))],
        base=everything,
        limits=LIMITS,
        clock=StepClock(),
        progress=Notes(),
    ).run()
    assert (refined.stop, len(refined.rounds)) == (Stop.GOALS_MET, 1)
    assert acts(refined) == {"double(4)"}


def test_rounds_are_bounded(shop: Subject) -> None:
    refined = refine(shop, BatchProposer(shop.calls("grade(95)")), limits=replace(LIMITS, rounds=1))
    assert (refined.stop, len(refined.rounds)) == (Stop.ROUNDS, 1)


def test_the_work_of_a_round_is_bounded_by_executions_not_by_time(shop: Subject) -> None:
    made = EndlessProposer(lambda number: shop.call(f"grade({number})"))
    refined = refine(shop, made, limits=replace(LIMITS, rounds=1, first=128))
    assert refined.offered == made.offered == 128


def test_batches_in_which_nothing_is_new_end_a_round(shop: Subject) -> None:
    made = EndlessProposer(lambda number: shop.call(f"grade(0, {number})"))
    refined = refine(shop, made, limits=replace(LIMITS, rounds=1, first=1_000_000))
    assert refined.offered < 2_000


def test_the_clock_stops_it_and_what_was_found_stays(shop: Subject) -> None:
    made = EndlessProposer(lambda number: shop.call(f"grade({number})"))
    clock = StepClock(step=0.5)
    refined = refine(shop, made, limits=replace(LIMITS, seconds=20.0, first=1_000_000), clock=clock)
    assert refined.stop is Stop.TIME
    assert clock.time < 40
    assert refined.cases


def test_the_first_few_are_looked_at_however_late_it_is(shop: Subject) -> None:
    offered = shop.calls("grade(95)", *(f"area({n}, 2, 3)" for n in range(1, 30)))
    refined = refine(shop, BatchProposer(offered), limits=replace(LIMITS, seconds=0.5), clock=StepClock(step=1.0))
    assert refined.stop is Stop.TIME
    assert 0 < len(refined.cases) <= 8


def test_a_search_that_the_clock_cut_says_so_however_it_ended(shop: Subject) -> None:
    class Slow(BatchProposer):
        """The first round takes longer than its share; the second has nothing more to offer."""

        def propose(self, request: object) -> Sequence[Candidate]:
            if self._batches:
                clock.time += 60.0
            return self._batches.pop(0) if self._batches else ()

    clock = StepClock()
    refined = refine(shop, Slow(shop.calls("grade(1)")), clock=clock)
    assert (refined.stop, len(refined.rounds)) == (Stop.TIME, 2)


class Interrupted(InProcessJudge):
    """Ctrl-C comes at one moment."""

    at = ""

    def run(self, candidates: Sequence[Candidate], *, capture: bool = False) -> list[Observation]:
        if self.at == "second round" and "grade(61)" in [c.act for c in candidates]:
            raise KeyboardInterrupt
        return super().run(candidates, capture=capture)

    def mutate(
        self, jobs: Sequence[MutantJob], probes: Sequence[Probe], *, first_only: bool = True
    ) -> list[MutantResult]:
        if self.at == "mutants":
            self.at = "more mutants"
        elif self.at == "more mutants":
            raise KeyboardInterrupt
        return super().mutate(jobs, probes, first_only=first_only)


@pytest.mark.parametrize("moment", ["second round", "mutants"])
def test_ctrl_c_keeps_what_was_found_until_then(shop: Subject, moment: str) -> None:
    judge = Interrupted(shop.judge.module)
    judge.at = moment
    mine = replace(shop, judge=judge)
    refined = refine(mine, BatchProposer(shop.calls("grade(95)", "area(1, 2, 3)"), (), shop.calls("grade(61)")))
    assert refined.stop is Stop.INTERRUPTED
    assert acts(refined) == {"grade(95)", "area(1, 2, 3)"}
    killed = {mutant for case in refined.cases for mutant in case.mutants}
    assert killed == {mutant for kills in refined.needed.values() for mutant in kills} != set()


def test_mutants_belong_to_the_candidates_that_notice_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adding = subject(tmp_path, "def add(a, b):\n    return a + b\n", monkeypatch)
    refined = refine(adding, BatchProposer(adding.calls("add(0, 0)", "add(2, 5)")))
    [minus] = [m.id for m in adding.mutants if m.replacement == "-"]
    needed = {key.rpartition("\n")[2]: kills for key, kills in refined.needed.items()}
    assert needed["add(2, 5)"][minus] == {Facet.RESULT}
    assert minus not in needed.get("add(0, 0)", {})
    assert all(case.mutants == frozenset(refined.needed[case.candidate.key]) for case in refined.cases)


def test_the_next_round_is_told_which_mutants_live(shop: Subject) -> None:
    proposer = BatchProposer(shop.calls("grade(95)"), (), shop.calls("grade(1)"))
    refined = refine(shop, proposer)
    alive = {mutant.id for mutant in proposer.requests[-1].mutants}
    assert alive
    assert not alive & {mutant for case in refined.cases for mutant in case.mutants}


def test_a_probe_is_tried_once_on_a_mutant(shop: Subject) -> None:
    refine(shop, BatchProposer(shop.calls("grade(95)")))
    once = shop.judge.mutant_runs
    assert 0 < once <= len(shop.mutants)


def test_what_ends_differently_in_another_process_becomes_no_case(shop: Subject) -> None:
    class Wavering(InProcessJudge):
        def confirm(self, candidates: Sequence[Candidate]) -> list[tuple[Observation, ...]]:
            other = self.run([replace(c, act=c.act.replace("95", "-5")) for c in candidates])
            return [(seen, seen) for seen in other]

    judge = Wavering(shop.judge.module)
    refined = refine(replace(shop, judge=judge), BatchProposer(shop.calls("grade(95)", "grade(2)")))
    assert acts(refined) == {"grade(2)"}


def test_of_too_many_mutants_the_same_sample_is_tried_every_time(shop: Subject) -> None:
    proposers = [BatchProposer(shop.calls("grade(95)")) for _ in range(2)]
    refined = [refine(shop, proposer, limits=replace(LIMITS, mutants=4)) for proposer in proposers]
    first, second = ([mutant.id for mutant in proposer.requests[0].mutants] for proposer in proposers)
    assert first == second
    assert len(set(first) & {mutant.id for mutant in shop.mutants}) == 4
    assert all(one.mutants <= 4 for one in refined)


def test_candidates_with_claims_are_handed_on_with_what_was_seen(shop: Subject) -> None:
    claiming = replace(shop.call("grade(95)"), claims=(Claim(expected="'B'", source="docstring"),))
    refined = refine(shop, BatchProposer([claiming, shop.call("grade(1)")]))
    [(candidate, seen)] = refined.observed
    assert candidate == claiming
    assert seen.result is not None
    assert seen.result.source == "'A'"


def test_every_proposer_hears_what_became_of_every_candidate(shop: Subject) -> None:
    first, second = BatchProposer(shop.calls("grade(95)")), BatchProposer(shop.calls("grade(1)"))
    refine(shop, first, second)
    assert {c.act for c, _ in first.learned} == {c.act for c, _ in second.learned} == {"grade(95)", "grade(1)"}


def test_a_proposer_that_offers_nothing_ends_quietly(shop: Subject) -> None:
    refined = refine(shop, BatchProposer())
    assert (refined.cases, refined.offered, refined.stop) == ((), 0, Stop.PLATEAU)


def test_progress_counts_rounds_from_one_and_mutants_down(shop: Subject) -> None:
    notes = Notes()
    refine(shop, BatchProposer(shop.calls("grade(95)", "grade(-1)")), notes=notes)
    rounds, coverage, mutants = zip(*notes.updates, strict=True)
    assert (rounds[0], rounds[-1]) == (1, 2)
    assert list(coverage) == sorted(coverage)
    assert list(mutants) == sorted(mutants, reverse=True)


@pytest.mark.parametrize("seconds", [1.0, 10.0, 60.0])
def test_work_grows_with_the_time_allowed(seconds: float) -> None:
    limits, twice = Limits.within(seconds, 7), Limits.within(2 * seconds, 7)
    assert (limits.seconds, limits.rounds) == (seconds, 7)
    assert all(
        getattr(twice, name) == 2 * getattr(limits, name) > 0 for name in ("first", "later", "mutants", "probes")
    )


def test_what_was_in_a_suite_before_gets_a_closer_look_whatever_else_it_does(shop: Subject) -> None:
    few = replace(LIMITS, probes=0)
    calls = shop.calls("grade(95)", "grade(96)", "grade(97)", "grade(undefined)")
    plain = refine(shop, BatchProposer(calls), limits=few, mutants=False)
    assert len(plain.cases) == 1  # one call meets all that these meet
    offers = [Offer(pattern=one.act, candidate=one, kept=number != 1) for number, one in enumerate(calls)]
    proven = refine(shop, MemoryProposer(offers, shop.goals.met), limits=few, mutants=False)
    assert acts(proven) == {"grade(95)", "grade(97)"}


def test_with_memory_the_same_quality_takes_fewer_executions(shop: Subject) -> None:
    """The first run searches long; the second one begins with what the first kept."""
    first = refine(shop, NativeProposer(shop.module, shop.judge.facts(), seed=1))
    kept, done = [], set[object]()
    for case in sorted(first.cases, key=lambda each: -len(each.mutants)):
        if not {*case.goals, *case.mutants} <= done:
            kept.append(Offer(pattern=case.name, candidate=case.candidate, kept=True))
            done |= {*case.goals, *case.mutants}
    short = replace(LIMITS, first=1, rounds=1)
    memory = MemoryProposer(kept, shop.goals.met)
    again = refine(shop, memory, NativeProposer(shop.module, shop.judge.facts(), seed=1), limits=short)
    without = refine(shop, NativeProposer(shop.module, shop.judge.facts(), seed=1), limits=short)
    assert again.rounds[-1].quality >= first.rounds[-1].quality
    assert again.offered < without.offered < first.offered
