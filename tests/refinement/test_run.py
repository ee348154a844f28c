from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.protocols import Progress
from qeforge.domain.report import Action, ModuleReport
from qeforge.domain.trajectory import Stop
from qeforge.errors import UnavailableError, WriteError
from qeforge.refinement import run
from qeforge.refinement.run import run_all
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
