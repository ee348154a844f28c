"""Property tests: conjectured from what was observed, tried on many inputs, kept for what no example notices."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from qeforge.analysis.evidence import Evidence, parameter_evidence
from qeforge.codegen.imports import ImportPlan
from qeforge.codegen.properties import PropertyFunction, property_functions
from qeforge.domain.candidate import Candidate
from qeforge.domain.facts import ANY, ModuleFacts, TypeRef
from qeforge.domain.mutant import Mutant, MutantResult, Verdict
from qeforge.domain.observation import Observation
from qeforge.domain.properties import Property, PropertyKind, PropertyTest, Strategy
from qeforge.domain.protocols import Judge, Request
from qeforge.domain.target import Target
from qeforge.domain.testcase import TestCase
from qeforge.execution.hypothesis_tables import compute
from qeforge.execution.pytest_run import SuiteRun, run_suite, score_suite
from qeforge.execution.scratch import scratch_folder
from qeforge.oracle.calls import Arguments, Call, call_candidate, is_plain, read_call, table_of
from qeforge.oracle.properties import conjectures, follow_ups
from qeforge.oracle.strategies import combinations, kind_of, probing_values, strategies
from qeforge.refinement.finish import Finished, verify, written
from qeforge.refinement.task import ModuleTask

MANY_EXAMPLES = 200
"""Inputs on which a property has to hold before it is believed, twice."""

_PLAIN_EXAMPLES = 100
"""What Hypothesis draws where nothing is said."""

_PINNED_EXAMPLES = 200
_FEW_EXAMPLES = 20
"""Enough to see which lines a test reaches; tracing makes each ten times as slow."""

_MOST_CALLS, _MOST_FOLLOW_UPS, _MOST_TESTS, _MOST_MUTANTS = 400, 600, 48, 80
"""Calls of one target that are remembered, calls made to learn more, tests tried, mutants that they are tried on."""

_SLOW = 0.01
"""Seconds that even the quickest observed call takes, from which on a busy machine might meet Hypothesis's deadline."""

_TEST_SECONDS, _SCORE_SECONDS = 20.0, 2.0
"""That one test may take; that each is taken to take when mutants are timed, so that chance decides nothing."""

_PROFILE = """\
from hypothesis import Phase, settings

settings.register_profile(
    "qeforge",
    max_examples={examples},
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    report_multiple_bugs=False,
)
settings.load_profile("qeforge")
"""


class CallLog:
    """Proposes nothing, and remembers every plain call that the judge saw.

    Args:
        targets: what may be called.
    """

    name = "calls"

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = {target.id: target for target in targets if is_plain(target)}
        self._calls: dict[str, list[Call]] = {name: [] for name in self._targets}

    @property
    def targets(self) -> Mapping[str, Target]:
        """The functions of which there may be properties, by id."""
        return self._targets

    @property
    def calls(self) -> list[Call]:
        """Everything that was heard, each once, target by target."""
        return list(table_of(call for calls in self._calls.values() for call in calls).values())

    def propose(self, request: Request) -> Sequence[Candidate]:
        """Nothing."""
        return ()

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        """Keeps what can be read as a call."""
        for call in self.read(observed):
            if len(self._calls[call.target]) < _MOST_CALLS:
                self._calls[call.target].append(call)

    def read(self, observed: Sequence[tuple[Candidate, Observation]]) -> list[Call]:
        """What of it can be read as a call."""
        pairs = [(self._targets[c.target], c, seen) for c, seen in observed if c.target in self._targets]
        calls = [read_call(candidate, seen, target) for target, candidate, seen in pairs]
        return [call for call in calls if call is not None]


# -- what might hold --------------------------------------------------------------------------------------------


def property_candidates(task: ModuleTask, judge: Judge, log: CallLog) -> tuple[PropertyTest, ...]:
    """Tests of what the observed calls support, with strategies that draw nothing that was seen to raise; the most
    telling first.

    Calls that would show more are made: a result put back in, arguments exchanged, values at the ends of a type.
    """
    inputs = _Inputs.of(task, judge.facts(), log)
    calls = inputs.fitting(log.calls)
    calls += inputs.fitting(log.read(_tried(judge, log.targets, inputs.probes(calls))))
    calls += inputs.fitting(log.read(_tried(judge, log.targets, follow_ups(calls, log.targets)[:_MOST_FOLLOW_UPS])))
    slow = {target: min((c.seconds for c in calls if c.target == target), default=0.0) for target in log.targets}
    found: list[PropertyTest] = []
    for stated in conjectures(calls, log.targets):
        for chosen in inputs.variants(stated, calls):
            drawn = tuple((name, s.source) for name, s in zip(stated.parameters, chosen, strict=True))
            found.append(PropertyTest(stated=stated, strategies=drawn, slow=slow.get(stated.target, 0.0) > _SLOW))
    return tuple(found[:_MOST_TESTS])


def _tried(
    judge: Judge, targets: Mapping[str, Target], wanted: Sequence[tuple[str, Arguments]]
) -> list[tuple[Candidate, Observation]]:
    candidates = [call_candidate(targets[target], arguments) for target, arguments in wanted]
    return list(zip(candidates, judge.run(candidates), strict=True)) if candidates else []


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inputs:
    """How the parameters of the functions are drawn: `levels` by target and parameter, the broadest first."""

    kinds: Mapping[tuple[str, str], TypeRef]
    levels: Mapping[tuple[str, str], tuple[Strategy, ...]]

    @classmethod
    def of(cls, task: ModuleTask, facts: ModuleFacts, log: CallLog) -> "_Inputs":
        evidence = parameter_evidence(task.module)
        calls = log.calls
        kinds: dict[tuple[str, str], TypeRef] = {}
        levels: dict[tuple[str, str], tuple[Strategy, ...]] = {}
        for target in log.targets.values():
            known = facts.callables.get(target.qualname)
            declared = {p.name: p.type for p in known.parameters} if known is not None else {}
            mine = [call for call in calls if call.target == target.id]
            for parameter in target.parameters:
                name = parameter.name
                hint = evidence.get(target.id, {}).get(name, Evidence())
                accepted = [value for call in mine if not call.raised for n, value in call.arguments if n == name]
                refused = [value for call in mine if call.raised for n, value in call.arguments if n == name]
                kind = kind_of(declared.get(name, ANY), hint.types, accepted)
                kinds[target.id, name] = kind
                levels[target.id, name] = strategies(kind, accepted, refused, hint.patterns)
        return cls(kinds=kinds, levels=levels)

    def fitting(self, calls: Sequence[Call]) -> list[Call]:
        """Calls whose every argument could have been drawn."""
        return [
            call
            for call in calls
            if all(any(s.admits(value) for s in self.levels[call.target, name]) for name, value in call.arguments)
        ]

    def probes(self, calls: Sequence[Call]) -> list[tuple[str, Arguments]]:
        """For each group of calls that give the same parameters, a call that returned with one value after another
        at the far end of its type."""
        bases: dict[tuple[str, tuple[str, ...]], Call] = {}
        for call in calls:
            if not call.raised:
                bases.setdefault((call.target, call.names), call)
        found: list[tuple[str, Arguments]] = []
        for call in bases.values():
            for place, (name, _) in enumerate(call.arguments):
                for value in probing_values(self.kinds[call.target, name]):
                    changed = (*call.arguments[:place], (name, value), *call.arguments[place + 1 :])
                    found.append((call.target, changed))
        return found[:_MOST_FOLLOW_UPS]

    def variants(self, stated: Property, calls: Sequence[Call]) -> list[tuple[Strategy, ...]]:
        """Choices of strategies that draw no observed call which raised: the broadest, and the narrowest, which meets
        special cases more often. That nothing raises is tried on the broadest alone."""
        raised = [
            call for call in calls if call.raised and call.target == stated.target and call.names == stated.parameters
        ]
        found = [
            chosen
            for chosen in combinations([self.levels[stated.target, name] for name in stated.parameters])
            if not any(_admits(chosen, call) for call in raised)
        ]
        return [*found[:1], *(found[1:][-1:] if stated.kind is not PropertyKind.TYPE_KEPT else [])]


def _admits(chosen: Sequence[Strategy], call: Call) -> bool:
    return all(strategy.admits(value) for strategy, (_, value) in zip(chosen, call.arguments, strict=True))


# -- what holds, and notices something --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Runs tests of one module under the target's pytest, in a place like that of its suite.

    Args:
        timeout: seconds for one run.
    """

    task: ModuleTask
    mutants: Mapping[str, Mutant]
    timeout: float

    @property
    def targets(self) -> Mapping[str, Target]:
        """Every target of the module by id."""
        return {target.id: target for target in self.task.module.targets}

    def passing(self, tests: Sequence[PropertyTest]) -> list[PropertyTest]:
        """Those that pass in two runs with other inputs."""
        functions, text = self.source(tests, MANY_EXAMPLES)
        with self._placed(text) as place, ThreadPoolExecutor(2) as both:
            runs = list(both.map(lambda seed: self._run(place, seed, traced=False), (1, 2)))
        return [f.test for f in functions if all(_result(run, f.name) == "passed" for run in runs)]

    def killed_by(
        self, tests: Sequence[PropertyTest], examples: int, wanted: Sequence[str], *, hash_seed: int = 0
    ) -> dict[str, PropertyTest]:
        """Of the wanted mutants those that are killed, each with the first test that does it."""
        functions, text = self.source(tests, examples)
        _, quick = self.source(tests, _FEW_EXAMPLES)
        by_name = {function.name: function.test for function in functions}
        names = self.killed(text, wanted, hash_seed=hash_seed, sample=quick)
        return {mutant: by_name[name] for mutant, name in names.items() if name in by_name}

    def killed(self, text: str, wanted: Sequence[str], *, hash_seed: int = 0, sample: str = "") -> dict[str, str]:
        """Of the wanted mutants those that a text kills, each with the name of the first function in it that does. That
        a mutant takes too long counts for nothing: on a busy machine many do.

        `sample` is a text with the same tests that tells which lines they reach in a shorter time.
        """
        with self._placed(sample or text) as place:
            baseline = self._run(place, hash_seed)
            place.write_text(text, encoding="utf-8")
            paced = replace(baseline, durations=dict.fromkeys(baseline.results, _SCORE_SECONDS))
            results: Sequence[MutantResult] = score_suite(
                [place],
                interpreter=self.task.interpreter,
                module=self.task.module,
                mutants=[self.mutants[name] for name in wanted],
                rootdir=self.task.root,
                conftests=self.task.conftests,
                baseline=paced,
                hash_seed=hash_seed,
                timeout=self.timeout,
                sandbox=self.task.sandbox,
                paths=self.task.python_paths,
                parallel=2,
            )
        return {r.mutant.id: _function(r.killed_by) for r in results if r.verdict is Verdict.KILLED}

    def source(self, tests: Sequence[PropertyTest], examples: int | None) -> tuple[list[PropertyFunction], str]:
        """The tests as a file of their own, in their order; with so many inputs for each test that does not say."""
        plan = ImportPlan(self.task.module.name.partition(".")[0])
        functions = property_functions(tests, self.targets, plan)
        body = "\n\n\n".join(function.text for function in functions)
        imports = plan.statements([ast.parse(function.text) for function in functions])
        profile = _PROFILE.format(examples=examples) if examples is not None else ""
        return functions, f"{imports}\n{profile}\n\n{body}\n"

    def _run(self, place: Path, hash_seed: int, *, traced: bool = True) -> SuiteRun:
        return run_suite(
            [place],
            interpreter=self.task.interpreter,
            module=self.task.module if traced else None,
            rootdir=self.task.root,
            conftests=self.task.conftests,
            hash_seed=hash_seed,
            timeout=self.timeout,
            test_timeout=_TEST_SECONDS,
            sandbox=self.task.sandbox,
            paths=(self.task.module.import_root, *self.task.python_paths),
        )

    @contextmanager
    def _placed(self, text: str) -> Iterator[Path]:
        with scratch_folder("qeforge-properties-") as scratch:
            place = scratch / "tests" / self.task.suite.name
            place.parent.mkdir()
            place.write_text(text, encoding="utf-8")
            yield place


def kept_properties(
    bench: Bench, candidates: Sequence[PropertyTest], examples: str, wanted: Sequence[str]
) -> tuple[PropertyTest, ...]:
    """The property tests that hold and that kill a wanted mutant which no example kills, the most telling first.

    One that might miss its mutants with other inputs draws the same ones in every run.

    Args:
        bench: runs them.
        candidates: what to try, the preferred first.
        examples: the text of the suite without property tests.
        wanted: ids of mutants.
    """
    good = bench.passing(candidates) if candidates and wanted else []
    noticed = bench.killed_by(good, _PINNED_EXAMPLES, wanted[:_MOST_MUTANTS]) if good else {}
    known = bench.killed(examples, list(noticed)) if noticed else {}
    chosen = []
    for test in good:
        mine = frozenset(mutant for mutant, killer in noticed.items() if killer is test and mutant not in known)
        if mine:
            chosen.append(replace(test, mutants=mine))
    return _settled(bench, chosen) if chosen else ()


def _settled(bench: Bench, tests: Sequence[PropertyTest]) -> tuple[PropertyTest, ...]:
    """The tests with settings for those whose mutants depend on which inputs are drawn."""
    mutants = sorted(mutant for test in tests for mutant in test.mutants)
    one, other = (bench.killed_by(tests, _PLAIN_EXAMPLES, mutants, hash_seed=seed) for seed in (0, 1))
    sure = one.keys() & other.keys()
    return tuple(test if test.mutants <= sure else replace(test, examples=_PINNED_EXAMPLES) for test in tests)


def with_properties(
    bench: Bench,
    finished: Finished,
    candidates: Sequence[PropertyTest],
    wanted: Sequence[str],
) -> Finished:
    """The finished suite with the property tests that add something to it; as it is where none does.

    Args:
        bench: runs them.
        finished: a suite that has passed.
        candidates: property tests to try, the preferred first.
        wanted: ids of mutants that no example in it is known to kill.
    """
    task = bench.task
    if finished.arcs is None or not finished.cases:
        return finished
    compute(task.interpreter.path)
    tests = kept_properties(bench, candidates, finished.text, wanted)
    while tests:
        text, _ = written(task, finished.cases, bench.targets, bench.mutants, tests)
        runs = verify(task, text, timeout=bench.timeout)
        names = [f.name for f in bench.source(tests, None)[0]]
        failed = {n for n in names if any(_result(run, n) not in ("passed", "") for run in runs)}
        good = all(result == "passed" for run in runs for result in run.results.values()) and runs[0].results
        noticed = bench.killed(text, sorted(m for test in tests for m in test.mutants)) if good else {}
        sound = [
            replace(test, mutants=test.mutants & noticed.keys()) if good else test
            for test, name in zip(tests, names, strict=True)
            if name not in failed
        ]
        left = tuple(test for test in sound if test.mutants)
        if good and left == tuple(tests):
            arcs = runs[0].arcs & runs[1].arcs
            return replace(finished, text=text, arcs=finished.arcs | arcs, properties=left)
        if len(left) == len(tests) and not good:
            return finished
        tests = left
    return finished


def unnoticed(alive: Sequence[str], found: Sequence[TestCase], kept: Sequence[TestCase]) -> list[str]:
    """Ids of mutants that no kept case kills: those that none ever did, and those that only dropped ones did."""
    noticed = {mutant for case in kept for mutant in case.mutants}
    lost = sorted({mutant for case in found for mutant in case.mutants} - noticed)
    return [*alive, *lost]


def _function(node: str) -> str:
    return node.partition("::")[2].partition("[")[0]


def _result(run: SuiteRun, name: str) -> str:
    """How the function of that name ended; empty when it did not run."""
    return next((result for node, result in run.results.items() if _function(node) == name), "")
