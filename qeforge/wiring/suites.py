"""Suites that are there already: which are behind the code, which fail, what they reach."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qeforge.analysis.goals import GoalMap
from qeforge.codegen.header import Header, read_header
from qeforge.domain.report import Action, ModuleReport
from qeforge.execution.pytest_run import SuiteRun, run_suite
from qeforge.refinement.task import ModuleTask
from qeforge.wiring.ended import Interrupted as Interrupted
from qeforge.wiring.ended import Unfinished as Unfinished


def header_of(suite: Path) -> Header | None:
    """What a generated suite says of itself; None where there is none, or it is not ours."""
    return read_header(suite.read_text(encoding="utf-8")) if suite.is_file() else None


def stale_only(tasks: Sequence[ModuleTask]) -> tuple[list[ModuleTask], list[ModuleReport]]:
    """For `--update`: tasks whose suite is missing or behind the code, narrowed to what changed; reports of others."""
    stale: list[ModuleTask] = []
    current: list[ModuleReport] = []
    for task in tasks:
        header = header_of(task.suite)
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


def checked(task: ModuleTask, header: Header) -> ModuleReport:
    """Whether a generated suite is up to date and passes."""
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


def covered_shares(task: ModuleTask) -> dict[str, float]:
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
