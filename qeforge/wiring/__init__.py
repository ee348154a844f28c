"""The only place that builds objects from a `Config`."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from qeforge.config import Config, cache_dir
from qeforge.config.surroundings import withheld
from qeforge.domain.ledger import Account
from qeforge.domain.protocols import Progress
from qeforge.domain.report import Action, Check, ModuleReport, RunReport, SuspectRow, TargetRow
from qeforge.domain.routing import RoutePlan
from qeforge.domain.target import SkippedModule
from qeforge.execution.pytest_process import require_hypothesis
from qeforge.refinement.cache import Cache
from qeforge.refinement.resume import recall
from qeforge.refinement.run import run_all
from qeforge.refinement.score import score_module
from qeforge.wiring.batches import Work, run_in_batch
from qeforge.wiring.costs import account, ledger_in
from qeforge.wiring.ended import Interrupted as Interrupted
from qeforge.wiring.ended import Unfinished as Unfinished
from qeforge.wiring.importing import import_note
from qeforge.wiring.learning import consolidate_when_due
from qeforge.wiring.memory import memory_for
from qeforge.wiring.models import Ask, Show, consulting
from qeforge.wiring.routing import plan
from qeforge.wiring.suites import checked, covered_shares, header_of, stale_only
from qeforge.wiring.suspects import listed, settle, suspects_in
from qeforge.wiring.tasks import Found, has_work, look_up, task_for, test_files, wanted_targets


def generate(
    config: Config,
    paths: Sequence[Path],
    progress: Progress,
    *,
    ask: Ask | None = None,
    show: Show | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> RunReport:
    """Writes suites for everything under the paths.

    Args:
        config: the settings.
        paths: files and folders with the code.
        progress: is told how it goes.
        ask: asks the person at the terminal whether code may be sent; None where there is none.
        show: is told each prompt before it is sent.
        tell: is told what is being waited for.
    """
    began = time.monotonic()
    found = look_up(config, paths)
    if config.properties:
        require_hypothesis(found.interpreter)
    wanted = wanted_targets(config, found.discovery.modules)
    tasks = [task_for(config, found, module, wanted) for module in found.discovery.modules if has_work(module, wanted)]
    if config.update:
        tasks, current = stale_only(tasks)
    else:
        current = []
    cache = Cache(cache_dir(os.environ)) if config.cache else None
    jobs = config.jobs or _cores()
    root, environ = found.project.root, {**os.environ, **withheld()}
    memory = memory_for(config, environ)
    if config.batch:
        work = Work(config=config, root=root, jobs=jobs, progress=progress, tell=tell)
        ended, models = run_in_batch(work, tasks, cache, environ=environ, ask=ask, show=show)
    else:
        with consulting(
            config, tasks, root=root, jobs=min(jobs, len(tasks)), environ=environ, ask=ask, show=show
        ) as models:
            tasks = list(models.tasks)
            recalled = memory.recalled(recall(tasks, cache) if cache else tasks)
            ended = run_all(recalled, jobs=jobs, progress=progress, heard=memory.heard)
            memory.save()
    if cache:
        cache.prune()
    reports = [*ended.reports, *current, *(_skipped(module) for module in found.discovery.skipped)]
    reports.sort(key=lambda report: (report.module, str(report.path)))
    settled = settle(config, tasks, reports, suspects_in(os.environ), now=time.time())
    remarks = dict.fromkeys((*(note for report in reports for note in report.notes), *settled.notes))
    learning = "" if ended.interrupted else consolidate_when_due(config, os.environ)
    run = RunReport(
        modules=settled.reports,
        seconds=time.monotonic() - began,
        notes=(
            *_notes(config, found),
            *dict.fromkeys((*models.notes, *memory.notes, *remarks)),
            *filter(None, (import_note(tasks, settled.reports), learning)),
        ),
        unavailable=tuple((each.slug, each.message, each.hint) for each in models.unavailable),
    )
    if ended.interrupted:
        raise Interrupted(run)
    problem = ended.problem or settled.problem
    if problem is not None:
        raise Unfinished(run) from problem
    return run


def list_targets(config: Config, paths: Sequence[Path]) -> tuple[tuple[TargetRow, ...], tuple[SkippedModule, ...]]:
    """What would be tested, with what existing tests reach of each target."""
    found = look_up(config, paths)
    wanted = wanted_targets(
        replace(config, private=True), found.discovery.modules
    )  # private ones are listed, with the reason
    rows: list[TargetRow] = []
    for module in found.discovery.modules:
        task = task_for(config, found, module, None)
        covered = {} if config.ignore_existing else covered_shares(task)
        for target in module.targets:
            if wanted is not None and target.id not in wanted:
                continue
            reason = "private; --no-private leaves it out" if target.is_private and not config.private else ""
            rows.append(TargetRow(target=target, path=module.path, covered=covered.get(target.id), skipped=reason))
    return tuple(rows), found.discovery.skipped


def score(config: Config, paths: Sequence[Path], tests: Path | None) -> RunReport:
    """Line, branch and mutation score, failing and flaky tests of whatever suite there is."""
    began = time.monotonic()
    found = look_up(config, paths)
    reports = []
    for module in found.discovery.modules:
        task = task_for(config, found, module, None)
        files = (
            test_files(tests)
            if tests is not None
            else (*task.existing, *([task.suite] if task.suite.is_file() else []))
        )
        reports.append(score_module(task, files))
    reports += [_skipped(module) for module in found.discovery.skipped]
    return RunReport(modules=tuple(reports), seconds=time.monotonic() - began, notes=_notes(config, found))


def check(config: Config, paths: Sequence[Path]) -> RunReport:
    """Whether generated suites are up to date and pass; writes nothing."""
    began = time.monotonic()
    found = look_up(config, paths)
    reports = []
    for module in found.discovery.modules:
        task = task_for(config, found, module, None)
        header = header_of(task.suite)
        if header is not None:
            reports.append(checked(task, header))
    return RunReport(modules=tuple(reports), seconds=time.monotonic() - began)


def costs(config: Config, *, by: str, days: int | None, project: str | None) -> Account:
    """What models took and brought, from the ledger."""
    return account(ledger_in(os.environ), config, by=by, days=days, project=project, now=time.time())


def plan_routes(config: Config, paths: Sequence[Path], *, run_tests: bool) -> RoutePlan:
    """Where every target would go; existing tests are run only when `run_tests` says so."""
    found = look_up(config, paths)
    wanted = wanted_targets(config, found.discovery.modules)
    tasks = [task_for(config, found, module, wanted) for module in found.discovery.modules if has_work(module, wanted)]
    environ = {**withheld(), **os.environ}
    skipped = tuple(f"skipped {one.path}: {one.reason}" for one in found.discovery.skipped)
    planned = plan(
        config, tasks, environ=environ, ledger=ledger_in(environ), covered=covered_shares if run_tests else None
    )
    return replace(planned, notes=(*skipped, *planned.notes))


def list_suspects(environ: Mapping[str, str], path: Path | None) -> tuple[SuspectRow, ...]:
    """What earlier runs found and neither code nor documentation has changed since; below a path, or in the project."""
    return listed(suspects_in(environ), path)


def doctor(config: Config) -> tuple[Check, ...]:
    """Interpreters, sandbox layers, optional parts."""
    from qeforge.refinement.doctor import examine

    return examine(config.python, Path.cwd(), sandbox=config.sandbox)


def _cores() -> int:
    """Cores that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _skipped(module: SkippedModule) -> ModuleReport:
    return ModuleReport(
        module=module.name or str(module.path), path=module.path, action=Action.SKIPPED, reason=module.reason
    )


def _notes(config: Config, found: Found) -> tuple[str, ...]:
    notes = []
    if not config.sandbox:
        notes.append("the sandbox is off: code under test can do anything that you can")
    if not found.interpreter.has_pytest:
        python = found.interpreter.path
        notes.append(f"suites were not run: {python} has no pytest; `{python} -m pip install pytest`")
    return tuple(notes)
