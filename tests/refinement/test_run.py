from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.analysis.units import shape_of
from qeforge.domain.protocols import Progress
from qeforge.domain.report import Action, ModuleReport
from qeforge.domain.trajectory import Stop
from qeforge.errors import UnavailableError, WriteError
from qeforge.refinement import run
from qeforge.refinement.cache import Cache, Entry, Keep
from qeforge.refinement.run import Ended, run_all
from qeforge.refinement.task import ModuleTask
from tests.analysis.modules import module_of
from tests.fakes.parts import Notes
from tests.refinement.tasks import task

Generate = Callable[[ModuleTask, Progress], ModuleReport]


def tasks(root: Path, *names: str) -> list[ModuleTask]:
    return [task(module_of("def f():\n    return 1\n", name, root), root) for name in names]


def report(job: ModuleTask, stop: Stop = Stop.PLATEAU) -> ModuleReport:
    return ModuleReport(module=job.module.name, path=job.module.path, action=Action.WRITTEN, stop=stop)


def generate_with(monkeypatch: pytest.MonkeyPatch, generate: Generate) -> None:
    monkeypatch.setattr(run, "generate_module", lambda job, progress, **_: generate(job, progress))
    monkeypatch.setattr(run, "share", list)


def test_reports_come_in_the_order_of_the_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate_with(monkeypatch, lambda job, _: report(job))
    reports, interrupted, _ = run_all(tasks(tmp_path, "b", "a"), jobs=1, progress=Notes())
    assert ([r.module for r in reports], interrupted) == (["b", "a"], False)


def test_one_modules_misfortune_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(job: ModuleTask, _: Progress) -> ModuleReport:
        if job.module.name == "a":
            raise UnavailableError("no pytest there")
        return report(job)

    generate_with(monkeypatch, generate)
    reports, interrupted, _ = run_all(tasks(tmp_path, "a", "b"), jobs=1, progress=Notes())
    assert [(r.action, r.reason) for r in reports] == [(Action.SKIPPED, "no pytest there"), (Action.WRITTEN, "")]
    assert not interrupted


def test_what_cannot_be_written_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(job: ModuleTask, _: Progress) -> ModuleReport:
        began.append(job.module.name)
        if job.module.name == "b":
            raise WriteError("tests: read-only")
        return report(job)

    began: list[str] = []
    generate_with(monkeypatch, generate)
    ended = run_all(tasks(tmp_path, "a", "b", "c"), jobs=1, progress=Notes())
    assert isinstance(ended.problem, WriteError)
    assert [r.module for r in ended.reports] == ["a"]
    assert began == ["a", "b"]


def test_ctrl_c_between_two_moments_keeps_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(job: ModuleTask, _: Progress) -> ModuleReport:
        if job.module.name == "b":
            raise KeyboardInterrupt
        return report(job)

    generate_with(monkeypatch, generate)
    reports, interrupted, _ = run_all(tasks(tmp_path, "a", "b", "c"), jobs=1, progress=Notes())
    assert ([r.module for r in reports], interrupted) == (["a"], True)


def test_ctrl_c_in_a_search_keeps_its_suite_and_begins_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate_with(monkeypatch, lambda job, _: report(job, Stop.INTERRUPTED if job.module.name == "b" else Stop.PLATEAU))
    reports, interrupted, _ = run_all(tasks(tmp_path, "a", "b", "c"), jobs=1, progress=Notes())
    assert ([r.module for r in reports], interrupted) == (["a", "b"], True)


@pytest.mark.slow
def test_several_processes_give_the_same_reports_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "data"))
    sources = {
        "left": "def double(x: int) -> int:\n    if x < 0:\n        raise ValueError('negative')\n    return x * 2\n",
        "right": "def shout(text: str) -> str:\n    return text.upper() + '!'\n",
        "broken": "def f():\n    return 1\n\nraise RuntimeError('no')\n",
    }
    modules = [module_of(source, name, tmp_path) for name, source in sources.items()]
    for module in modules:
        module.path.write_text(module.source)
    jobs = [replace(task(module, tmp_path), seconds=40.0, rounds=2, dry_run=True) for module in modules]
    alone, shown = Notes(), Notes()
    one = run_all(jobs, jobs=1, progress=alone).reports
    several, interrupted, _ = run_all(jobs, jobs=2, progress=shown)
    assert not interrupted
    assert [timeless(r) for r in one] == [timeless(r) for r in several]
    assert [r.action for r in one] == [Action.WOULD_WRITE, Action.WOULD_WRITE, Action.SKIPPED]
    assert sorted(shown.finished) == sorted(alone.finished)


def timeless(report: ModuleReport) -> ModuleReport:
    score = report.score and replace(report.score, seconds=0.0)
    return replace(report, seconds=0.0, score=score)


def test_a_bug_takes_no_other_module_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(job: ModuleTask, _: Progress) -> ModuleReport:
        if job.module.name == "a":
            raise KeyError("a bug")
        return report(job)

    generate_with(monkeypatch, generate)
    ended = run_all(tasks(tmp_path, "a", "b"), jobs=1, progress=Notes())
    assert isinstance(ended.problem, KeyError)
    assert [r.module for r in ended.reports] == ["b"]


def known(job: ModuleTask) -> ModuleTask:
    """A task whose outcome an earlier run has left."""
    entry = Entry(key="k", shape=shape_of(""), targets=(), report=replace(report(job), new="text\n"))
    return replace(job, keep=Keep(cache=Cache(job.root / "cache"), place="p", key="k", known=entry))


def test_what_is_known_is_written_without_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate_with(monkeypatch, lambda job, _: report(job))
    first, second = tasks(tmp_path, "a", "b")
    shown = Notes()
    ended = run_all([known(first), second], jobs=1, progress=shown)
    assert [(r.module, r.cached) for r in ended.reports] == [("a", True), ("b", False)]
    assert first.suite.read_text() == "text\n"
    assert shown.finished == [("a", "written")]  # the other one tells for itself


def test_where_all_is_known_no_test_of_the_project_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(run, "share")
    monkeypatch.delattr(run, "_several")
    ended = run_all([known(job) for job in tasks(tmp_path, "a", "b")], jobs=4, progress=Notes())
    assert [r.action for r in ended.reports] == [Action.WRITTEN, Action.WRITTEN]


def test_what_is_known_and_cannot_be_written_ends_the_run_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate_with(monkeypatch, lambda job, _: report(job))
    (tmp_path / "tests").write_text("in the way")
    first, second = tasks(tmp_path, "a", "b")
    ended = run_all([second, known(first)], jobs=1, progress=Notes())
    assert isinstance(ended.problem, WriteError)
    assert ended.reports == []


def test_large_modules_come_first_where_several_run_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def several(work: list[tuple[int, ModuleTask]], *_: object) -> Ended:
        order.extend(job.module.name for _, job in work)
        return Ended([])

    monkeypatch.setattr(run, "share", list)
    monkeypatch.setattr(run, "_several", several)
    large = "def f(x):\n" + "".join(f"    if x == {n}:\n        return 1\n" for n in range(5))
    sources = {
        "a": "def f():\n    return 1\n",
        "b": large,
        "c": "def f(x):\n    return 1 if x else 2\n",
        "d": "A = 1\n",
    }
    work = [task(module_of(source, name, tmp_path), tmp_path) for name, source in sources.items()]
    ended = run_all(work, jobs=2, progress=Notes())
    assert order == ["b", "c", "a"]
    assert [r.module for r in ended.reports] == ["d"]  # nothing to call in it: no work for a process


@pytest.mark.parametrize(
    ("jobs", "modules", "forks"),
    [(1, 1, 1), (1, 9, 1), (2, 9, 1), (2, 2, 1), (2, 1, 2), (4, 1, 4), (4, 2, 2), (64, 1, 8)],
)
def test_cores_that_no_module_needs_are_for_the_mutants_of_another(
    monkeypatch: pytest.MonkeyPatch, jobs: int, modules: int, forks: int
) -> None:
    class Left:
        value = modules

    monkeypatch.setattr(run, "_jobs", jobs)
    monkeypatch.setattr(run, "_open", Left())
    assert run._spare() == forks
