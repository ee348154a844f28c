from dataclasses import replace
from pathlib import Path

from qeforge.domain.report import Action, SuspectTests
from qeforge.domain.trajectory import Stop
from qeforge.report.summary import summary_lines
from tests.report.samples import SCORE, SUSPECT, module, report, skipped

BASE = Path("/somewhere")


def test_the_last_line_is_the_verdict() -> None:
    assert summary_lines(report(module()), BASE) == (
        f"quality {SCORE.quality:.2f}, 12 tests, 15 of 20 mutants killed, 4.5 s",
    )


def test_likely_equivalent_mutants_have_a_figure_of_their_own() -> None:
    alike = module(score=replace(SCORE, equivalent=2), equivalent=(("3: a < b → a <= b", "the same"),))
    lines = summary_lines(report(alike), BASE, verbose=True)
    assert lines[-1].endswith("15 of 20 mutants killed (83% without 2 likely equivalent), 4.5 s")
    assert "shop.cart: likely equivalent: 3: a < b → a <= b: the same" in lines


def test_nothing_to_do() -> None:
    assert summary_lines(report(), BASE) == ("nothing to do",)


def test_without_a_score_the_modules_are_counted() -> None:
    assert summary_lines(report(skipped("a", "x")), BASE) == ("1 module in 4.5 s",)


def test_notes_suspects_and_kept_suites_are_named() -> None:
    run = report(
        module(suspects=(SUSPECT,)),
        module("shop.tax", action=Action.KEPT, score=None),
        module("shop.vat", action=Action.KEPT, score=None, reason="written by hand"),
        notes=("no landlock",),
    )
    assert summary_lines(run, BASE)[:-1] == (
        "note: no landlock",
        "suspect: shop.cart:total: total([]): docstring says 0, but it returned None; not frozen into a test",
        "1 suspect: `qeforge suspects` lists it again; --suspects-as-tests writes it as a failing test",
        "kept: tests/test_tax.py: edited by hand; --force overwrites it",
        "kept: tests/test_vat.py: written by hand",
    )


def test_files_of_suspects_are_named() -> None:
    path = BASE / "tests" / "test_cart_suspects.py"
    made = module(suspects=(SUSPECT, SUSPECT), suspect_tests=SuspectTests(path=path, action=Action.WRITTEN, new="a"))
    *_, counted, named, _ = summary_lines(report(made), BASE)
    assert counted == "2 suspects: `qeforge suspects` lists them again"
    assert named == "failing tests for suspects: written tests/test_cart_suspects.py"


def test_modules_that_time_cut_short_are_named_up_to_five() -> None:
    lines = summary_lines(report(*(module(f"m{n}", stop=Stop.TIME) for n in range(7))), BASE)
    assert lines[0].startswith("time cut the search in m0, m1, m2, m3, m4 and 2 more: ")


def test_verbose_adds_details_per_module() -> None:
    one = module(
        stop=Stop.PLATEAU,
        dropped=(("wavered", 2), ("repeats another", 1)),
        open_lines=(3, 4, 9),
        survivors=("9: a → b",),
    )
    assert summary_lines(report(one), BASE, verbose=True)[:-1] == (
        "shop.cart: stopped by plateau after 3 rounds",
        "shop.cart: not kept: 2 wavered, 1 repeats another",
        "shop.cart: lines that no test reaches: 3-4, 9",
        "shop.cart: survived: 9: a → b",
    )


def test_failing_and_flaky_tests_are_in_the_verdict() -> None:
    run = report(module(score=replace(SCORE, failing=2, flaky=1)))
    assert ", 2 failing, 1 flaky, " in summary_lines(run, BASE)[-1]


def test_no_line_can_move_the_cursor() -> None:
    (line, _) = summary_lines(report(module(), notes=("evil\x1b[2J\nnote",)), BASE)
    assert line == "note: evil\\x1b[2J note"


def test_what_earlier_runs_left_is_counted() -> None:
    run = report(module(action=Action.UNCHANGED, cached=True), module("shop.tax", cached=True), module("shop.vat"))
    *_, cached, _ = summary_lines(run, BASE)
    assert cached == "from the cache: 2 of 3 modules; --force does all of it again"
    assert "cache" not in "".join(summary_lines(report(module()), BASE))
