"""How many mutants a suite notices, at the price of a fork for each instead of a pytest for each."""

import ast
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qeforge.domain.mutant import Mutant, MutantResult, Verdict
from qeforge.domain.observation import Arc
from qeforge.domain.target import SourceModule
from qeforge.execution.interpreter import Interpreter
from qeforge.execution.pytest_process import PytestProcess, pytest_process, require_pytest, run_folder
from qeforge.execution.pytest_suite import SuiteRun, run_suite, suite_job

SHORTEST_LIMIT = 1.0  # seconds that any mutant may take
LIMIT_FACTOR = 10.0  # times what its tests take without a mutant
_START_SECONDS = 30.0
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def score_suite(
    files: Sequence[Path],
    *,
    interpreter: Interpreter,
    module: SourceModule,
    mutants: Sequence[Mutant],
    rootdir: Path,
    conftests: Sequence[Path] = (),
    baseline: SuiteRun | None = None,
    hash_seed: int = 0,
    timeout: float = 600.0,
    sandbox: bool = True,
    lenient: bool = False,
    paths: Sequence[Path] = (),
    parallel: int = 1,
) -> tuple[MutantResult, ...]:
    """The verdict of a suite on each mutant, in the order of `mutants`; `killed_by` names the test that noticed.

    pytest collects once in a warm server. Each mutant gets a fork, in which its code is swapped in and the passing
    tests that cover it run until one fails. A mutant of code that runs at import is collected anew in a fork of its
    own. Tests that fail without a mutant kill nothing.

    Args:
        baseline: a run of the same files with `module`, when there is one; made otherwise.
        timeout: seconds of wall time for everything; mutants that it leaves out are missing from the result.
        parallel: forks alive at once.

    The other arguments are those of `run_suite`.

    Raises:
        UnavailableError: the interpreter has no pytest.
    """
    require_pytest(interpreter)
    started = time.monotonic()
    shared: dict[str, Any] = {
        "interpreter": interpreter,
        "module": module,
        "rootdir": rootdir,
        "conftests": conftests,
        "sandbox": sandbox,
        "lenient": lenient,
        "paths": paths,
    }
    if baseline is None:
        baseline = run_suite(files, hash_seed=hash_seed, timeout=timeout, **shared)
    plan = plan_mutants(module.source, mutants, baseline)
    verdicts: dict[int, MutantResult] = {
        number: MutantResult(mutant=mutants[number], verdict=Verdict.NOT_COVERED)
        for number, entry in enumerate(plan)
        if not entry.tests
    }
    covered = [number for number, entry in enumerate(plan) if entry.tests]
    if covered:
        with run_folder() as scratch:
            job = suite_job(files, scratch=scratch, **shared)
            job |= {
                "parallel": parallel,
                "mutants": [
                    {
                        "edit": [*mutants[number].start, *mutants[number].end, mutants[number].replacement],
                        "tests": plan[number].tests,
                        "seconds": plan[number].seconds,
                        "whole": plan[number].whole,
                    }
                    for number in covered
                ],
            }
            with pytest_process(interpreter, job, scratch, hash_seed=hash_seed) as worker:
                longest = max(plan[number].seconds for number in covered) + _START_SECONDS
                for index, found in _answers(worker, deadline=started + timeout, patience=longest):
                    mutant = mutants[covered[index]]
                    verdicts[covered[index]] = MutantResult(
                        mutant=mutant,
                        verdict=Verdict(found["verdict"]),
                        seconds=found["seconds"],
                        killed_by=found["test"],
                    )
    return tuple(verdicts[number] for number in sorted(verdicts))


def _answers(worker: PytestProcess, *, deadline: float, patience: float) -> Iterator[tuple[int, dict[str, Any]]]:
    """Mutants as they are decided, until all are, or time is up, or the server is gone."""
    while True:
        try:
            message = worker.next(min(deadline - time.monotonic(), patience))
        except TimeoutError:
            return
        if message is None or message["type"] in ("done", "broken"):
            return
        if message["type"] == "mutant":
            yield message["index"], message


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to try one mutant: which tests, in which order, for how long; `whole` when the module has to be imported
    anew."""

    tests: tuple[str, ...]
    seconds: float
    whole: bool


def plan_mutants(source: str, mutants: Sequence[Mutant], baseline: SuiteRun) -> list[Plan]:
    """One plan for each mutant, from what the passing tests of a run reached."""
    functions = _outermost_functions(ast.parse(source))
    statements = _statement_spans(ast.parse(source))
    lines = {name: _lines(baseline.per_test.get(name, frozenset())) for name in baseline.with_result("passed")}
    import_lines = _lines(baseline.import_arcs)
    plans = []
    for mutant in mutants:
        span = _smallest(statements, mutant.start[0]) or range(mutant.start[0], mutant.end[0] + 1)
        function = _smallest([body for _, body in functions], mutant.start[0])
        header = next((body for whole, body in functions if mutant.start[0] in whole and body != function), None)
        if function is not None:
            whole = bool(import_lines & set(function))
            wanted = set(span)
        else:
            whole = True
            # A default or a decorator shows when the function is called; anything else may show anywhere.
            wanted = set(header) if header is not None else set()
        tests = [name for name, reached in lines.items() if reached & wanted or not wanted]
        tests.sort(key=lambda name: _pace(baseline.durations.get(name, 0.0)))
        if import_lines & wanted:  # what it computed at import may show in any test
            tests += [name for name in lines if name not in tests]
        seconds = sum(baseline.durations.get(name, 0.0) for name in tests)
        plans.append(Plan(tests=tuple(tests), seconds=max(SHORTEST_LIMIT, LIMIT_FACTOR * seconds), whole=whole))
    return plans


def _pace(seconds: float) -> int:
    """Powers of ten, so that the order among quick tests does not depend on the machine's mood."""
    return math.ceil(math.log10(max(seconds, 0.01)))


def _lines(arcs: frozenset[Arc]) -> set[int]:
    return {line for arc in arcs for line in arc if line > 0}


def _smallest(spans: Sequence[range], line: int) -> range | None:
    return min((span for span in spans if line in span), key=len, default=None)


def _outermost_functions(tree: ast.AST) -> list[tuple[range, range]]:
    """Lines of the whole (decorators included) and of the body of each function that is not inside another."""
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _Function):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            end = (node.end_lineno or node.lineno) + 1
            start = node.body[0]
            inner = [decorator.lineno for decorator in getattr(start, "decorator_list", [])]
            found.append((range(first, end), range(min([start.lineno, *inner]), end)))
        elif isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            found += _outermost_functions(node)
    return found


def _statement_spans(tree: ast.AST) -> list[range]:
    """Lines of each statement; of one with a body, those of its header."""
    spans = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            end = node.end_lineno or node.lineno
            inner = [
                child.lineno
                for child in ast.iter_child_nodes(node)
                if isinstance(child, ast.stmt | ast.excepthandler) and child.lineno > node.lineno
            ]
            spans.append(range(node.lineno, (min(inner) if inner else end + 1)))
    return spans
