"""Property tests: tried on many inputs, and kept for what no example notices."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from qeforge.codegen.imports import ImportPlan
from qeforge.codegen.properties import PropertyFunction, property_functions
from qeforge.domain.mutant import Mutant, Verdict
from qeforge.domain.observation import Arc
from qeforge.domain.properties import PropertyTest
from qeforge.domain.protocols import Clock
from qeforge.domain.target import Target
from qeforge.domain.testcase import TestCase
from qeforge.execution.hypothesis_draw import compute
from qeforge.execution.pytest_run import SuiteRun, run_suite, score_suite
from qeforge.execution.pytest_score import plan_mutants
from qeforge.execution.scratch import scratch_folder
from qeforge.refinement.finish import Finished, verify, written
from qeforge.refinement.task import ModuleTask

_EXAMPLES, _FEW_EXAMPLES = 150, 50
"""Inputs that a property is tried on with each seed, and on each mutant. The test that is written draws Hypothesis's
own hundred: what half of that notices, it will hardly miss."""

_SEEDS = (1, 2)
"""With all of them a property has to hold; with the first one it is tried on mutants."""

_TEST_SECONDS = 20.0
"""Wall time that one test may take. Counted work is done long before, so that only what hangs meets it."""

_EXAMPLE_SECONDS, _PROPERTY_SECONDS = 0.01, 0.5
"""That a test is taken to take when mutants are timed, whatever it took: chance decides neither order nor verdict."""

_LONGEST_CHECK = 60.0
"""Seconds that the last check of what was found may take at least: what was found must not be lost at the end."""

_WHOLE_MUTANTS = 8
"""Mutants of what importing runs that are tried: each of them imports the module anew."""

_PROFILE = """\
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "qeforge",
    settings(
        {examples}database=None,
        phases=(Phase.explicit, Phase.generate),
        report_multiple_bugs=False,
        suppress_health_check=[*settings.default.suppress_health_check, HealthCheck.too_slow],
    ),
)
settings.load_profile("qeforge")
"""
"""For the sake of time: nothing is made smaller before it is reported."""

_SEEDED = """

from hypothesis import seed as _seed

for _name, _test in list(globals().items()):
    if _name.startswith("test_"):
        _seed({seed})(_test)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Tries property tests of one module under the target's pytest.

    Args:
        mutants: those of the module, by id.
        reach: what calls of each target run, by id.
        imported: what importing the module runs.
        until: when the trials have to be over, as `clock` tells it.
    """

    task: ModuleTask
    mutants: Mapping[str, Mutant]
    reach: Mapping[str, frozenset[Arc]]
    imported: frozenset[Arc]
    clock: Clock
    until: float

    @property
    def targets(self) -> Mapping[str, Target]:
        """Every target of the module by id."""
        return {target.id: target for target in self.task.module.targets}

    @property
    def most_tests(self) -> int:
        """How many are tried: work that fits the module's budget."""
        return min(48, max(6, int(2 * self.task.seconds)))

    @property
    def most_mutants(self) -> int:
        """On how many mutants."""
        return min(160, max(20, int(6 * self.task.seconds)))

    def promising(
        self, tests: Sequence[PropertyTest], wanted: Sequence[str]
    ) -> tuple[list[PropertyTest], list[Mutant]]:
        """The tests that reach a wanted mutant, the mutants that one of them reaches; no more than may be tried."""
        by_name = {str(number): test for number, test in enumerate(tests)}
        baseline = self._baseline({name: self.reached_by(test) for name, test in by_name.items()})
        mutants = [self.mutants[name] for name in wanted]
        plans = plan_mutants(self.task.module.source, mutants, baseline)
        pairs = list(zip(mutants, plans, strict=True))
        quick = [(mutant, plan) for mutant, plan in pairs if plan.tests and not plan.whole]
        whole = [(mutant, plan) for mutant, plan in pairs if plan.tests and plan.whole][:_WHOLE_MUTANTS]
        chosen = [*quick, *whole][: self.most_mutants]
        useful = {name for _, plan in chosen for name in plan.tests}
        return [by_name[name] for name in by_name if name in useful][: self.most_tests], [m for m, _ in chosen]

    def reached_by(self, test: PropertyTest) -> frozenset[Arc]:
        """What it runs, as far as observed calls tell."""
        names = (test.stated.target, test.stated.partner, test.stated.builder)
        return frozenset().union(*(self.reach.get(name, frozenset()) for name in names))

    def holding(self, tests: Sequence[PropertyTest]) -> tuple[list[PropertyTest], bool]:
        """Those that pass with every seed, and whether time or a hanging test cut the run: one run for all."""
        with self._placed() as folder:
            files = {seed: folder / f"test_{number}.py" for number, seed in enumerate(_SEEDS)}
            for seed, file in files.items():
                functions = self._trial(tests, file, seed)
            run = run_suite(
                list(files.values()),
                interpreter=self.task.interpreter,
                module=None,
                rootdir=self.task.root,
                conftests=(*self.task.conftests, _profile(folder, _EXAMPLES)),
                timeout=self._left(),
                test_timeout=_TEST_SECONDS,
                sandbox=self.task.sandbox,
                paths=(self.task.module.import_root, *self.task.python_paths),
            )
        failed = {node.partition("::")[2] for node, result in run.results.items() if result != "passed"}
        ran = Counter(node.partition("::")[2] for node in run.results)
        good = [f.test for f in functions if f.name not in failed and ran[f.name] == len(_SEEDS)]
        return good, bool(run.crashed)

    def noticed(
        self, tests: Sequence[PropertyTest], mutants: Sequence[Mutant], examples: Finished
    ) -> tuple[dict[str, PropertyTest], bool]:
        """Ids of the mutants that a test kills and no example does, each with the first test that does it; whether
        time ended the search."""
        with self._placed() as folder:
            suite, file = folder / self.task.suite.name, folder / "test_0.py"
            suite.write_text(examples.text, encoding="utf-8")
            functions = self._trial(tests, file, _SEEDS[0])
            by_name = {f"{file.name}::{function.name}": function.test for function in functions}
            killers, cut = self._killers(
                [suite, file],
                mutants,
                self._baseline(
                    {name: self.reached_by(test) for name, test in by_name.items()}, examples=examples.reached
                ),
                _profile(folder, _FEW_EXAMPLES),
                self._left(),
            )
        return {mutant: by_name[killer] for mutant, killer in killers.items() if killer in by_name}, cut

    def still_noticed(
        self, text: str, functions: Sequence[PropertyFunction], run: SuiteRun
    ) -> tuple[list[PropertyTest], bool]:
        """The property tests of a finished suite with the mutants that they kill just as they will be written."""
        with self._placed() as folder:
            suite = folder / self.task.suite.name
            suite.write_text(text, encoding="utf-8")
            by_name = {f"{suite.name}::{function.name}": function.test for function in functions}
            mutants = [self.mutants[name] for name in sorted({m for test in by_name.values() for m in test.mutants})]
            baseline = self._baseline({name: run.per_test.get(name, frozenset()) for name in by_name})
            killers, cut = self._killers([suite], mutants, baseline, _profile(folder), _LONGEST_CHECK)
        left = [
            replace(test, mutants=frozenset(mutant for mutant, killer in killers.items() if killer == name))
            for name, test in by_name.items()
        ]
        return [test for test in left if test.mutants], cut

    def _killers(
        self, files: Sequence[Path], mutants: Sequence[Mutant], baseline: SuiteRun, profile: Path, seconds: float
    ) -> tuple[dict[str, str], bool]:
        """Ids of mutants and of the tests that kill them. That a mutant takes too long counts for nothing: on a busy
        machine many do."""
        results = score_suite(
            files,
            interpreter=self.task.interpreter,
            module=self.task.module,
            mutants=mutants,
            rootdir=self.task.root,
            conftests=(*self.task.conftests, profile),
            baseline=baseline,
            timeout=seconds,
            sandbox=self.task.sandbox,
            paths=self.task.python_paths,
            parallel=2,
        )
        return {r.mutant.id: r.killed_by for r in results if r.verdict is Verdict.KILLED}, len(results) < len(mutants)

    def _trial(self, tests: Sequence[PropertyTest], file: Path, seed: int) -> list[PropertyFunction]:
        """Writes the tests as a file of their own, with inputs that a seed decides."""
        plan = ImportPlan(self.task.module.name.partition(".")[0])
        functions = property_functions(tests, self.targets, plan, pinned=False)
        body = "\n\n\n".join(function.text for function in functions)
        imports = plan.statements([ast.parse(function.text) for function in functions])
        file.write_text(f"{imports}\n\n{body}\n{_SEEDED.format(seed=seed)}", encoding="utf-8")
        return functions

    def _baseline(
        self,
        properties: Mapping[str, frozenset[Arc]],
        *,
        examples: Mapping[str, frozenset[Arc]] | None = None,
    ) -> SuiteRun:
        """A run in which all of these passed, examples first."""
        quick = examples or {}
        reached = {**quick, **properties}
        return SuiteRun(
            results=dict.fromkeys(reached, "passed"),
            per_test=reached,
            import_arcs=self.imported,
            durations={name: _EXAMPLE_SECONDS if name in quick else _PROPERTY_SECONDS for name in reached},
        )

    def _left(self) -> float:
        return max(1.0, self.until - self.clock.now())

    @contextmanager
    def _placed(self) -> Iterator[Path]:
        with scratch_folder("qeforge-properties-") as scratch:
            folder = scratch / "tests"
            folder.mkdir()
            yield folder


def with_properties(
    bench: Bench,
    finished: Finished,
    candidates: Sequence[PropertyTest],
    wanted: Sequence[str],
    *,
    patience: float,
) -> tuple[Finished, bool]:
    """The finished suite with the property tests that add something to it, and whether time cut the search for them.

    One run tries all candidates on the original, another one the mutants that they reach. What kills a mutant there
    that no example kills becomes part of the suite, which is then run like any other, and tried on these mutants once
    more: a test stays only for mutants that it kills with the inputs that it will draw.

    Args:
        bench: runs them.
        finished: a suite that has passed.
        candidates: property tests to try, the preferred first.
        wanted: ids of mutants that no example in it is known to kill.
        patience: seconds for one run of the finished suite.
    """
    task = bench.task
    if finished.arcs is None or not finished.cases:
        return finished, False
    tests, mutants = bench.promising(candidates, wanted)
    if not tests:
        return finished, False
    compute(task.interpreter)
    tests, cut = bench.holding(tests)
    noticed, late = bench.noticed(tests, mutants, finished) if tests else ({}, False)
    cut |= late
    found = [replace(test, mutants=frozenset(m for m, killer in noticed.items() if killer is test)) for test in tests]
    left = [test for test in found if test.mutants]
    while left:
        text, _ = written(task, finished.cases, bench.targets, bench.mutants, left)
        runs = verify(task, text, timeout=patience)
        functions = _functions(left, bench.targets, finished.text)
        failed = {node.partition("::")[2] for run in runs for node, result in run.results.items() if result != "passed"}
        sound = [function.test for function in functions if function.name not in failed]
        if len(sound) == len(left):
            if failed or not all(run.results for run in runs):
                return finished, cut  # they disturb the examples
            sound, late = bench.still_noticed(text, functions, runs[0])
            cut |= late
            if len(sound) == len(left):
                text, _ = written(task, finished.cases, bench.targets, bench.mutants, sound)  # comments say less
                arcs = finished.arcs | (runs[0].arcs & runs[1].arcs)
                return replace(finished, text=text, arcs=arcs, properties=tuple(sound)), cut
        left = sound
    return finished, cut


def _functions(tests: Sequence[PropertyTest], targets: Mapping[str, Target], examples: str) -> list[PropertyFunction]:
    """The tests under the names that they have beside the examples."""
    taken = [getattr(node, "name", "") for node in ast.parse(examples).body]
    return property_functions(tests, targets, ImportPlan(""), taken=taken)


def _profile(folder: Path, examples: int | None = None) -> Path:
    """A conftest file that has Hypothesis draw so many inputs for each test, its own number for None."""
    file = folder / "profile_of_trials.py"
    said = f"max_examples={examples},\n        deadline=None,\n        " if examples is not None else ""
    file.write_text(_PROFILE.format(examples=said), encoding="utf-8")
    return file


def unnoticed(alive: Sequence[str], found: Sequence[TestCase], kept: Sequence[TestCase]) -> list[str]:
    """Ids of mutants that no kept case kills: those that none ever did, and those that only dropped ones did."""
    noticed = {mutant for case in kept for mutant in case.mutants}
    lost = sorted({mutant for case in found for mutant in case.mutants} - noticed)
    return [*alive, *lost]
