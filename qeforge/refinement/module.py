"""One module from start to finish: import it, see what exists, refine, verify, write."""

import ast
import hashlib
import time
from dataclasses import replace

from qeforge import __version__
from qeforge.analysis.constants import module_constants
from qeforge.analysis.goals import GoalMap
from qeforge.analysis.mutants import find_mutants
from qeforge.analysis.recipes import doctest_candidates, test_candidates
from qeforge.codegen.formatting import format_source
from qeforge.codegen.header import read_header
from qeforge.codegen.layout import package_files
from qeforge.codegen.merge import merge
from qeforge.codegen.syntax import expression
from qeforge.codegen.writing import write_atomically
from qeforge.domain.candidate import Candidate
from qeforge.domain.capability import Capability
from qeforge.domain.mutant import Mutant
from qeforge.domain.observation import Arc
from qeforge.domain.protocols import Clock, Progress, Proposer
from qeforge.domain.report import Action, ModuleReport, Suspect
from qeforge.domain.score import Score
from qeforge.domain.target import SkippedModule, SourceModule
from qeforge.domain.trajectory import Route, Stop, Trajectory
from qeforge.engine import samples
from qeforge.engine.proposer import NativeProposer
from qeforge.execution.judge import JudgeSettings, open_judge
from qeforge.execution.pytest_run import run_suite
from qeforge.oracle.claims import suspects
from qeforge.oracle.plain import Plainness
from qeforge.refinement import record
from qeforge.refinement.finish import Finished, finish, verify, written
from qeforge.refinement.loop import Limits, Loop, Refined, score_of
from qeforge.refinement.recipes import RecipeProposer
from qeforge.refinement.shrink import Shrinker, Work
from qeforge.refinement.task import ModuleTask

_CPU_SECONDS, _WALL_SECONDS = 0.2, 0.8
"""For one candidate: a test that takes longer is not worth its place in a suite."""

_IMPORT_SECONDS = 5.0, 20.0
"""Least and most that importing a module may take; in between, as long as its budget."""

_VERIFYING = 0.17
"""Share of the budget that is kept for the last check under pytest."""

_SHRINKING = 0.06
"""Share of the budget in which strange values may be replaced by plain ones."""


class MonotonicClock:
    """The real clock."""

    def now(self) -> float:
        """Seconds, monotonic."""
        return time.monotonic()


def generate_module(task: ModuleTask, progress: Progress, clock: Clock | None = None) -> ModuleReport:
    """Writes the suite of one module (or says what it would write) and tells what came of it."""
    clock = clock or MonotonicClock()
    began = clock.now()
    report = _generate(task, progress, clock, began)
    progress.done(task.module.name, report.action)
    return replace(report, seconds=clock.now() - began)


def _generate(task: ModuleTask, progress: Progress, clock: Clock, began: float) -> ModuleReport:
    module = task.module
    plain = ModuleReport(module=module.name, path=module.path, action=Action.SKIPPED, suite=task.suite)
    old = task.suite.read_text(encoding="utf-8") if task.suite.is_file() else ""
    header = read_header(old) if old else None
    if header is not None and header.edited and not task.force:
        return replace(plain, action=Action.KEPT, reason="edited by hand; --force overwrites it", old=old, new=old)
    if not module.targets:
        return replace(plain, reason="nothing in it can be called")
    settings = JudgeSettings(
        sandbox=task.sandbox,
        memory_bytes=task.memory_bytes,
        project_paths=task.python_paths,
        conftests=task.conftests,
        cpu_seconds=_CPU_SECONDS,
        wall_seconds=_WALL_SECONDS,
        import_seconds=min(_IMPORT_SECONDS[1], max(_IMPORT_SECONDS[0], task.seconds)),
        parallel=2,
    )
    judge = open_judge(module, task.interpreter, settings)
    if isinstance(judge, SkippedModule):
        return replace(plain, reason=judge.reason)
    with judge:
        goals = GoalMap.of(module)
        existing = _existing_arcs(task)
        base = frozenset(judge.import_arcs) | existing
        aimed = _restricted(module, task.wanted)
        mutants = _mutants(task, goals)
        if existing and goals.goals <= goals.met(base):
            coverage = goals.coverage(goals.met(base))
            return replace(
                plain,
                action=Action.NOTHING_OPEN,
                reason="existing tests reach every line and branch",
                coverage=coverage,
            )
        native = NativeProposer(aimed, judge.facts(), seed=task.seed, without=task.without)
        proposers: list[Proposer] = [native]
        if Capability.RECIPES not in task.without:
            proposers.insert(0, RecipeProposer(_recipes(task)))
        by_target = {target.id: target for target in module.targets}
        oddity = Plainness(by_target, guessed=native.guesses(), familiar=_familiar(module)).oddity
        left = task.seconds * (1 - _VERIFYING - _SHRINKING) - (clock.now() - began)
        loop = Loop(
            module.name,
            judge,
            goals,
            mutants,
            proposers,
            base=base,
            imported=judge.import_arcs,
            limits=replace(Limits.within(task.seconds, task.rounds), seconds=max(0.5, left)),
            clock=clock,
            progress=progress,
            oddity=oddity,
            without=task.without,
        )
        refined = loop.run()
        doubts = tuple(doubt for pair in refined.observed for doubt in suspects(*pair))
        doubtful = {doubt.act for doubt in doubts}
        cases = tuple(case for case in refined.cases if case.candidate.act not in doubtful)
        already = goals.met(base)
        by_id = {mutant.id: mutant for mutant in mutants}
        chosen, needed = cases, refined.needed
        if refined.stop is not Stop.INTERRUPTED and Capability.SHRINK not in task.without:
            shrinker = Shrinker(judge, goals, by_id, variants=native.plainer, oddity=oddity, clock=clock)
            until = clock.now() + task.seconds * _SHRINKING
            work = Work(cases=int(4 * task.seconds), variants=12, until=until)
            chosen, needed = shrinker.shrink(cases, refined.needed, already, work)
    finished = finish(
        task,
        chosen,
        {**refined.needed, **needed},
        already,
        mutants=by_id,
        timeout=max(10.0, 2 * task.seconds),
        late=lambda: clock.now() > began + task.seconds,
        spare=cases,
        oddity=oddity,
    )
    return _report(task, plain, goals, base, refined, finished, doubts, old, began, clock)


def _report(
    task: ModuleTask,
    plain: ModuleReport,
    goals: GoalMap,
    base: frozenset[Arc],
    refined: Refined,
    finished: Finished,
    doubts: tuple[Suspect, ...],
    old: str,
    began: float,
    clock: Clock,
) -> ModuleReport:
    met = (
        goals.met(base | finished.arcs)
        if finished.arcs is not None
        else goals.met(base).union(*(c.goals for c in finished.cases))
    )
    killed = {mutant for case in finished.cases for mutant in case.mutants}
    kept = len(finished.cases)
    score = replace(
        score_of(goals, met, len(killed), refined.mutants, tests=kept),
        kept=kept,
        offered=refined.offered,
        seconds=clock.now() - began,
    )
    coverage = goals.coverage(met)
    reached_lines = {goal.arc[0] for goal in met if goal.arc[0] == goal.arc[1]}
    open_lines = tuple(sorted({g.arc[0] for g in goals.goals if g.arc[0] == g.arc[1]} - reached_lines))
    report = replace(
        plain,
        score=score,
        coverage=coverage,
        stop=refined.stop,
        rounds=len(refined.rounds),
        suspects=doubts,
        open_lines=open_lines,
        dropped=(("failed or wavered under pytest", finished.dropped),) if finished.dropped else (),
        reason=finished.note,
        old=old,
    )
    _record(task, refined, score, finished)
    merging = task.merge and bool(old) and read_header(old) is not None
    if not finished.cases:
        report = replace(report, reason=_why_empty(task, refined, finished))
        if not merging:
            return replace(report, action=Action.SKIPPED)
        report = replace(report, score=None, coverage=None)  # of nothing new there is nothing to say
    text = finished.text
    if merging:
        fresh = text or written(task, (), {target.id: target for target in task.module.targets}, {})[0]
        text = format_source(merge(old, fresh, refreshed=task.wanted or frozenset()), task.suite)
        wrong = () if text in (old, fresh) else _failing(task, text)
        if wrong:
            reason = f"tests of other targets in it fail now: {', '.join(wrong[:3])}; --update refreshes them"
            return replace(report, action=Action.SKIPPED, reason=reason)
    if text == old:
        return replace(report, action=Action.UNCHANGED, new=text)
    if task.dry_run:
        return replace(report, action=Action.WOULD_WRITE, new=text)
    for marker in package_files(task.suite, task.out):
        write_atomically(marker, "")
    write_atomically(task.suite, text)
    return replace(report, action=Action.WRITTEN, new=text)


def _why_empty(task: ModuleTask, refined: Refined, finished: Finished) -> str:
    if task.wanted is not None and not task.wanted:
        return "tests of code that is gone were taken out"
    if finished.dropped:
        return "no test held under pytest"
    if not refined.offered:
        return "nothing could be called"
    return "nothing that can be asserted was observed"


def _failing(task: ModuleTask, text: str) -> tuple[str, ...]:
    """Names of tests that do not pass; the reason where there is no result at all."""
    if not task.interpreter.has_pytest:
        return ()
    runs = verify(task, text, timeout=max(10.0, 2 * task.seconds))
    wrong = {node.partition("::")[2] or node for run in runs for node in run.results if run.results[node] != "passed"}
    if not wrong and not all(run.results for run in runs):
        return (runs[0].crashed or "no tests are left",)
    return tuple(sorted(wrong))


def _familiar(module: SourceModule) -> set[str]:
    """Texts that nobody wonders at in a test of this module."""
    own = (expression(source) for source in module_constants(module).strings)
    texts = {node.value for node in own if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    known = {*samples.every_text(), *samples.TEXT, *texts}
    return {text for text in known if len(text) > 1 and any(map(str.isalnum, text))}


def _restricted(module: SourceModule, wanted: frozenset[str] | None) -> SourceModule:
    """The module with only the wanted targets, and the closures inside them."""
    if wanted is None:
        return module
    kept = tuple(t for t in module.targets if t.id in wanted or any(t.id.startswith(f"{name}.") for name in wanted))
    return replace(module, targets=kept)


def _mutants(task: ModuleTask, goals: GoalMap) -> list[Mutant]:
    found = find_mutants(task.module, excluded=goals.excluded)
    if task.wanted is None:
        return list(found)
    spans = [t.span for t in task.module.targets if t.id in task.wanted]
    return [mutant for mutant in found if any(mutant.line in span for span in spans)]


def _recipes(task: ModuleTask) -> list[Candidate]:
    found = [*doctest_candidates(task.module), *test_candidates(task.module, task.existing)]
    if task.wanted is not None:
        found = [candidate for candidate in found if candidate.target in task.wanted]
    return found


def _existing_arcs(task: ModuleTask) -> frozenset[Arc]:
    """What the project's own passing tests reach of the module."""
    if not task.existing or not task.interpreter.has_pytest:
        return frozenset()
    run = run_suite(
        task.existing,
        interpreter=task.interpreter,
        module=task.module,
        rootdir=task.root,
        timeout=max(5.0, task.seconds * 0.4),
        sandbox=task.sandbox,
        lenient=True,
        paths=task.python_paths,
    )
    passed = [run.per_test.get(node, frozenset()) for node, result in run.results.items() if result == "passed"]
    return frozenset().union(*passed)


def _record(task: ModuleTask, refined: Refined, score: Score, finished: Finished) -> None:
    record.append(
        Trajectory(
            module=task.module.name,
            digest=hashlib.sha256(task.module.source.encode()).hexdigest(),
            seed=task.seed,
            version=__version__,
            python=".".join(map(str, task.interpreter.version)),
            route=Route(proposers=("recipes", "native"), reason="native is free", executions=refined.offered),
            rounds=refined.rounds,
            stop=refined.stop,
            score=score,
            accepted=tuple(case.candidate.key for case in finished.cases),
        )
    )
