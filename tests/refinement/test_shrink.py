from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.mutant import MutantJob, Probe
from qeforge.domain.observation import Facet
from qeforge.domain.testcase import TestCase
from qeforge.oracle.plain import Plainness
from qeforge.refinement.cases import Case, case_of
from qeforge.refinement.shrink import Shrinker, Work
from qeforge.refinement.tidying import Tidying
from tests.fakes.parts import StepClock
from tests.fakes.subject import Subject, subject

SOURCE = """
    def wrap(text: str, width: int = 10) -> str:
        if width < 1:
            raise ValueError(f"no room in {width}")
        if len(text) > width:
            return text[:width]
        return text


    def loud(text):
        return text.upper()
    """
WORK = Work(cases=20, variants=20, until=1e9)
Needed = dict[str, dict[str, frozenset[Facet]]]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


def judged(shop: Subject, *acts: str) -> tuple[list[TestCase], Needed]:
    """Confirmed cases with all mutants that they kill."""
    held: list[Case] = []
    for candidate, seen in zip(shop.calls(*acts), shop.judge.observe(shop.calls(*acts)), strict=True):
        case = case_of(candidate, seen, (seen,), shop.goals)
        assert case is not None
        held.append(case)
    probes = [Probe(candidate=one.case.candidate, facets=one.facets) for one in held]
    jobs = [MutantJob(mutant=mutant, probes=tuple(range(len(held)))) for mutant in shop.mutants]
    needed: Needed = {one.case.candidate.key: {} for one in held}
    for result in shop.judge.mutate(jobs, probes, first_only=False):
        for kill in result.kills:
            needed[held[kill.test].case.candidate.key][result.mutant.id] = frozenset(kill.facets)
    cases = [_with_mutants(one.case, frozenset(needed[one.case.candidate.key])) for one in held]
    return cases, needed


def _with_mutants(case: TestCase, mutants: frozenset[str]) -> TestCase:
    return TestCase(
        candidate=case.candidate,
        observation=case.observation,
        assertions=case.assertions,
        goals=case.goals,
        mutants=mutants,
    )


def shrunk(
    shop: Subject,
    cases: Sequence[TestCase],
    needed: Needed,
    *,
    offers: Callable[[Candidate], Sequence[Candidate]],
    work: Work = WORK,
) -> tuple[tuple[TestCase, ...], Needed]:
    shrinker = Shrinker(
        shop.judge,
        shop.goals,
        {mutant.id: mutant for mutant in shop.mutants},
        variants=offers,
        oddity=Plainness({t.id: t for t in shop.module.targets}, familiar=("Hello World", "abc")).oddity,
        clock=StepClock(),
    )
    return shrinker.shrink(cases, needed, frozenset(), work)


def acts(cases: Sequence[TestCase]) -> list[str]:
    return [case.candidate.act for case in cases]


def offering(shop: Subject, *acts: str) -> Callable[[Candidate], Sequence[Candidate]]:
    return lambda candidate: [one for one in shop.calls(*acts) if one.target == candidate.target]


def test_a_plain_call_takes_the_place_of_a_strange_one(shop: Subject) -> None:
    cases, needed = judged(shop, "wrap('%A' * 9, width=3)")
    kept, now = shrunk(shop, cases, needed, offers=offering(shop, "wrap('Hello World', width=3)"))
    assert acts(kept) == ["wrap('Hello World', width=3)"]
    assert kept[0].assertions[0].code == "assert result == 'Hel'"
    assert now[kept[0].candidate.key].keys() >= needed[cases[0].candidate.key].keys() == kept[0].mutants


@pytest.mark.parametrize(
    ("strange", "plain"),
    [
        ("wrap('%A' * 9, width=3)", "wrap('abc', width=3)"),  # another branch
        ("wrap(b'abc')", "wrap('Hello World')"),  # another branch, though of the right type
        ("wrap('')", "wrap('abc', width=0)"),  # raises where the old one returned
        ("wrap('%A%A%A%A%A%')", "wrap('Hello World', width=1)"),  # does not notice another default width
        ("loud('%A')", "loud(3)"),  # odder
    ],
)
def test_what_does_less_takes_no_place(shop: Subject, strange: str, plain: str) -> None:
    cases, needed = judged(shop, strange)
    kept, now = shrunk(shop, cases, needed, offers=offering(shop, plain))
    assert acts(kept) == [strange]
    assert now == needed


def test_goals_and_kills_stay_when_several_are_replaced(shop: Subject) -> None:
    cases, needed = judged(shop, "wrap('%')", "wrap('%A' * 9)", "wrap('%', width=-3)", "loud('%a')", "loud('')")
    offers = offering(shop, "wrap('abc')", "wrap('Hello World', width=5)", "wrap('abc', width=0)", "loud('abc')")
    kept, now = shrunk(shop, cases, needed, offers=offers)
    assert frozenset().union(*(c.goals for c in kept)) == frozenset().union(*(c.goals for c in cases))
    assert {m for kills in now.values() for m in kills} >= {m for kills in needed.values() for m in kills}
    assert "loud('abc')" in acts(kept)
    assert len(kept) <= len(cases)


def test_what_somebody_said_stays_as_it_was_said(shop: Subject) -> None:
    cases, needed = judged(shop, "wrap('%A' * 9, width=3)")
    said = [replace(case, stated="docstring") for case in cases]
    offers = offering(shop, "wrap('Hello World', width=3)")
    assert acts(shrunk(shop, said, needed, offers=offers)[0]) == ["wrap('%A' * 9, width=3)"]
    targets = {target.id: target for target in shop.module.targets}
    shrinker = Shrinker(
        shop.judge,
        shop.goals,
        {mutant.id: mutant for mutant in shop.mutants},
        variants=offers,
        oddity=lambda candidate: 0,
        clock=StepClock(),
        tidying=Tidying(targets),
    )
    assert acts(shrinker.shrink(said, needed, frozenset(), WORK)[0]) == ["wrap('%A' * 9, width=3)"]


def test_a_result_that_fills_the_screen_is_no_gain(shop: Subject) -> None:
    cases, needed = judged(shop, "loud('%')")
    kept, _ = shrunk(shop, cases, needed, offers=offering(shop, "loud('abc' * 200)"))
    assert acts(kept) == ["loud('%')"]


def test_one_step_leads_to_the_next(shop: Subject) -> None:
    steps = {"loud('%%a')": "loud('word')", "loud('word')": "loud('abc')"}
    cases, needed = judged(shop, "loud('%%a')")
    kept, _ = shrunk(shop, cases, needed, offers=lambda c: shop.calls(*filter(None, [steps.get(c.act)])))
    assert acts(kept) == ["loud('abc')"]


def test_literals_are_cut_and_goals_and_kills_stay(shop: Subject) -> None:
    cases, needed = judged(
        shop, "wrap('%A-%%-B%%C', width=3)", "wrap('%A-%')", "wrap('%%', width=-77)", "loud('%a-%b')"
    )
    shrinker = Shrinker(
        shop.judge,
        shop.goals,
        {mutant.id: mutant for mutant in shop.mutants},
        variants=lambda candidate: (),
        oddity=Plainness({t.id: t for t in shop.module.targets}).oddity,
        clock=StepClock(),
        tidying=Tidying({t.id: t for t in shop.module.targets}),
    )
    kept, now = shrinker.shrink(cases, needed, frozenset(), WORK)
    assert frozenset().union(*(c.goals for c in kept)) == frozenset().union(*(c.goals for c in cases))
    assert {m for kills in now.values() for m in kills} >= {m for kills in needed.values() for m in kills}
    assert sum(map(len, acts(kept))) < sum(map(len, acts(cases)))
    assert "loud('ab')" in acts(kept)


def test_nothing_is_tried_when_the_time_is_over(shop: Subject) -> None:
    cases, needed = judged(shop, "loud('%a')")
    before = shop.judge.executions
    late = Work(cases=20, variants=20, until=-1.0)
    kept, _ = shrunk(shop, cases, needed, offers=offering(shop, "loud('abc')"), work=late)
    assert acts(kept) == ["loud('%a')"]
    assert shop.judge.executions == before


def test_work_is_counted(shop: Subject) -> None:
    cases, needed = judged(shop, "loud('%a')")
    before = shop.judge.executions
    few = Work(cases=1, variants=3, until=1e9)
    many = [f"loud('word{'x' * n}')" for n in range(50)]
    shrunk(shop, cases, needed, offers=offering(shop, *many), work=few)
    assert shop.judge.executions - before < 100


def test_a_case_that_wavers_in_fresh_processes_keeps_its_place(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    cases, needed = judged(shop, "loud('%a')")
    other = shop.judge.run(shop.calls("loud('other')"))[0]
    monkeypatch.setattr(shop.judge, "confirm", lambda candidates: [(other, other) for _ in candidates])
    kept, _ = shrunk(shop, cases, needed, offers=offering(shop, "loud('abc')"))
    assert acts(kept) == ["loud('%a')"]


def test_the_same_comes_out_whatever_the_order(shop: Subject) -> None:
    cases, needed = judged(shop, "wrap('%')", "wrap('%A' * 9)", "loud('%a')")
    offers = offering(shop, "wrap('abc')", "wrap('Hello World')", "loud('abc')")
    forwards, _ = shrunk(shop, cases, needed, offers=offers)
    backwards, _ = shrunk(shop, cases[::-1], needed, offers=offers)
    assert sorted(acts(forwards)) == sorted(acts(backwards))


def test_the_best_before_takes_the_place_of_one_that_wavers(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {"loud('%%a')": "loud('word')", "loud('word')": "loud('abc')"}
    cases, needed = judged(shop, "loud('%%a')")
    confirm, other = shop.judge.confirm, shop.judge.run(shop.calls("loud('other')"))[0]
    monkeypatch.setattr(
        shop.judge,
        "confirm",
        lambda candidates: [
            (other, other) if one.act == "loud('abc')" else seen
            for one, seen in zip(candidates, confirm(candidates), strict=True)
        ],
    )
    kept, now = shrunk(shop, cases, needed, offers=lambda c: shop.calls(*filter(None, [steps.get(c.act)])))
    assert acts(kept) == ["loud('word')"]
    assert now[kept[0].candidate.key].keys() >= needed[cases[0].candidate.key].keys()
