import io
from pathlib import Path

from rich.console import Console
from rich.table import Table

from qeforge.domain.candidate import Claim
from qeforge.domain.report import Action, Check, CheckState, Suspect, SuspectRow
from qeforge.domain.target import Flavour
from qeforge.report.table import (
    check_table,
    checks_table,
    plain_table,
    score_table,
    summary_table,
    suspects_table,
    targets_table,
)
from tests.report.samples import module, report, row, skipped

BASE = Path.cwd()


def lines(table: Table) -> list[list[str]]:
    """The cells of each line, as split by runs of blanks."""
    stream = io.StringIO()
    Console(file=stream, width=300, markup=False).print(table)
    text = [line for line in stream.getvalue().splitlines() if line.strip("─ ")]
    return [[cell for cell in line.split("  ") if cell.strip()] for line in text]


def cells(table: Table) -> list[list[str]]:
    return [[cell.strip() for cell in line] for line in lines(table)]


def test_summary_names_what_became_of_each_module_and_the_total() -> None:
    run = report(
        module(),
        module("shop.tax", action=Action.KEPT, score=None, coverage=None, reason="edited"),
        skipped("broken", "SyntaxError: line [red]3[/red]"),
    )
    assert cells(summary_table(run, BASE)) == [
        ["module", "tests", "line", "branch", "mutation", "seconds", "suite"],
        ["shop.cart", "12", "90%", "80%", "75%", "3.2 s", "written tests/test_cart.py"],
        ["shop.tax", "–", "–", "–", "–", "3.2 s", "kept tests/test_tax.py: edited"],
        ["broken", "–", "–", "–", "–", "0.0 s", "skipped: SyntaxError: line [red]3[/red]"],
        ["3 modules", "12", "90%", "80%", "75%", "4.5 s"],
    ]


def test_one_module_needs_no_total() -> None:
    assert len(cells(summary_table(report(module()), BASE))) == 2


def test_suites_are_shown_relative_to_where_one_is() -> None:
    run = report(module(suite=BASE / "tests" / "test_cart.py"))
    assert cells(summary_table(run, BASE))[1][-1] == "written tests/test_cart.py"


def test_score_shows_what_counts_against_a_suite() -> None:
    run = report(module(action=Action.SCORED), skipped("broken", "no tests"))
    assert cells(score_table(run, BASE)) == [
        ["module", "tests", "failing", "flaky", "line", "branch", "mutation", "quality"],
        ["shop.cart", "12", "0", "0", "90%", "80%", "75%", "0.79"],
        ["broken", "–", "–", "–", "–", "–", "–", "–", "skipped: no tests"],
        ["2 modules", "12", "0", "0", "90%", "80%", "75%", "0.79"],
    ]


def test_check_shows_state_and_reason() -> None:
    run = report(module(action=Action.STALE, reason="Cart.add changed"), module("shop.tax", action=Action.CURRENT))
    assert cells(check_table(run, BASE)) == [
        ["suite", "module", "state", "why"],
        ["tests/test_cart.py", "shop.cart", "stale", "Cart.add changed"],
        ["tests/test_tax.py", "shop.tax", "current"],
    ]


def test_targets_show_kind_and_coverage() -> None:
    rows = (row(), row("Cart.fetch", flavour=Flavour.COROUTINE, covered=0.5), row("_x", skipped="private"))
    assert cells(targets_table(rows)) == [
        ["target", "kind", "complexity", "covered", "skipped because"],
        ["shop.cart:total", "function", "3", "–"],
        ["shop.cart:Cart.fetch", "coroutine function", "3", "50%"],
        ["shop.cart:_x", "function", "3", "–", "private"],
    ]


def test_checks_show_what_to_do() -> None:
    checks = (
        Check(name="python", state=CheckState.OK, detail="3.11.7"),
        Check(name="pytest", state=CheckState.BROKEN, detail="not installed", hint="pip install pytest"),
    )
    assert cells(checks_table(checks)) == [
        ["state", "detail", "to do"],
        ["python", "ok", "3.11.7"],
        ["pytest", "broken", "not installed", "pip install pytest"],
    ]


def test_cells_from_code_under_test_are_no_markup_and_no_control() -> None:
    assert cells(plain_table(("a",), [("[bold]x\x1b[2J",)]))[1] == ["[bold]x\\x1b[2J"]


def test_suspects_with_input_expectation_source_and_observation() -> None:
    claim = Claim(expected="ValueError", source="docstring", raises=True)
    one = Suspect(target="shop:pay", act="pay(-1)", claim=claim, observed="returned [red]1", arrange=("x = 1", "y = 2"))
    rows = [SuspectRow(suspect=one, path=BASE / "src" / "shop.py", at=0.0)]
    assert cells(suspects_table(rows, BASE)) == [
        ["target", "input", "expected", "says", "observed", "file"],
        ["shop:pay", "x = 1; y = 2; pay(-1)", "raise ValueError", "docstring", "returned [red]1", "src/shop.py"],
    ]
