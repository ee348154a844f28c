"""From confirmed cases to a suite that has passed under pytest in fresh processes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from qeforge.codegen.formatting import format_source
from qeforge.codegen.render import functions_of, render
from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal
from qeforge.domain.mutant import Mutant
from qeforge.domain.observation import Arc, Facet
from qeforge.domain.properties import PropertyTest
from qeforge.domain.target import Target
from qeforge.domain.testcase import Suite, TestCase
from qeforge.execution.pytest_run import SuiteRun, run_suite
from qeforge.execution.scratch import scratch_folder
from qeforge.oracle.select import prune_assertions, select
from qeforge.refinement.task import ModuleTask

_ATTEMPTS, _RESELECTIONS = 6, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The suite as it will be written. `cases` are what is in it, `dropped` counts tests that failed or wavered under
    pytest, `arcs` are those that pytest saw; None when the target has no pytest and nothing was run. `reached` are
    those of each test, by its id in a folder of its own. `properties` are the property tests in it."""

    text: str
    cases: tuple[TestCase, ...]
    dropped: int
    arcs: frozenset[Arc] | None
    note: str = ""
    properties: tuple[PropertyTest, ...] = ()
    reached: Mapping[str, frozenset[Arc]] = field(default_factory=dict)


def finish(
    task: ModuleTask,
    cases: Sequence[TestCase],
    needed: Mapping[str, Mapping[str, frozenset[Facet]]],
    already: frozenset[Goal],
    *,
    mutants: Mapping[str, Mutant],
    timeout: float,
    late: Callable[[], bool] = lambda: False,
    spare: Sequence[TestCase] = (),
    oddity: Callable[[Candidate], int] | None = None,
) -> Finished:
    """Chooses, prunes, names, renders, formats and verifies.

    Args:
        cases: confirmed cases.
        needed: for each candidate's key, the mutants that it kills and the facets that show it.
        already: goals that are met without these tests.
        mutants: by id, to describe those that a test kills.
        timeout: seconds for one pytest run.
        late: whether the time is over: then a test that did not pass takes along all that might have disturbed it, so
            that one more run is enough; where nothing would be left, only what did not pass goes.
        spare: confirmed cases that stand in when some of `cases` do not pass.
        oddity: how strange a candidate's values are; plain ones are preferred.
    """
    targets = {target.id: target for target in task.module.targets}
    left: Sequence[TestCase] = list(cases)
    chosen = chosen_cases(left, needed, already, targets, oddity)
    dropped = 0
    for attempt in range(_ATTEMPTS):
        if not chosen:
            break
        text, suite = written(task, chosen, targets, mutants)
        if not task.interpreter.has_pytest:
            return Finished(text=text, cases=chosen, dropped=dropped, arcs=None, note="not run: pytest is missing")
        runs = verify(task, text, timeout=timeout)
        bad = failing(suite, targets, runs)
        if not bad:
            arcs = runs[0].arcs & runs[1].arcs
            return Finished(text=text, cases=chosen, dropped=dropped, arcs=arcs, reached=runs[0].per_test)
        hurried = late()
        disturbers = _disturbers(chosen)
        clears = hurried and len(bad | disturbers) < len(chosen)  # of nothing left there is nothing to run
        bad = bad | disturbers if clears else _to_drop(bad, disturbers)
        dropped += len(bad)
        left = [case for case in (*left, *_standing_in(left, spare, bad)) if case.candidate.key not in bad]
        if attempt < _RESELECTIONS and not hurried:
            chosen = chosen_cases(left, needed, already, targets, oddity)
        else:  # newcomers may fail in their turn: now only what has passed stays
            chosen = tuple(case for case in chosen if case.candidate.key not in bad)
    return Finished(text="", cases=(), dropped=dropped, arcs=frozenset())


def _standing_in(cases: Sequence[TestCase], spare: Sequence[TestCase], bad: Collection[str]) -> list[TestCase]:
    """Those of `spare` that do something which only bad ones of `cases` do."""
    known = {case.candidate.key for case in cases}
    good = [case for case in cases if case.candidate.key not in bad]
    goals, mutants = (frozenset().union(*group) for group in ([c.goals for c in good], [c.mutants for c in good]))
    lost = [c for c in cases if c.candidate.key in bad]
    lost_goals = frozenset().union(*(c.goals for c in lost)) - goals
    lost_mutants = frozenset().union(*(c.mutants for c in lost)) - mutants
    return [c for c in spare if c.candidate.key not in known and (c.goals & lost_goals or c.mutants & lost_mutants)]


def _to_drop(failing: set[str], disturbers: set[str]) -> set[str]:
    """The fewer of the two: one test that spoils a table fails many others; a counter that every test moves on fails
    hardly any."""
    return disturbers if disturbers and len(disturbers) <= len(failing) else failing


def _disturbers(cases: Sequence[TestCase]) -> set[str]:
    """Keys of candidates that leave the package's state changed: when tests fail together that held alone, it is
    these that have to go, not the tests that they disturb."""
    return {c.candidate.key for c in cases if any(effect.kind == "state" for effect in c.observation.effects)}


def chosen_cases(
    cases: Sequence[TestCase],
    needed: Mapping[str, Mapping[str, frozenset[Facet]]],
    already: frozenset[Goal],
    targets: Mapping[str, Target],
    oddity: Callable[[Candidate], int] | None = None,
) -> tuple[TestCase, ...]:
    """The smallest set that keeps every goal and every kill, in source order, each with the assertions it needs."""
    useful = [replace(case, goals=case.goals - already) for case in cases]
    kept = [prune_assertions(case, needed.get(case.candidate.key, {})) for case in select(useful, oddity)]
    order = {target: number for number, target in enumerate(targets)}
    kept.sort(key=lambda case: order.get(case.candidate.target, len(order)))
    return tuple(kept)


def written(
    task: ModuleTask,
    cases: Sequence[TestCase],
    targets: Mapping[str, Target],
    mutants: Mapping[str, Mutant],
    properties: Sequence[PropertyTest] = (),
) -> tuple[str, Suite]:
    """The formatted text, and the suite that it says."""
    suite = Suite(module=task.module.name, path=task.suite, cases=tuple(cases))
    text = render(suite, targets, why=task.why, mutants=mutants, properties=properties)
    return format_source(text, task.suite), suite


def verify(task: ModuleTask, text: str, *, timeout: float) -> tuple[SuiteRun, SuiteRun]:
    """Two runs under plain pytest at the same time, with the project's configuration: other hash seeds, and the second
    in reverse order and with assertions as they are written: that they are rewritten may make no difference either, and
    takes pytest longer than the tests."""
    with scratch_folder("qeforge-verify-") as scratch:
        below = task.suite.relative_to(task.out) if task.suite.is_relative_to(task.out) else Path(task.suite.name)
        place = scratch / "tests" / below
        place.parent.mkdir(parents=True)
        place.write_text(text, encoding="utf-8")

        def run(hash_seed: int, reverse: bool) -> SuiteRun:
            return run_suite(
                [place],
                interpreter=task.interpreter,
                module=task.module,
                rootdir=task.root,
                conftests=task.conftests,
                hash_seed=hash_seed,
                reverse=reverse,
                rewrite=not reverse,
                timeout=timeout,
                sandbox=task.sandbox,
                paths=task.python_paths,
            )

        with ThreadPoolExecutor(2) as both:
            first, second = both.submit(run, 1, False), both.submit(run, 2, True)
            return first.result(), second.result()


def failing(suite: Suite, targets: Mapping[str, Target], runs: Sequence[SuiteRun]) -> set[str]:
    """Keys of candidates whose test did not pass in every run."""
    functions = functions_of(suite, targets)
    bad: set[str] = set()
    order: dict[str, list[str]] = {}
    for node in runs[0].results:
        order.setdefault(_function(node), []).append(node)
    for name, cases in functions.items():
        nodes = order.get(name, [])
        by_row = len(nodes) == len(cases)
        for row, case in enumerate(cases):
            mine = nodes[row : row + 1] if by_row else nodes
            if not mine or any(run.results.get(node) != "passed" for run in runs for node in mine):
                bad.add(case.candidate.key)
    return bad


def _function(node: str) -> str:
    """The test function in a test's id; the values of a parametrized one may hold anything."""
    return node.partition("::")[2].partition("[")[0]
