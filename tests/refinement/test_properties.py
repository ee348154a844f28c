"""What is conjectured from calls, and what of it is kept, with the real pytest and Hypothesis."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.codegen.header import read_header
from qeforge.domain.properties import PropertyKind, PropertyTest
from qeforge.domain.testcase import TestCase
from qeforge.execution.hypothesis_tables import compute
from qeforge.refinement.finish import Finished, verify, written
from qeforge.refinement.properties import (
    Bench,
    CallLog,
    kept_properties,
    property_candidates,
    unnoticed,
    with_properties,
)
from qeforge.refinement.task import ModuleTask
from tests.fakes.subject import Subject, subject
from tests.oracle.build import case
from tests.refinement.tasks import task

WIRE = """
def escape(text: str) -> str:
    return text.replace("%", "%p").replace(";", "%s")


def unescape(line: str) -> str:
    return line.replace("%s", ";").replace("%p", "%")


def half(number: int) -> int:
    if number < 2:
        raise ValueError(number)
    return number // 2
"""
TEXTS = ("", "a", "a;b", "50%", "a b", ";;", "%", "1%;")


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """A module whose texts go there and back."""
    return subject(tmp_path, WIRE, monkeypatch, "wire")


def heard(wire: Subject, *acts: str) -> CallLog:
    """A log that has heard of these calls."""
    log = CallLog(wire.module.targets)
    candidates = wire.calls(*acts)
    log.learn(list(zip(candidates, wire.judge.run(candidates), strict=True)))
    return log


def candidates_of(wire: Subject, *acts: str) -> tuple[PropertyTest, ...]:
    work = task(wire.module, wire.module.import_root)
    return property_candidates(work, wire.judge, heard(wire, *acts))


def shown(tests: Sequence[PropertyTest], kind: PropertyKind) -> list[tuple[str, ...]]:
    """Strategies of the tests of one kind."""
    return [tuple(source for _, source in test.strategies) for test in tests if test.stated.kind is kind]


ROUND_TRIP = [f"{name}({text!r})" for text in TEXTS for name in ("escape", "unescape")]


def test_a_log_offers_nothing_and_hears_each_call_once(wire: Subject) -> None:
    log = heard(wire, "escape('a')", "escape('a')", "escape(open)", "half(7)")
    assert [(call.target, call.arguments) for call in log.calls] == [
        ("wire:escape", (("text", "a"),)),
        ("wire:half", (("number", 7),)),
    ]


def test_what_the_calls_support_comes_with_a_broad_and_a_narrow_strategy(wire: Subject) -> None:
    found = candidates_of(wire, *ROUND_TRIP)
    broad, narrow = shown(found, PropertyKind.ROUND_TRIP)
    assert broad == ("st.text()",)
    assert narrow[0].startswith("st.text(alphabet=")
    assert found[0].stated.partner == "wire:unescape"


def test_nothing_that_raised_is_drawn(wire: Subject) -> None:
    found = candidates_of(wire, *(f"half({number})" for number in (-2, 0, 1, 2, 3, 5, 9, 40)))
    assert shown(found, PropertyKind.TYPE_KEPT) == [("st.integers(min_value=2)",)]


def test_mutants_of_dropped_cases_are_open_again() -> None:
    def killer(act: str, *mutants: str) -> TestCase:
        return replace(case(act), mutants=frozenset(mutants))

    kept, dropped = killer("f(1)", "a", "b"), killer("f(2)", "b", "c")
    assert unnoticed(("x",), [kept, dropped], [kept]) == ["x", "c"]


EXAMPLES = """
from wire import escape, unescape


def test_escape():
    assert escape("a") == "a"


def test_unescape():
    assert unescape("a") == "a"
"""


def bench_of(wire: Subject) -> Bench:
    work: ModuleTask = task(wire.module, wire.module.import_root)
    compute(work.interpreter.path)
    return Bench(task=work, mutants={mutant.id: mutant for mutant in wire.mutants}, timeout=120.0)


def stated(kind: PropertyKind, tests: Sequence[PropertyTest]) -> list[PropertyTest]:
    return [test for test in tests if test.stated.kind is kind]


@pytest.mark.slow
def test_what_kills_more_than_the_examples_is_kept(wire: Subject) -> None:
    bench = bench_of(wire)
    offered = stated(PropertyKind.ROUND_TRIP, candidates_of(wire, *ROUND_TRIP))
    kept = kept_properties(bench, offered, EXAMPLES, list(bench.mutants))
    assert {test.stated.target for test in kept} <= {"wire:escape", "wire:unescape"}
    killed = frozenset().union(*(test.mutants for test in kept))
    assert any(bench.mutants[name].original == '"%s"' for name in killed)
    assert not killed & bench.killed(EXAMPLES, sorted(killed)).keys()


@pytest.mark.slow
def test_what_does_not_hold_or_kills_nothing_new_is_not_kept(wire: Subject) -> None:
    bench = bench_of(wire)
    (trip, *_) = stated(PropertyKind.ROUND_TRIP, candidates_of(wire, *ROUND_TRIP))
    false = replace(trip, stated=replace(trip.stated, kind=PropertyKind.AGREEMENT))
    assert kept_properties(bench, [false], EXAMPLES, list(bench.mutants)) == ()
    thorough = EXAMPLES + "\n\ndef test_both():\n    for text in ('%', ';', 'a;%'):\n"
    thorough += "        assert unescape(escape(text)) == text\n"
    known = bench.killed(thorough, list(bench.mutants))
    assert kept_properties(bench, [trip], thorough, sorted(known)) == ()


@pytest.mark.slow
def test_a_property_test_becomes_part_of_the_suite(wire: Subject) -> None:
    bench = bench_of(wire)
    one = replace(
        case("escape('a')", "assert result == 'a'"), candidate=wire.call("escape('a')"), mutants=frozenset({"m"})
    )
    text, _ = written(bench.task, [one], bench.targets, bench.mutants)
    finished = Finished(text=text, cases=(one,), dropped=0, arcs=frozenset())
    offered = stated(PropertyKind.ROUND_TRIP, candidates_of(wire, *ROUND_TRIP))
    done = with_properties(bench, finished, offered, [name for name in bench.mutants if "%" in name])

    assert done.properties
    header = read_header(done.text)
    assert header is not None
    assert not header.edited
    assert set(header.tests.values()) == {"wire:escape"} | {test.stated.target for test in done.properties}
    assert "is_undone_by" in done.text
    runs = verify(bench.task, done.text, timeout=60.0)
    assert {result for run in runs for result in run.results.values()} == {"passed"}


def test_a_suite_that_was_not_run_or_is_empty_gets_no_property_tests(wire: Subject) -> None:
    bench = bench_of(wire)
    unrun = Finished(text="", cases=(case("escape('a')"),), dropped=0, arcs=None)
    empty = Finished(text="", cases=(), dropped=0, arcs=frozenset())
    assert with_properties(bench, unrun, (), ["m"]) is unrun
    assert with_properties(bench, empty, (), ["m"]) is empty
