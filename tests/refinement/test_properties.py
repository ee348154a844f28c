"""Which property tests are tried and kept, with the real pytest and Hypothesis."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.codegen.header import read_header
from qeforge.domain.properties import PropertyKind, PropertyTest
from qeforge.domain.testcase import TestCase
from qeforge.refinement.conjecturing import property_candidates
from qeforge.refinement.finish import Finished, verify, written
from qeforge.refinement.properties import Bench, unnoticed, with_properties
from tests.fakes.parts import StepClock
from tests.fakes.subject import Subject, subject
from tests.oracle.build import case
from tests.refinement.tasks import task
from tests.refinement.wire import ROUND_TRIP, WIRE, heard

THOROUGH = """
from wire import escape, unescape


def test_there_and_back():
    for text in ("%", ";", "a;%", "%p", "%s;"):
        assert unescape(escape(text)) == text
"""


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, WIRE, monkeypatch, "wire")


def offer(wire: Subject, until: float = 120.0) -> tuple[Bench, list[PropertyTest]]:
    """A bench that knows what calls reach, and the round trips that they support."""
    log = heard(wire, *ROUND_TRIP)
    work = task(wire.module, wire.module.import_root)
    found = property_candidates(work, wire.judge, log)
    bench = Bench(
        task=work,
        mutants={mutant.id: mutant for mutant in wire.mutants},
        reach=log.reach,
        imported=frozenset(),
        clock=StepClock(),
        until=until,
    )
    return bench, [test for test in found if test.stated.kind is PropertyKind.ROUND_TRIP]


def suite(wire: Subject, bench: Bench, text: str = "") -> Finished:
    """A suite of one example, or that text in its stead, that has passed."""
    one = replace(case("escape('a')", "assert result == 'a'"), candidate=wire.call("escape('a')"))
    text = text or written(bench.task, [one], bench.targets, bench.mutants)[0]
    run, _ = verify(bench.task, text, timeout=60.0)
    assert set(run.results.values()) == {"passed"}
    return Finished(text=text, cases=(one,), dropped=0, arcs=run.arcs, reached=run.per_test)


def in_lines(bench: Bench, *lines: int) -> list[str]:
    return [mutant.id for mutant in bench.mutants.values() if mutant.line in lines]


def test_mutants_of_dropped_cases_are_open_again() -> None:
    def killer(act: str, *mutants: str) -> TestCase:
        return replace(case(act), mutants=frozenset(mutants))

    kept, dropped = killer("f(1)", "a", "b"), killer("f(2)", "b", "c")
    assert unnoticed(("x",), [kept, dropped], [kept]) == ["x", "c"]


def test_only_what_reaches_a_wanted_mutant_is_tried(wire: Subject) -> None:
    bench, offered = offer(wire)
    tests, mutants = bench.promising(offered, in_lines(bench, 6, 10))
    assert tests == offered
    assert {mutant.line for mutant in mutants} == {6}
    assert bench.promising(offered, in_lines(bench, 10, 11, 12)) == ([], [])


def test_no_more_is_tried_than_the_budget_allows(wire: Subject) -> None:
    bench, offered = offer(wire)
    tests, mutants = bench.promising(offered * 40, in_lines(bench, 2, 6) * 40)
    assert len(tests) == bench.most_tests == 20
    assert len(mutants) == bench.most_mutants == 60


def test_a_suite_that_was_not_run_or_is_empty_gets_no_property_tests(wire: Subject) -> None:
    bench, offered = offer(wire)
    unrun = Finished(text="", cases=(case("escape('a')"),), dropped=0, arcs=None)
    empty = Finished(text="", cases=(), dropped=0, arcs=frozenset())
    for finished in (unrun, empty):
        assert with_properties(bench, finished, offered, in_lines(bench, 6), patience=60.0) == (finished, False)


@pytest.mark.slow
def test_what_kills_more_than_the_examples_becomes_part_of_the_suite(wire: Subject) -> None:
    bench, offered = offer(wire)
    finished = suite(wire, bench)
    done, cut = with_properties(bench, finished, offered, list(bench.mutants), patience=60.0)

    assert not cut
    assert done.properties
    killed = frozenset().union(*(test.mutants for test in done.properties))
    assert {bench.mutants[name].line for name in killed} <= {2, 6}
    header = read_header(done.text)
    assert header is not None
    assert not header.edited
    assert set(header.tests.values()) == {"wire:escape"} | {test.stated.target for test in done.properties}
    assert "is_undone_by" in done.text
    runs = verify(bench.task, done.text, timeout=60.0)
    assert {result for run in runs for result in run.results.values()} == {"passed"}


@pytest.mark.slow
@pytest.mark.parametrize("examples", ["", THOROUGH], ids=["it does not hold", "an example kills as much"])
def test_what_does_not_hold_or_kills_nothing_new_is_not_kept(wire: Subject, examples: str) -> None:
    bench, (trip, *_) = offer(wire)
    false = replace(trip, stated=replace(trip.stated, kind=PropertyKind.AGREEMENT))
    finished = suite(wire, bench, examples)
    tried: Sequence[PropertyTest] = [trip] if examples else [false]
    wanted = in_lines(bench, 2, 6)
    assert with_properties(bench, finished, tried, wanted, patience=60.0) == (finished, False)


@pytest.mark.slow
def test_what_time_cuts_is_owned_up_to(wire: Subject) -> None:
    bench, offered = offer(wire, until=-1.0)
    finished = suite(wire, bench)
    hours = [replace(test, stated=replace(test.stated, support=n)) for n in range(10) for test in offered]
    done, cut = with_properties(bench, finished, hours, in_lines(bench, 2, 6), patience=60.0)
    assert cut
    assert done == finished
