"""Tables for people. Every cell is plain text: names and reasons come from code under test and are no markup."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from qeforge.domain.report import Action, Check, CheckState, ModuleReport, RunReport, SuspectRow, TargetRow
from qeforge.domain.score import Score
from qeforge.domain.target import Flavour, Target
from qeforge.report.text import count, expectation, one_line, percent, seconds, shown

STYLES = {
    Action.WRITTEN: "green",
    Action.WOULD_WRITE: "green",
    Action.CURRENT: "green",
    Action.REMOVED: "green",
    Action.KEPT: "yellow",
    Action.SKIPPED: "yellow",
    Action.STALE: "red",
    Action.FAILING: "red",
}
STATE_STYLES = {CheckState.OK: "green", CheckState.MISSING: "yellow", CheckState.BROKEN: "red"}


def summary_table(report: RunReport, base: Path) -> Table:
    """Modules of a `generate` run: what their suites reach and notice, and what became of them."""
    table = _table(("module", "tests", "line", "branch", "mutation", "seconds", "suite"), numbers=range(1, 6))
    for module in report.modules:
        cells = (*_score_cells(module.score), seconds(module.seconds))
        table.add_row(*_texts((module.module, *cells)), _what_became(module, base))
    if len(report.modules) > 1:
        total = count(len(report.modules), "module")
        table.add_section()
        table.add_row(*_texts((total, *_score_cells(report.score), seconds(report.seconds), "")), style="bold")
    return table


def score_table(report: RunReport, base: Path) -> Table:
    """Modules of a `score` run, with the tests that count against a suite."""
    heads = ("module", "tests", "failing", "flaky", "line", "branch", "mutation", "quality", "")
    table = _table(heads, numbers=range(1, 8))
    for module in report.modules:
        remark = "" if module.action is Action.SCORED else _remark(module, base)
        table.add_row(*_texts((module.module, *_judged_cells(module.score), remark)))
    if len(report.modules) > 1:
        total = count(len(report.modules), "module")
        table.add_section()
        table.add_row(*_texts((total, *_judged_cells(report.score), "")), style="bold")
    return table


def check_table(report: RunReport, base: Path) -> Table:
    """What `check` found, one suite a row."""
    table = _table(("suite", "module", "state", "why"))
    for module in report.modules:
        state = Text(module.action.value, style=STYLES.get(module.action, ""))
        table.add_row(*_texts((shown(module.suite, base), module.module)), state, Text(one_line(module.reason)))
    return table


def targets_table(rows: Sequence[TargetRow]) -> Table:
    """What would be tested, one target a row."""
    table = _table(("target", "kind", "complexity", "covered", "skipped because"), numbers=(2, 3))
    for row in rows:
        cells = (
            row.target.id,
            kind_of(row.target),
            str(row.target.complexity),
            percent(row.covered),
            one_line(row.skipped),
        )
        table.add_row(*_texts(cells))
    return table


def suspects_table(rows: Sequence[SuspectRow], base: Path) -> Table:
    """One suspect a row: the input, what was expected and who says so, what happened."""
    table = _table(("target", "input", "expected", "says", "observed", "file"))
    for row in rows:
        one = row.suspect
        given = "; ".join((*one.arrange, one.act))
        cells = (one.target, given, expectation(one.claim), one.claim.source, one.observed, shown(row.path, base))
        table.add_row(*_texts(cells))
    return table


def checks_table(checks: Sequence[Check]) -> Table:
    """What `doctor` looked at, with what to do about the rest."""
    table = _table(("", "state", "detail", "to do"))
    for check in checks:
        state = Text(check.state.value, style=STATE_STYLES[check.state])
        table.add_row(Text(check.name), state, *_texts((one_line(check.detail), one_line(check.hint))))
    return table


def plain_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> Table:
    """Rows of text under heads; `numbers` are columns to be set to the right."""
    table = _table(heads, numbers=numbers)
    for row in rows:
        table.add_row(*_texts(row))
    return table


def kind_of(target: Target) -> str:
    """`method`, `coroutine function`, `generator method`."""
    return target.kind.value if target.flavour is Flavour.PLAIN else f"{target.flavour.value} {target.kind.value}"


def _table(heads: Sequence[str], *, numbers: Iterable[int] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    right = set(numbers)
    for index, head in enumerate(heads):
        table.add_column(
            Text(head),
            justify="right" if index in right else "left",
            no_wrap=index in right,
            overflow="fold",
        )
    return table


def _texts(cells: Iterable[str]) -> list[Text]:
    return [Text(one_line(cell)) for cell in cells]


def _score_cells(score: Score | None) -> tuple[str, str, str, str]:
    if score is None:
        return ("–", "–", "–", "–")
    return (str(score.tests), percent(score.line), percent(score.branch), percent(score.mutation))


def _judged_cells(score: Score | None) -> tuple[str, ...]:
    if score is None:
        return ("–",) * 7
    tests, line, branch, mutation = _score_cells(score)
    return (tests, str(score.failing), str(score.flaky), line, branch, mutation, f"{score.quality:.2f}")


def _what_became(module: ModuleReport, base: Path) -> Text:
    return Text(_remark(module, base), style=STYLES.get(module.action, ""))


def _remark(module: ModuleReport, base: Path) -> str:
    words = " ".join(filter(None, (module.action.value, shown(module.suite, base))))
    return one_line(f"{words}: {module.reason}" if module.reason else words)
