"""Aiming at mutants that are still alive, with a real judge and with one that only plays."""

from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.analysis.goals import GoalMap
from qeforge.analysis.mutants import find_mutants
from qeforge.analysis.targets import find_targets
from qeforge.domain.candidate import Candidate
from qeforge.domain.capability import Capability
from qeforge.domain.mutant import Mutant
from qeforge.domain.observation import Observation
from qeforge.domain.survivor import Sighting
from qeforge.engine.proposer import NativeProposer
from qeforge.refinement.limits import Limits
from qeforge.refinement.loop import Loop, Refined
from qeforge.refinement.survivors import ENOUGH, Hunt
from tests.execution.judging import judging, write_module
from tests.fakes.judge import InProcessJudge
from tests.fakes.parts import BatchProposer, Notes, StepClock
from tests.fakes.subject import Subject, subject

SOURCE = """
    def fee(size: int, seats: int) -> str:
        total = size * 7 + seats
        if total > 3517:
            return "large"
        return "small"


    def same(number):
        if number >= 0 or number == 0:
            return 1
        return 2
    """
LIMITS = Limits(seconds=100.0, rounds=4, first=256, later=128, mutants=100, probes=20, pairs=400)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


class Aiming(BatchProposer):
    """Aims with a fixed list; remembers what it was asked."""

    def __init__(self, first: Sequence[Candidate], aimed: Sequence[Candidate]) -> None:
        super().__init__(first)
        self.aimed = aimed
        self.asked: list[tuple[Sighting, Candidate | None]] = []

    def aim(
        self, sighting: Sighting, nearest: Candidate | None, count: int, done: Container[str]
    ) -> Sequence[Candidate]:
        self.asked.append((sighting, nearest))
        return [candidate for candidate in self.aimed if candidate.key not in done][:count]


def hunt(judge: InProcessJudge, *aimers: Aiming) -> Hunt:
    def explore(batch: list[Candidate]) -> list[tuple[Candidate, Observation]]:
        return list(zip(batch, judge.run(batch), strict=True))

    return Hunt(judge, aimers, lambda mutant: mutant.scope is None, explore)


def always() -> bool:
    return True


def remembered(shop: Subject, hunted: Hunt, mutants: Sequence[Mutant], *acts: str) -> None:
    calls = shop.calls(*acts)
    hunted.remember(list(zip(calls, shop.judge.run(calls), strict=True)), mutants)


def boundary(shop: Subject, change: str = "> → >=") -> Mutant:
    return next(m for m in shop.mutants if m.describe().endswith(f": {change}"))


def test_what_ran_already_and_notices_it_is_promoted(shop: Subject) -> None:
    mutant = boundary(shop)
    hunted = hunt(shop.judge)
    remembered(shop, hunted, [mutant], "fee(1, 1)", "fee(500, 17)", "fee(501, 11)")
    [entry] = hunted.round([mutant], lambda _: set(), pairs=100, more=always)
    assert entry.candidate.act == "fee(500, 17)"
    assert hunted.hints == {mutant.id: entry.candidate.key}


def test_what_was_tried_before_is_not_tried_again(shop: Subject) -> None:
    mutant = boundary(shop)
    hunted = hunt(shop.judge)
    remembered(shop, hunted, [mutant], "fee(1, 1)", "fee(500, 17)")
    known = {shop.call("fee(1, 1)").key, shop.call("fee(500, 17)").key}
    assert hunted.round([mutant], lambda _: known, pairs=100, more=always) == []
    assert shop.judge.mutant_runs == 0


def test_the_nearest_is_what_is_aimed_from(shop: Subject) -> None:
    mutant = boundary(shop)
    aimer = Aiming((), shop.calls("fee(500, 17)"))
    hunted = hunt(shop.judge, aimer)
    remembered(shop, hunted, [mutant], "fee(1, 1)")
    [entry] = hunted.round([mutant], lambda _: set(), pairs=100, more=always)
    assert [near.act for _, near in aimer.asked if near] == ["fee(1, 1)"]
    assert entry.candidate.act == "fee(500, 17)"


def test_no_mutant_is_chased_for_ever(shop: Subject) -> None:
    mutant = boundary(shop)
    aimer = Aiming((), [shop.call(f"fee({number}, 1)") for number in range(500)])
    hunted = hunt(shop.judge, aimer)
    remembered(shop, hunted, [mutant], "fee(1, 1)")
    for _ in range(20):
        hunted.round([mutant], lambda _: set(), pairs=1_000, more=always)
    assert len(aimer.asked) <= 10
    assert shop.judge.mutant_runs < 200


def test_the_pairs_of_a_round_are_bounded(shop: Subject) -> None:
    hunted = hunt(shop.judge)
    remembered(shop, hunted, shop.mutants, *(f"fee({number}, {number})" for number in range(60)))
    hunted.round(shop.mutants, lambda _: set(), pairs=1, more=always)
    assert 0 < shop.judge.mutant_runs <= 24 * 32


def test_nothing_is_begun_when_time_is_up(shop: Subject) -> None:
    hunted = hunt(shop.judge)
    remembered(shop, hunted, shop.mutants, "fee(500, 17)")
    assert hunted.round(shop.mutants, lambda _: set(), pairs=100, more=lambda: False) == []
    assert shop.judge.mutant_runs == 0


def test_many_runs_without_a_difference_make_it_likely_equivalent(shop: Subject) -> None:
    mutant = boundary(shop, "== → >=")
    aimer = Aiming((), [shop.call(f"same({number})") for number in range(-60, 40)])
    hunted = hunt(shop.judge, aimer)
    remembered(shop, hunted, [mutant], "same(-1)")
    hunted.round([mutant], lambda _: set(), pairs=100, more=always)
    assert hunted.likely_equivalent([mutant]) == {}
    for _ in range(3):
        hunted.round([mutant], lambda _: set(), pairs=100, more=always)
    assert len(hunted.hunted[mutant.id].screened) >= ENOUGH
    assert "none of" in hunted.likely_equivalent([mutant])[mutant.id]


def refine(folder: Path, *, without: frozenset[Capability] = frozenset(), limits: Limits = LIMITS) -> Refined:
    written = write_module(folder, SOURCE, "tariff")
    module = replace(written, targets=find_targets(written.source, "tariff"))
    with judging(folder, SOURCE, name="tariff") as judge:
        goals = GoalMap.of(module)
        return Loop(
            "tariff",
            judge,
            goals,
            find_mutants(module),
            [NativeProposer(module, judge.facts(), seed=0, without=without)],
            base=judge.import_arcs,
            imported=judge.import_arcs,
            limits=limits,
            clock=StepClock(),
            progress=Notes(),
            without=without,
        ).run()


def killed(refined: Refined) -> set[str]:
    return {mutant.partition(":")[2] for kills in refined.needed.values() for mutant in kills}


def ends(refined: Refined, change: str) -> bool:
    """Whether the boundary of the fee was found."""
    return any(mutant.endswith(f":comparison:{change}") and mutant.startswith("13-") for mutant in killed(refined))


@pytest.mark.slow
def test_a_boundary_is_found_with_aiming_and_not_without_at_equal_work(tmp_path: Path) -> None:
    more = replace(LIMITS, later=LIMITS.later + LIMITS.pairs)  # what aiming may spend goes into the search instead
    without = refine(tmp_path, without=frozenset({Capability.SURVIVORS}), limits=more)
    aimed = refine(tmp_path)
    assert ends(aimed, ">=")
    assert not ends(without, ">=")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_suite(tmp_path: Path) -> None:
    first, second = refine(tmp_path), refine(tmp_path)
    keys = [[case.candidate.key for case in each.cases] for each in (first, second)]
    assert keys[0] == keys[1]
    assert (first.needed, first.equivalent) == (second.needed, second.equivalent)


@pytest.mark.slow
def test_what_means_the_same_is_told_apart(tmp_path: Path) -> None:
    told = {mutant.describe().partition(": ")[2] for mutant, _ in refine(tmp_path).equivalent}
    assert "> → >=" not in told
