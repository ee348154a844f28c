from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.mutant import Mutant, MutantResult, Verdict
from qeforge.domain.report import Action, ModuleReport
from qeforge.execution.pytest_run import SuiteRun
from qeforge.refinement import score as scoring
from qeforge.refinement.score import score_module
from tests.fakes.subject import Subject, subject
from tests.refinement.tasks import run_of, task

SOURCE = """
    def grade(points):
        if points > 90:
            return "A"
        return "C"
    """
REACHES_A = frozenset({(-1, 1), (1, -1), (-1, 2), (2, 3), (3, -1)})


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


class Runs:
    """In place of the real runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *runs: SuiteRun, verdicts: Sequence[Verdict] = ()) -> None:
        self.asked: list[tuple[int, bool]] = []
        self.baselines: list[SuiteRun] = []
        self._runs = runs
        self._verdicts = verdicts
        monkeypatch.setattr(scoring, "run_suite", self._run)
        monkeypatch.setattr(scoring, "score_suite", self._score)

    def _run(self, files: Sequence[Path], *, hash_seed: int, reverse: bool, **rest: Any) -> SuiteRun:
        self.asked.append((hash_seed, reverse))
        return self._runs[min(len(self.asked), len(self._runs)) - 1]

    def _score(
        self, files: Sequence[Path], *, mutants: Sequence[Mutant], baseline: SuiteRun, **rest: Any
    ) -> tuple[MutantResult, ...]:
        self.baselines.append(baseline)
        verdicts = self._verdicts or [Verdict.KILLED] * len(mutants)
        return tuple(MutantResult(mutant=m, verdict=v) for m, v in zip(mutants, verdicts, strict=False))


def scored(shop: Subject, *files: str, has_pytest: bool = True) -> ModuleReport:
    root = shop.module.import_root
    paths = []
    for number, text in enumerate(files):
        paths.append(root / f"test_{number}.py")
        paths[-1].write_text(text)
    return score_module(task(shop.module, root, has_pytest=has_pytest), paths)


def test_three_runs_with_three_hash_seeds_one_of_them_in_reverse(
    shop: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(monkeypatch, run_of({"test_a": "passed"}, REACHES_A))
    report = scored(shop, "")
    assert [seed for seed, _ in runs.asked] == [0, 1, 2]
    assert [reverse for _, reverse in runs.asked].count(True) == 1
    assert report.action is Action.SCORED
    assert runs.baselines[0].arcs == REACHES_A


def test_coverage_and_open_lines_come_from_the_arcs(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    Runs(monkeypatch, run_of({"test_a": "passed"}, REACHES_A))
    report = scored(shop, "")
    assert report.score is not None
    assert report.coverage is not None
    assert (report.score.line, report.score.branch) == (3 / 4, 1 / 2)
    assert report.open_lines == (4,)


def test_mutants_that_hang_count_as_noticed_and_those_that_cannot_run_do_not_count(
    shop: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts = [Verdict.KILLED, Verdict.TIMEOUT, Verdict.SURVIVED, Verdict.NOT_COVERED, Verdict.INCOMPETENT]
    Runs(monkeypatch, run_of({"test_a": "passed"}, REACHES_A), verdicts=verdicts)
    report = scored(shop, "")
    assert report.score is not None
    assert (report.score.mutants, report.score.mutants_killed, report.score.mutation) == (4, 2, 0.5)
    assert report.survivors == tuple(mutant.describe() for mutant in shop.mutants[2:4])


def test_a_test_that_ends_differently_in_any_run_is_flaky(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = {"test_a": "passed", "test_b": "failed", "test_c": "error", "test_d": "passed"}
    Runs(monkeypatch, run_of(usual), run_of(usual), run_of({**usual, "test_d": "failed"}))
    report = scored(shop, "")
    assert report.score is not None
    assert (report.score.tests, report.score.failing, report.score.flaky) == (4, 2, 1)


def test_a_test_that_says_the_same_as_another_is_a_duplicate(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    Runs(monkeypatch, run_of({"test_a": "passed"}))
    same = "def test_a():\n    assert 1\n\ndef test_b():\n    assert   1  # again\n\ndef helper():\n    assert 1\n"
    other = "import pytest\n\n@pytest.mark.parametrize('a', [1])\ndef test_c(a):\n    assert 1\n"
    report = scored(shop, same, other, "not python (")
    assert report.score is not None
    assert report.score.duplicates == 1


@pytest.mark.parametrize(
    "files, has_pytest, reason",
    [
        ((), True, "no tests for it were found"),
        (("",), False, "has no pytest"),
    ],
)
def test_what_cannot_be_scored_is_skipped_with_the_reason(
    shop: Subject, files: tuple[str, ...], has_pytest: bool, reason: str
) -> None:
    report = scored(shop, *files, has_pytest=has_pytest)
    assert report.action is Action.SKIPPED
    assert reason in report.reason


def test_a_suite_that_collects_nothing_says_why(shop: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    Runs(monkeypatch, run_of({}, crashed="collecting the tests hangs"))
    assert scored(shop, "").reason == "collecting the tests hangs"
    Runs(monkeypatch, run_of({}))
    assert scored(shop, "").reason == "no tests were collected"


@pytest.mark.slow
def test_a_hand_written_suite_is_scored_for_real(shop: Subject) -> None:
    suite = """
from shop import grade

def test_top():
    assert grade(91) == "A"

def test_again():
    assert grade(91) == "A"

def test_wrong():
    assert grade(0) == "B"
"""
    report = scored(shop, suite)
    assert report.score is not None
    assert (report.score.line, report.score.branch) == (1.0, 1.0)
    assert (report.score.tests, report.score.failing, report.score.flaky, report.score.duplicates) == (3, 1, 0, 1)
    assert report.score.mutation is not None
    assert 0 < report.score.mutation < 1
    assert report.survivors
