"""The only place that builds objects from a `Config`."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qeforge.analysis.changes import changed_targets
from qeforge.analysis.discovery import Discovery, discover
from qeforge.analysis.goals import GoalMap
from qeforge.analysis.project import Project, find_project, is_project_root
from qeforge.codegen.header import Header, read_header
from qeforge.codegen.layout import suite_path
from qeforge.config import Config, cache_dir
from qeforge.domain.capability import Capability
from qeforge.domain.protocols import Progress
from qeforge.domain.report import Action, Check, ModuleReport, RunReport, TargetRow
from qeforge.domain.target import SkippedModule, SourceModule
from qeforge.errors import UsageError
from qeforge.execution.interpreter import Interpreter, find_interpreter
from qeforge.execution.pytest_process import require_hypothesis
from qeforge.execution.pytest_run import SuiteRun, run_suite
from qeforge.refinement.cache import Cache
from qeforge.refinement.resume import recall
from qeforge.refinement.run import run_all
from qeforge.refinement.score import score_module
from qeforge.refinement.task import ModuleTask


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the paths lead to."""

    project: Project
    interpreter: Interpreter
    discovery: Discovery
    siblings: tuple[str, ...]
    out: Path


def generate(config: Config, paths: Sequence[Path], progress: Progress) -> RunReport:
    """Writes suites for everything under the paths."""
    began = time.monotonic()
    found = _find(config, paths)
    if config.properties:
        require_hypothesis(found.interpreter)
    wanted = _wanted(config, found.discovery.modules)
    tasks = [_task(config, found, module, wanted) for module in found.discovery.modules if _has_work(module, wanted)]
    if config.update:
        tasks, current = _stale_only(tasks)
    else:
        current = []
    cache = Cache(cache_dir(os.environ)) if config.cache else None
    ended = run_all(recall(tasks, cache) if cache else tasks, jobs=config.jobs or _cores(), progress=progress)
    if cache:
        cache.prune()
    reports = [*ended.reports, *current, *(_skipped(module) for module in found.discovery.skipped)]
    reports.sort(key=lambda report: (report.module, str(report.path)))
    remarks = dict.fromkeys(note for report in reports for note in report.notes)
    run = RunReport(modules=tuple(reports), seconds=time.monotonic() - began, notes=(*_notes(config, found), *remarks))
    if ended.interrupted:
        raise Interrupted(run)
    if ended.problem is not None:
        raise Unfinished(run) from ended.problem
    return run


class Unfinished(Exception):
    """What cut a run short is the cause; with what was finished all the same."""

    def __init__(self, report: RunReport) -> None:
        super().__init__()
        self.report = report


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with what was finished until then."""

    def __init__(self, report: RunReport) -> None:
        super().__init__()
        self.report = report


def list_targets(config: Config, paths: Sequence[Path]) -> tuple[tuple[TargetRow, ...], tuple[SkippedModule, ...]]:
    """What would be tested, with what existing tests reach of each target."""
    found = _find(config, paths)
    wanted = _wanted(replace(config, private=True), found.discovery.modules)  # private ones are listed, with the reason
    rows: list[TargetRow] = []
    for module in found.discovery.modules:
        task = _task(config, found, module, None)
        covered = {} if config.ignore_existing else _covered(task)
        for target in module.targets:
            if wanted is not None and target.id not in wanted:
                continue
            reason = "private; --no-private leaves it out" if target.is_private and not config.private else ""
            rows.append(TargetRow(target=target, path=module.path, covered=covered.get(target.id), skipped=reason))
    return tuple(rows), found.discovery.skipped


def score(config: Config, paths: Sequence[Path], tests: Path | None) -> RunReport:
    """Line, branch and mutation score, failing and flaky tests of whatever suite there is."""
    began = time.monotonic()
    found = _find(config, paths)
    reports = []
    for module in found.discovery.modules:
        task = _task(config, found, module, None)
        files = (
            _test_files(tests)
            if tests is not None
            else (*task.existing, *([task.suite] if task.suite.is_file() else []))
        )
        reports.append(score_module(task, files))
    reports += [_skipped(module) for module in found.discovery.skipped]
    return RunReport(modules=tuple(reports), seconds=time.monotonic() - began, notes=_notes(config, found))


def check(config: Config, paths: Sequence[Path]) -> RunReport:
    """Whether generated suites are up to date and pass; writes nothing."""
    began = time.monotonic()
    found = _find(config, paths)
    reports = []
    for module in found.discovery.modules:
        task = _task(config, found, module, None)
        header = _header(task.suite)
        if header is not None:
            reports.append(_checked(task, header))
    return RunReport(modules=tuple(reports), seconds=time.monotonic() - began)


def doctor(config: Config) -> tuple[Check, ...]:
    """Interpreters, sandbox layers, optional parts."""
    from qeforge.refinement.doctor import examine

    return examine(config.python, Path.cwd(), sandbox=config.sandbox)


# -- parts ------------------------------------------------------------------------------------------------------


def _cores() -> int:
    """Cores that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _find(config: Config, paths: Sequence[Path]) -> _Found:
    for path in paths:
        if not path.exists():
            raise UsageError(
                f"{path}: no such file or folder", hint="give Python files or folders", slug="no-such-path"
            )
    project = find_project(paths[0])
    interpreter = find_interpreter(config.python, project.root)
    discovery = discover(paths, exclude=config.exclude, search_path=interpreter.search_path)
    out = (config.out or project.test_dir).absolute()
    siblings = _siblings(config, project, interpreter, discovery)
    return _Found(project=project, interpreter=interpreter, discovery=discovery, siblings=siblings, out=out)


def _siblings(config: Config, project: Project, interpreter: Interpreter, discovery: Discovery) -> tuple[str, ...]:
    """Names of all modules of the project, so that a suite's file name does not depend on which are asked for."""
    names = {module.name for module in discovery.modules}
    roots = {module.import_root for module in discovery.modules}
    for module in discovery.modules:
        top = module.import_root / module.name.partition(".")[0]
        if top.is_dir() and top not in roots:
            roots.add(top)
            names |= {
                ".".join((*path.relative_to(module.import_root).with_suffix("").parts,)).removesuffix(".__init__")
                for path in top.rglob("*.py")
            }
    return tuple(sorted(names))


def _wanted(config: Config, modules: Sequence[SourceModule]) -> frozenset[str] | None:
    """Ids of the targets that were asked for; None for all."""
    wanted: frozenset[str] | None = None
    known = [target for module in modules for target in module.targets]
    if config.targets:
        ids = {target.id for target in known}
        chosen: set[str] = set()
        for name in config.targets:
            hits = {i for i in ids if i == name or i.startswith(f"{name}.") or i.partition(":")[2] == name}
            if not hits:
                raise _unknown_target(name, sorted(ids))
            chosen |= hits
        wanted = frozenset(chosen)
    if config.changed is not None:
        changed = changed_targets(modules, config.changed)
        wanted = changed if wanted is None else wanted & changed
    if not config.private:
        public = frozenset(target.id for target in known if not target.is_private)
        wanted = public if wanted is None else wanted & public
    return wanted


def _unknown_target(name: str, ids: Sequence[str]) -> UsageError:
    import difflib

    near = difflib.get_close_matches(name, ids, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "`qeforge targets PATH` lists them"
    return UsageError(f"--target {name}: no such target", hint=hint, slug="no-such-target")


def _has_work(module: SourceModule, wanted: frozenset[str] | None) -> bool:
    return wanted is None or any(target.id in wanted for target in module.targets)


def _task(config: Config, found: _Found, module: SourceModule, wanted: frozenset[str] | None) -> ModuleTask:
    project = find_project(module.path)
    out = found.out if config.out is not None else project.test_dir.absolute()
    suite = suite_path(module, out, siblings=found.siblings, import_mode=project.import_mode)
    existing = () if config.ignore_existing else _existing(project, module)
    mine = None if wanted is None else frozenset(t.id for t in module.targets if t.id in wanted)
    asked_for_some = bool(config.targets) or config.changed is not None
    return ModuleTask(
        module=module,
        interpreter=found.interpreter,
        suite=suite,
        out=out,
        root=project.root,
        python_paths=tuple(path for path in project.python_paths if path.is_dir()),
        existing=existing,
        conftests=_conftests(project, suite),
        wanted=mine,
        merge=mine is not None and asked_for_some,
        seconds=config.max_time,
        rounds=config.iterations,
        seed=config.seed,
        sandbox=config.sandbox,
        why=config.why,
        private=config.private,
        without=frozenset(map(Capability, config.without)),
        properties=config.properties,
        memory_bytes=config.memory_mb << 20,
        force=config.force,
        dry_run=config.dry_run,
    )


def _existing(project: Project, module: SourceModule) -> tuple[Path, ...]:
    """Hand-written test files of the project that mention the module; a folder without any project's mark, such as
    where libraries are installed, has none."""
    if not is_project_root(project.root) or not project.test_dir.is_dir():
        return ()
    last = module.name.rpartition(".")[2]
    top = module.name.partition(".")[0]
    found = []
    for path in _test_files(project.test_dir):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if top in text and last in text and read_header(text) is None:
            found.append(path)
    return tuple(found)


def _test_files(tests: Path) -> tuple[Path, ...]:
    if tests.is_file():
        return (tests,)
    if not tests.is_dir():
        raise UsageError(
            f"{tests}: no such file or folder", hint="--tests names a folder with a pytest suite", slug="no-such-path"
        )
    return tuple(sorted({*tests.rglob("test_*.py"), *tests.rglob("*_test.py")}))


def _conftests(project: Project, suite: Path) -> tuple[Path, ...]:
    folders = [folder for folder in (suite.parent, *suite.parent.parents) if folder.is_relative_to(project.root)]
    return tuple(folder / "conftest.py" for folder in reversed(folders) if (folder / "conftest.py").is_file())


def _header(suite: Path) -> Header | None:
    return read_header(suite.read_text(encoding="utf-8")) if suite.is_file() else None


def _stale_only(tasks: Sequence[ModuleTask]) -> tuple[list[ModuleTask], list[ModuleReport]]:
    """For `--update`: tasks whose suite is missing or behind the code, narrowed to what changed; reports of others."""
    stale: list[ModuleTask] = []
    current: list[ModuleReport] = []
    for task in tasks:
        header = _header(task.suite)
        if header is None:
            stale.append(task)
            continue
        behind = frozenset(header.stale({target.id: target.digest for target in task.module.targets}))
        mine = behind & frozenset(t.id for t in task.module.targets)
        if task.wanted is not None:
            mine &= task.wanted
        elif behind:
            mine |= _failing_targets(task, header)
        if behind:
            stale.append(replace(task, wanted=mine, merge=True))
        else:
            current.append(
                ModuleReport(
                    module=task.module.name,
                    path=task.module.path,
                    action=Action.UNCHANGED,
                    suite=task.suite,
                    reason="up to date",
                )
            )
    return stale, current


def _failing_targets(task: ModuleTask, header: Header) -> frozenset[str]:
    """Ids of targets whose code is as it was, and whose tests fail all the same: what they call has changed."""
    if not task.interpreter.has_pytest:
        return frozenset()
    results = _run_suite(task).results
    wrong = {node.partition("::")[2].partition("[")[0] for node, result in results.items() if result != "passed"}
    return frozenset(header.tests[name] for name in wrong & header.tests.keys())


def _run_suite(task: ModuleTask) -> SuiteRun:
    return run_suite(
        [task.suite],
        interpreter=task.interpreter,
        module=task.module,
        rootdir=task.root,
        timeout=60,
        sandbox=task.sandbox,
        lenient=True,
        paths=task.python_paths,
    )


def _checked(task: ModuleTask, header: Header) -> ModuleReport:
    plain = ModuleReport(module=task.module.name, path=task.module.path, action=Action.CURRENT, suite=task.suite)
    behind = header.stale({target.id: target.digest for target in task.module.targets})
    if behind:
        shown = ", ".join(name.partition(":")[2] for name in behind[:3]) + (" …" if len(behind) > 3 else "")
        return replace(plain, action=Action.STALE, reason=f"the code changed: {shown}")
    run = _run_suite(task)
    wrong = [node for node, result in run.results.items() if result not in ("passed", "skipped")]
    if wrong or run.crashed or not run.results:
        return replace(
            plain,
            action=Action.FAILING,
            reason=", ".join(node.partition("::")[2] or node for node in wrong[:3]) or run.crashed,
        )
    return plain


def _covered(task: ModuleTask) -> dict[str, float]:
    """Target id → share of its goals that existing tests reach."""
    files = [*task.existing, *([task.suite] if task.suite.is_file() else [])]
    if not files or not task.interpreter.has_pytest:
        return {}
    run = run_suite(
        files,
        interpreter=task.interpreter,
        module=task.module,
        rootdir=task.root,
        timeout=60,
        sandbox=task.sandbox,
        lenient=True,
        paths=task.python_paths,
    )
    goals = GoalMap.of(task.module)
    met = goals.met(run.arcs)
    shares = {}
    for target in task.module.targets:
        own = goals.goals_of(target.id)
        if own:
            shares[target.id] = len(own & met) / len(own)
    return shares


def _skipped(module: SkippedModule) -> ModuleReport:
    return ModuleReport(
        module=module.name or str(module.path), path=module.path, action=Action.SKIPPED, reason=module.reason
    )


def _notes(config: Config, found: _Found) -> tuple[str, ...]:
    notes = []
    if not config.sandbox:
        notes.append("the sandbox is off: code under test can do anything that you can")
    if not found.interpreter.has_pytest:
        python = found.interpreter.path
        notes.append(f"suites were not run: {python} has no pytest; `{python} -m pip install pytest`")
    return tuple(notes)
