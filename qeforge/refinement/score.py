"""How good a suite that somebody wrote is: runs, hash seeds, coverage, mutants; nothing estimated from its text."""

import ast
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qeforge.analysis.goals import GoalMap
from qeforge.analysis.mutants import find_mutants
from qeforge.domain.mutant import Verdict
from qeforge.domain.report import Action, ModuleReport
from qeforge.domain.score import Score
from qeforge.execution.pytest_run import SuiteRun, run_suite, score_suite
from qeforge.refinement.task import ModuleTask

_TIMEOUT = 120.0


def score_module(task: ModuleTask, files: Sequence[Path]) -> ModuleReport:
    """Runs the tests three times (other hash seeds, once in reverse order) and then against every mutant."""
    began = time.monotonic()
    plain = ModuleReport(module=task.module.name, path=task.module.path, action=Action.SKIPPED, suite=task.suite)
    if not task.interpreter.has_pytest:
        return replace(plain, reason=f"{task.interpreter.path} has no pytest; install it there")
    if not files:
        return replace(plain, reason="no tests for it were found")
    runs = [_run(task, files, hash_seed=seed, reverse=seed == 2) for seed in (0, 1, 2)]
    if not runs[0].results:
        return replace(plain, reason=runs[0].crashed or "no tests were collected")
    goals = GoalMap.of(task.module)
    met = goals.met(runs[0].arcs)
    mutants = find_mutants(task.module, excluded=goals.excluded)
    results = score_suite(
        files,
        interpreter=task.interpreter,
        module=task.module,
        mutants=mutants,
        rootdir=task.root,
        baseline=runs[0],
        sandbox=task.sandbox,
        lenient=True,
        paths=task.python_paths,
    )
    counted = [result for result in results if result.verdict is not Verdict.INCOMPETENT]
    killed = [result for result in counted if result.verdict in (Verdict.KILLED, Verdict.TIMEOUT)]
    coverage = goals.coverage(met)
    first = runs[0].results
    flaky = sum(any(run.results.get(node) != result for run in runs[1:]) for node, result in first.items())
    failing = sum(result in ("failed", "error") for result in first.values())
    score = Score(
        line=coverage.line_rate,
        branch=coverage.branch_rate,
        mutation=len(killed) / len(counted) if counted else None,
        tests=len(first),
        mutants=len(counted),
        mutants_killed=len(killed),
        failing=failing,
        flaky=flaky,
        duplicates=_duplicates(files),
        seconds=time.monotonic() - began,
    )
    reached = {goal.arc[0] for goal in met if goal.arc[0] == goal.arc[1]}
    lines = {goal.arc[0] for goal in goals.goals if goal.arc[0] == goal.arc[1]}
    return replace(
        plain,
        action=Action.SCORED,
        score=score,
        coverage=coverage,
        seconds=score.seconds,
        open_lines=tuple(sorted(lines - reached)),
        survivors=tuple(r.mutant.describe() for r in counted if r.verdict in (Verdict.SURVIVED, Verdict.NOT_COVERED)),
    )


def _run(task: ModuleTask, files: Sequence[Path], *, hash_seed: int, reverse: bool) -> SuiteRun:
    return run_suite(
        files,
        interpreter=task.interpreter,
        module=task.module,
        rootdir=task.root,
        hash_seed=hash_seed,
        reverse=reverse,
        timeout=_TIMEOUT,
        sandbox=task.sandbox,
        lenient=True,
        paths=task.python_paths,
    )


def _duplicates(files: Sequence[Path]) -> int:
    """Test functions whose body another one already has, word for word."""
    bodies: list[str] = []
    for path in files:
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                decorators = "".join(ast.dump(d) for d in node.decorator_list)
                bodies.append(decorators + "".join(ast.dump(statement) for statement in node.body))
    return len(bodies) - len(set(bodies))
