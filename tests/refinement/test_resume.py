"""What is done again and what is not, with runs that only pretend to work."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.analysis.targets import find_targets
from qeforge.codegen.header import stamp
from qeforge.domain.candidate import Claim
from qeforge.domain.goal import Coverage
from qeforge.domain.report import Action, ModuleReport, Suspect
from qeforge.domain.score import Score
from qeforge.domain.trajectory import Stop
from qeforge.refinement.cache import Cache
from qeforge.refinement.resume import carried_out, is_known, recall
from qeforge.refinement.task import ModuleTask
from tests.analysis.modules import module_of
from tests.refinement.tasks import task

SOURCE = """
RATE = 2


def rate():
    return RATE


def price(amount):
    return amount + rate()


def shout(text):
    return text.upper()


def whisper(text):
    return text.lower()


def double(number):
    return number * 2
"""
SCORE = Score(line=1.0, branch=1.0, mutation=0.5, tests=4)
COVERAGE = Coverage(lines=1, lines_met=1, branches=0, branches_met=0)


def suite_of(source: str) -> str:
    """A suite that is another one for every other text of the module."""
    digests = {target.id: target.digest for target in find_targets(source, "shop")}
    return stamp(f'"""Tests for shop."""\n\n\ndef test_it():\n    assert {source!r}\n', digests)


class Runs:
    """In place of a search: writes a suite, and remembers what it was asked for."""

    def __init__(self, stop: Stop = Stop.PLATEAU) -> None:
        self.asked: list[ModuleTask] = []
        self.stop = stop
        self.refused: Callable[[ModuleTask], bool] = lambda work: False

    def __call__(self, work: ModuleTask) -> ModuleReport:
        self.asked.append(work)
        old = work.suite.read_text() if work.suite.is_file() else ""
        text = suite_of(work.module.source)
        plain = ModuleReport(
            module=work.module.name,
            path=work.module.path,
            action=Action.SKIPPED,
            suite=work.suite,
            stop=self.stop,
            score=SCORE,
            coverage=COVERAGE,
            old=old,
        )
        if self.refused(work):
            return plain
        if work.dry_run or text == old:
            return replace(plain, action=Action.WOULD_WRITE if text != old else Action.UNCHANGED, new=text)
        work.suite.parent.mkdir(exist_ok=True)
        work.suite.write_text(text)
        return replace(plain, action=Action.WRITTEN, new=text)


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "data" / "cache")


def job(root: Path, source: str = SOURCE, **settings: object) -> ModuleTask:
    return replace(task(module_of(source, "shop", root), root), **settings)  # type: ignore[arg-type]


def run(work: ModuleTask, cache: Cache, runs: Runs) -> ModuleReport:
    [recalled] = recall([work], cache)
    return carried_out(recalled, runs)


def names(wanted: frozenset[str] | None) -> set[str] | None:
    return None if wanted is None else {name.partition(":")[2] for name in wanted}


def test_an_unchanged_module_is_not_worked_on_again(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    first = run(job(tmp_path), cache, runs)
    again = run(job(tmp_path), cache, runs)
    assert len(runs.asked) == 1
    assert (first.action, first.cached) == (Action.WRITTEN, False)
    assert (again.action, again.cached, again.score, again.stop) == (Action.UNCHANGED, True, SCORE, Stop.PLATEAU)
    assert again.old == again.new == first.new


def test_force_does_it_again_and_keeps_the_outcome(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    run(job(tmp_path), cache, runs)
    assert not run(job(tmp_path, force=True), cache, runs).cached
    assert run(job(tmp_path), cache, runs).cached
    assert len(runs.asked) == 2


def test_without_a_cache_nothing_is_known(tmp_path: Path, runs: Runs) -> None:
    carried_out(job(tmp_path), runs)
    assert not is_known(job(tmp_path))
    carried_out(job(tmp_path), runs)
    assert len(runs.asked) == 2


def test_a_deleted_suite_comes_back_without_a_search(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    first = run(job(tmp_path), cache, runs)
    first_suite = job(tmp_path).suite
    first_suite.unlink()
    again = run(job(tmp_path), cache, runs)
    assert (again.action, again.cached, len(runs.asked)) == (Action.WRITTEN, True, 1)
    assert first_suite.read_text() == first.new


def test_a_dry_run_shows_what_the_run_after_it_writes(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    shown = run(job(tmp_path, dry_run=True), cache, runs)
    again = run(job(tmp_path, dry_run=True), cache, runs)
    assert not job(tmp_path).suite.exists()
    written = run(job(tmp_path), cache, runs)
    assert (shown.action, again.action, written.action) == (Action.WOULD_WRITE, Action.WOULD_WRITE, Action.WRITTEN)
    assert (shown.new, again.old) == (again.new, "")
    assert job(tmp_path).suite.read_text() == shown.new
    assert len(runs.asked) == 1


def test_an_edited_suite_is_for_the_run_itself_to_keep(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    run(job(tmp_path), cache, runs)
    suite = job(tmp_path).suite
    suite.write_text(suite.read_text().replace("def test_it", "def test_mine"))
    [recalled] = recall([job(tmp_path)], cache)
    assert not is_known(recalled)


def test_other_settings_are_other_work_and_both_are_known_afterwards(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    for seed in (0, 1, 0, 1):
        run(job(tmp_path, seed=seed), cache, runs)
    assert [work.seed for work in runs.asked] == [0, 1]


def test_a_changed_dependency_is_a_reason_to_do_it_all_again(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    source = "import tax\n" + SOURCE
    (tmp_path / "tax.py").write_text("A = 1\n")
    run(job(tmp_path, source), cache, runs)
    (tmp_path / "tax.py").write_text("A = 1  # yet\n")
    assert run(job(tmp_path, source), cache, runs).cached
    (tmp_path / "tax.py").write_text("A = 2\n")
    assert not run(job(tmp_path, source), cache, runs).cached
    assert runs.asked[-1].wanted is None


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("text.upper()", "text.upper() + '!'", {"shout"}),
        ("return RATE", "return RATE + 1", {"rate", "price"}),
        ("RATE = 2", "RATE = 3", {"rate", "price"}),
        ("\n\ndef double(number):\n    return number * 2\n", "", set()),
    ],
)
def test_only_what_changed_is_worked_on(
    tmp_path: Path, cache: Cache, runs: Runs, old: str, new: str, expected: set[str]
) -> None:
    run(job(tmp_path), cache, runs)
    changed = SOURCE.replace(old, new)
    report = run(job(tmp_path, changed), cache, runs)
    assert (names(runs.asked[-1].wanted), runs.asked[-1].merge) == (expected, True)
    assert report.action is Action.WRITTEN
    assert f"{len(expected)} of " in report.reason
    assert run(job(tmp_path, changed), cache, runs).cached
    assert run(job(tmp_path), cache, runs).cached  # the change taken back
    assert len(runs.asked) == 2


@pytest.mark.parametrize(
    "old, new",
    [
        ("RATE = 2", "RATE = 2\nprint(RATE)"),
        ("return", "return 0 or"),
    ],
)
def test_where_most_or_the_import_itself_changed_all_is_worked_on(
    tmp_path: Path, cache: Cache, runs: Runs, old: str, new: str
) -> None:
    run(job(tmp_path), cache, runs)
    run(job(tmp_path, SOURCE.replace(old, new)), cache, runs)
    assert (runs.asked[-1].wanted, runs.asked[-1].merge) == (None, False)


def test_suspects_of_what_is_not_worked_on_again_stay(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    def suspect(name: str, observed: str) -> Suspect:
        claim = Claim(expected="1", source="docstring")
        return Suspect(target=f"shop:{name}", act=f"{name}()", claim=claim, observed=observed)

    def first(work: ModuleTask) -> ModuleReport:
        return replace(
            runs(work), suspects=(suspect("shout", "old"), suspect("double", "old"), suspect("price", "old"))
        )

    def second(work: ModuleTask) -> ModuleReport:
        return replace(runs(work), suspects=(suspect("shout", "new"),))

    changed = SOURCE.replace("upper", "title").replace("\n\ndef double(number):\n    return number * 2\n", "")
    carried_out(recall([job(tmp_path)], cache)[0], first)
    report = carried_out(recall([job(tmp_path, changed)], cache)[0], second)
    assert names(runs.asked[-1].wanted) == {"shout"}
    assert {(one.target, one.observed) for one in report.suspects} == {("shop:shout", "new"), ("shop:price", "old")}
    [known] = recall([job(tmp_path, changed)], cache)
    assert carried_out(known, runs).suspects == report.suspects


def test_a_comment_is_no_reason_to_work(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    first = run(job(tmp_path), cache, runs)
    again = run(job(tmp_path, SOURCE.replace("return RATE", "return RATE  # so far")), cache, runs)
    assert (again.action, again.cached, again.new) == (Action.UNCHANGED, True, first.new)


def test_without_the_suite_that_it_belongs_to_all_is_worked_on(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    run(job(tmp_path), cache, runs)
    job(tmp_path).suite.unlink()
    run(job(tmp_path, SOURCE.replace("upper", "title")), cache, runs)
    assert runs.asked[-1].wanted is None


def test_where_kept_tests_do_not_stand_any_more_all_is_worked_on(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    run(job(tmp_path), cache, runs)
    runs.refused = lambda work: work.merge
    report = run(job(tmp_path, SOURCE.replace("upper", "title")), cache, runs)
    assert [work.merge for work in runs.asked] == [False, True, False]
    assert (report.action, report.reason) == (Action.WRITTEN, "")


def test_the_same_targets_asked_for_twice_are_worked_on_once(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    for _ in range(2):
        report = run(job(tmp_path, wanted=frozenset({"shop:rate"}), merge=True), cache, runs)
    assert report.cached
    assert len(runs.asked) == 1


def test_what_the_clock_cut_is_kept_and_what_was_interrupted_is_not(tmp_path: Path, cache: Cache) -> None:
    cut, stopped = Runs(Stop.TIME), Runs(Stop.INTERRUPTED)
    run(job(tmp_path), cache, stopped)
    run(job(tmp_path), cache, stopped)
    assert len(stopped.asked) == 2
    run(job(tmp_path), cache, cut)
    assert run(job(tmp_path), cache, cut).stop is Stop.TIME
    assert len(cut.asked) == 1


def test_a_module_that_could_not_be_imported_is_tried_each_time(tmp_path: Path, cache: Cache) -> None:
    def refused(work: ModuleTask) -> ModuleReport:
        asked.append(work)
        return ModuleReport(module="shop", path=work.module.path, action=Action.SKIPPED, reason="no such module")

    asked: list[ModuleTask] = []
    for _ in range(2):
        carried_out(recall([job(tmp_path)], cache)[0], refused)
    assert len(asked) == 2


def test_a_search_in_vain_is_not_made_again(tmp_path: Path, cache: Cache, runs: Runs) -> None:
    runs.refused = lambda work: True
    run(job(tmp_path), cache, runs)
    again = run(job(tmp_path), cache, runs)
    assert (again.action, again.cached, len(runs.asked)) == (Action.SKIPPED, True, 1)


@pytest.mark.parametrize("why", [{"stop": Stop.TIME}, {"dropped": (("failed or wavered under pytest", 3),)}])
def test_where_a_busy_machine_may_be_why_there_is_no_suite_it_is_tried_again(
    tmp_path: Path, cache: Cache, runs: Runs, why: dict[str, object]
) -> None:
    runs.refused = lambda work: True
    for _ in range(2):
        [recalled] = recall([job(tmp_path)], cache)
        carried_out(recalled, lambda work: replace(runs(work), **why))  # type: ignore[arg-type]
    assert len(runs.asked) == 2


def test_what_cannot_be_kept_is_a_remark(tmp_path: Path, runs: Runs) -> None:
    (tmp_path / "file").write_text("in the way")
    report = run(job(tmp_path), Cache(tmp_path / "file"), runs)
    [note] = report.notes
    assert note.startswith("nothing is kept for the next run in ")
    assert report.action is Action.WRITTEN
