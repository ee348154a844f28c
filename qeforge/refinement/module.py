"""One module from start to finish: import it, see what exists, refine, verify, write."""

import ast
import hashlib
import time
from collections.abc import Callable
from dataclasses import replace

from qeforge import __version__
from qeforge.analysis.constants import module_constants
from qeforge.analysis.goals import GoalMap
from qeforge.analysis.mutants import find_mutants
from qeforge.codegen.formatting import format_source
from qeforge.codegen.header import read_header
from qeforge.codegen.merge import merge
from qeforge.codegen.syntax import expression
from qeforge.domain.capability import Capability
from qeforge.domain.mutant import Mutant
from qeforge.domain.observation import Arc
from qeforge.domain.pattern import Recalled
from qeforge.domain.protocols import Clock, Progress, Proposer
from qeforge.domain.report import Action, ModuleReport, Suspect
from qeforge.domain.score import Score
from qeforge.domain.target import SkippedModule, SourceModule
from qeforge.domain.trajectory import Route, Stop, Trajectory
from qeforge.engine import samples
from qeforge.engine.proposer import NativeProposer
from qeforge.engine.steady import Steady
from qeforge.execution.judge import open_judge
from qeforge.execution.pytest_run import SuiteRun, run_suite
from qeforge.oracle.plain import Plainness
from qeforge.refinement import record
from qeforge.refinement.cases import score_of
from qeforge.refinement.conjecturing import CallLog, property_candidates
from qeforge.refinement.consulting import Advice, Consulted
from qeforge.refinement.doubts import standing
from qeforge.refinement.finish import Finished, finish, verify, written
from qeforge.refinement.limits import Limits
from qeforge.refinement.loop import Loop, Refined
from qeforge.refinement.placing import placed
from qeforge.refinement.properties import Bench, unnoticed, with_properties
from qeforge.refinement.recipes import RecipeProposer, written_calls
from qeforge.refinement.remembering import Remembering
from qeforge.refinement.respelling import with_named_options
from qeforge.refinement.settling import Settler
from qeforge.refinement.shrink import Shrinker, Work
from qeforge.refinement.task import ModuleTask
from qeforge.refinement.tidying import Tidying

_CPU_SECONDS, _WALL_SECONDS = 0.2, 0.8
"""For one candidate: a test that takes longer is not worth its place in a suite."""

_IMPORT_SECONDS = 5.0, 20.0
"""Least and most that importing a module may take; in between, as long as its budget."""

_VERIFYING = 0.17
"""Share of the budget that is kept for the last check under pytest."""

_SHRINKING = 0.06
"""Share of the budget in which strange values may be replaced by plain ones, beside what the search left over."""

_PROPERTY_SECONDS = 60.0
"""Seconds that trying property tests may take at least. What is tried is counted, and on an ordinary machine done in
as long as the module's budget; the clock ends it after three times that."""


def _patience(task: ModuleTask) -> float:
    """Seconds for one pytest run of what was written. Each of its tests has ended before, so that only a machine with
    much else to do comes near it, and there good tests must not be lost."""
    return max(30.0, 3 * task.seconds)


class MonotonicClock:
    """The real clock."""

    def now(self) -> float:
        """Seconds, monotonic."""
        return time.monotonic()


def generate_module(
    task: ModuleTask, progress: Progress, clock: Clock | None = None, *, parallel: int | Callable[[], int] = 2
) -> ModuleReport:
    """Writes the suite of one module (or says what it would write) and tells what came of it.

    Args:
        task: the work.
        progress: is told how it goes.
        clock: the real one when None.
        parallel: mutants tried at once; a function is asked again and again. It decides nothing but the time it takes.
    """
    clock = clock or MonotonicClock()
    began = clock.now()
    report = _generate(task, progress, clock, began, parallel)
    progress.done(task.module.name, report.action)
    return replace(report, seconds=clock.now() - began)


def _generate(
    task: ModuleTask, progress: Progress, clock: Clock, began: float, parallel: int | Callable[[], int]
) -> ModuleReport:
    module = task.module
    plain = ModuleReport(module=module.name, path=module.path, action=Action.SKIPPED, suite=task.suite)
    old = task.suite.read_text(encoding="utf-8") if task.suite.is_file() else ""
    header = read_header(old) if old else None
    if header is not None and header.edited and not task.force:
        return replace(plain, action=Action.KEPT, reason="edited by hand; --force overwrites it", old=old, new=old)
    if not module.targets:
        return replace(plain, reason="nothing in it can be called")
    settings = replace(
        task.judging,
        cpu_seconds=_CPU_SECONDS,
        wall_seconds=_WALL_SECONDS,
        import_seconds=min(_IMPORT_SECONDS[1], max(_IMPORT_SECONDS[0], task.seconds)),
        parallel=parallel,
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
        recalled = task.recalled or Recalled()
        known = (*task.recipes, *recalled.recipes)
        native = NativeProposer(
            aimed, judge.facts(), seed=task.seed, without=task.without, recipes=known, fakes=recalled.fakes
        )
        told = [] if Capability.RECIPES in task.without else written_calls(task)
        memory = Remembering(task, goals, base, told)
        proposers: list[Proposer] = [*memory.proposers, native]
        if Capability.RECIPES not in task.without:
            proposers.insert(0, RecipeProposer(told))
        log = CallLog(aimed.targets if task.properties else ())
        if task.properties:
            proposers.append(log)
        by_target = {target.id: target for target in module.targets}
        oddity = Plainness(
            by_target,
            guessed=native.guesses(),
            familiar=_familiar(module),
            particular=samples.particular_texts() - _own_texts(module),
        ).oddity
        advice = Advice(task, aimed, goals)
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
            advisers=advice.advisers,
            settler=None if Capability.FAKES in task.without else Settler(judge, Steady(module).variants),
        )
        refined = loop.run()
        advice.settle(refined.needed)
        advice.teach(refined.cases)
        advice.write(refined, mutants)
        doubts = standing(judge, refined.observed)
        doubtful = {doubt.act for doubt in doubts}
        cases = advice.described(case for case in refined.cases if case.candidate.act not in doubtful)
        already = goals.met(base)
        by_id = {mutant.id: mutant for mutant in mutants}
        chosen, needed = cases, refined.needed
        if refined.stop is not Stop.INTERRUPTED and Capability.SHRINK not in task.without:
            tidying = Tidying(by_target, _familiar(module))
            shrinker = Shrinker(
                judge, goals, by_id, variants=native.plainer, oddity=oddity, clock=clock, tidying=tidying
            )
            until = max(clock.now() + task.seconds * _SHRINKING, began + task.seconds * (1 - _VERIFYING))
            work = Work(cases=int(4 * task.seconds), variants=12, until=until)
            chosen, needed = shrinker.shrink(cases, refined.needed, already, work)
            refined = replace(refined, stop=Stop.TIME) if shrinker.cut else refined
            chosen, needed = with_named_options(judge, chosen, needed, by_target)
        looking = task.properties and refined.stop is not Stop.INTERRUPTED
        stated = property_candidates(task, judge, log) if looking else ()
    finished = finish(
        task,
        chosen,
        {**refined.needed, **needed},
        already,
        mutants=by_id,
        timeout=_patience(task),
        late=lambda: clock.now() > began + task.seconds,
        spare=cases,
        oddity=oddity,
    )
    if finished.dropped and refined.stop is not Stop.INTERRUPTED and clock.now() > began + task.seconds:
        refined = replace(refined, stop=Stop.TIME)  # with more of it, fewer might have gone
    if stated:
        bench = Bench(
            task=task,
            mutants=by_id,
            reach=log.reach,
            imported=frozenset(judge.import_arcs),
            clock=clock,
            until=clock.now() + max(_PROPERTY_SECONDS, 3 * task.seconds),
        )
        wanted = _worth_noticing(refined, finished)
        finished, cut = with_properties(bench, finished, stated, wanted, patience=_patience(task))
        refined = replace(refined, stop=Stop.TIME) if cut else refined
    plain = replace(plain, experience=memory.experience(finished.cases))
    return _report(task, plain, goals, base, refined, finished, advice.consulted(), doubts, old, began, clock)


def _worth_noticing(refined: Refined, finished: Finished) -> list[str]:
    """Ids of mutants that property tests may be kept for: no example kills them, and they are no likely equivalents."""
    alike = {mutant.id for mutant, _ in refined.equivalent}
    alive = [name for name in refined.alive if name not in alike]
    return unnoticed(alive, refined.cases, finished.cases)


def _report(
    task: ModuleTask,
    plain: ModuleReport,
    goals: GoalMap,
    base: frozenset[Arc],
    refined: Refined,
    finished: Finished,
    asked: Consulted,
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
    killed |= {mutant for test in finished.properties for mutant in test.mutants}
    alike = tuple((mutant.describe(), why) for mutant, why in refined.equivalent if mutant.id not in killed)
    kept = len(finished.cases) + len(finished.properties)
    score = replace(
        score_of(goals, met, len(killed), refined.mutants, tests=kept),
        kept=kept,
        offered=refined.offered,
        seconds=clock.now() - began,
        equivalent=len(alike),
        tokens=asked.tokens,
        usd=asked.usd,
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
        equivalent=alike,
        open_lines=open_lines,
        dropped=(("failed or wavered under pytest", finished.dropped),) if finished.dropped else (),
        reason=finished.note,
        old=old,
    )
    note = _record(task, refined, score, finished, asked)
    report = replace(report, notes=(*asked.problems, *([note] if note else [])))
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
        wrong, whole = ((), None) if text in (old, fresh) else _tried(task, text)
        if wrong:
            reason = f"tests of other targets in it fail now: {', '.join(wrong[:3])}; --update refreshes them"
            return replace(report, action=Action.SKIPPED, reason=reason)
        if whole is not None and report.score is not None:  # the tests that were kept count, too
            coverage = goals.coverage(goals.met(base | whole.arcs))
            score = replace(score, line=coverage.line_rate, branch=coverage.branch_rate, tests=len(whole.results))
            report = replace(report, coverage=coverage, score=score)
    return placed(task, report, text, old)


def _why_empty(task: ModuleTask, refined: Refined, finished: Finished) -> str:
    if task.wanted is not None and not task.wanted:
        return "tests of code that is gone were taken out"
    if finished.dropped:
        return "no test held under pytest"
    if not refined.offered:
        return "nothing could be called"
    if refined.stop is Stop.TIME:
        return "time was up before anything was found that can be asserted; --max-time gives it longer"
    return "nothing that can be asserted was observed"


def _tried(task: ModuleTask, text: str) -> tuple[tuple[str, ...], SuiteRun | None]:
    """Names of tests that do not pass (the reason where there is no result at all), and a run of all of them."""
    if not task.interpreter.has_pytest:
        return (), None
    runs = verify(task, text, timeout=_patience(task))
    wrong = {node.partition("::")[2] or node for run in runs for node in run.results if run.results[node] != "passed"}
    if not wrong and not all(run.results for run in runs):
        return (runs[0].crashed or "no tests are left",), None
    return tuple(sorted(wrong)), replace(runs[0], arcs=runs[0].arcs & runs[1].arcs)


def _familiar(module: SourceModule) -> set[str]:
    """Texts that nobody wonders at in a test of this module."""
    known = {*samples.every_text(), *samples.TEXT, *_own_texts(module)}
    return {text for text in known if len(text) > 1 and any(map(str.isalnum, text))}


def _own_texts(module: SourceModule) -> set[str]:
    """The texts in a module's code."""
    own = (expression(source) for source in module_constants(module).strings)
    return {node.value for node in own if isinstance(node, ast.Constant) and isinstance(node.value, str)}


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


def _existing_arcs(task: ModuleTask) -> frozenset[Arc]:
    """What the project's own passing tests reach of the module."""
    if task.reached is not None:
        return task.reached
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


def _record(task: ModuleTask, refined: Refined, score: Score, finished: Finished, asked: Consulted) -> str:
    """Keeps how the suite came about; why it could not, if so."""
    return record.append(
        Trajectory(
            module=task.module.name,
            project=str(task.root.resolve()),
            digest=hashlib.sha256(task.module.source.encode()).hexdigest(),
            seed=task.seed,
            version=__version__,
            python=".".join(map(str, task.interpreter.version)),
            route=Route(
                proposers=("recipes", "native", *asked.engines), reason="native is free", executions=refined.offered
            ),
            rounds=refined.rounds,
            stop=refined.stop,
            score=score,
            accepted=tuple(case.candidate.key for case in finished.cases),
        )
    )
