"""Seconds a mutant: in the judge, in the warm pytest server, and with a fresh pytest for each.

Generates suites for a sample project in a temporary folder, takes the mutants of its modules, and tries them three
ways: `ForkJudge.mutate` with the calls that the suite makes; `score_suite` with the suite itself; and, for a sample of
the mutants, `python -m pytest -x -q` on a copy of the project with the mutant written into the file. The ratio and the
share of equal verdicts are those of `score_suite` against the fresh pytest.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import SAMPLES, Figures, copy_sample, environment, keep, median, parser, qeforge_json, verdict

from qeforge.analysis.discovery import discover
from qeforge.analysis.goals import GoalMap
from qeforge.analysis.mutants import find_mutants
from qeforge.analysis.recipes import test_candidates
from qeforge.domain.mutant import Mutant, MutantJob, MutantResult, Probe, Verdict
from qeforge.domain.target import SkippedModule, SourceModule
from qeforge.execution.interpreter import Interpreter, find_interpreter
from qeforge.execution.judge import JudgeSettings, open_judge
from qeforge.execution.pytest_run import run_suite, score_suite
from qeforge.oracle.assertions import assertions_for
from qeforge.oracle.stability import stable_facets
from qeforge.refinement.pool import lines_of

LONGEST = 60.0  # seconds of one fresh pytest; a mutant that needs more hangs


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One module with its generated suite."""

    root: Path
    module: SourceModule
    suite: Path
    mutants: tuple[Mutant, ...]
    python: Interpreter


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measures, prints, and returns the figures."""
    options = parser(__doc__)
    options.add_argument("--sample", choices=SAMPLES, default="textkit", help="project (default: %(default)s)")
    options.add_argument("--module", default="", help="only this module; default: all of the project")
    options.add_argument("--python", type=Path, help="interpreter with pytest; default: this one")
    options.add_argument("--max-time", type=float, default=10.0, help="for generating (default: %(default)s)")
    options.add_argument("--fresh", type=int, default=60, help="mutants for the fresh pytest (default: %(default)s)")
    options.add_argument("--mutants", type=int, default=1_000_000, help="mutants for the other two; default: all")
    given = options.parse_args(arguments)
    python = find_interpreter(given.python or Path(sys.executable), Path.cwd())
    with tempfile.TemporaryDirectory(prefix="qeforge-bench-") as folder:
        root = copy_sample(given.sample, Path(folder))
        subjects = prepared(root, python, given.module, given.max_time, given.mutants)
        if not subjects:
            raise SystemExit(f"no suite was generated for {given.sample} {given.module}".rstrip())
        judged = [seconds for subject in subjects for seconds in in_the_judge(subject)]
        served: list[float] = []
        fresh: list[float] = []
        pairs: list[tuple[MutantResult, bool | None]] = []
        for subject in subjects:
            seconds, results = in_the_server(subject)
            served += [seconds / len(results)] * len(results)
            sampled = spread(results, max(1, round(given.fresh * len(results) / count(subjects))))
            for result in sampled:
                taken, noticed = in_a_fresh_pytest(subject, result.mutant)
                fresh.append(taken)
                pairs.append((result, noticed))
    figures = compared(judged, served, fresh, pairs)
    show(figures)
    keep(figures, given.out)
    return figures


def count(subjects: Sequence[Subject]) -> int:
    """Mutants of all modules."""
    return sum(len(subject.mutants) for subject in subjects)


def spread(items: Sequence[MutantResult], most: int) -> list[MutantResult]:
    """Evenly spread ones, in order."""
    step = max(1.0, len(items) / most)
    return [items[int(index * step)] for index in range(min(most, len(items)))]


def prepared(root: Path, python: Interpreter, only: str, seconds: float, most: int) -> list[Subject]:
    """Modules for which the command line writes a suite."""
    arguments: list[str | Path] = ["generate", root / "src", "--no-cache", "--python", python.path]
    data = qeforge_json([*arguments, "--ignore-existing", "--max-time", f"{seconds:g}"], cwd=root)
    suites = {one["module"]: Path(one["suite"]) for one in data["modules"] if one["action"] == "written"}
    found = []
    for module in discover([root / "src"], search_path=python.search_path).modules:
        mutants = find_mutants(module, excluded=GoalMap.of(module).excluded)
        if module.name in suites and mutants and only in ("", module.name):
            step = max(1.0, len(mutants) / most)
            chosen = tuple(mutants[int(index * step)] for index in range(min(most, len(mutants))))
            found.append(Subject(root=root, module=module, suite=suites[module.name], mutants=chosen, python=python))
    return found


def in_the_judge(subject: Subject) -> list[float]:
    """Seconds of each mutant that some call of the suite reaches."""
    judge = open_judge(subject.module, subject.python, JudgeSettings())
    if isinstance(judge, SkippedModule):
        raise SystemExit(f"{judge.name}: {judge.reason}")
    with judge:
        calls = [c for c in test_candidates(subject.module, [subject.suite], frozenset()) if not c.fixtures]
        seen, again = judge.observe(calls), judge.confirm(calls)
        probes: list[Probe] = []
        lines: list[frozenset[int]] = []
        for candidate, first, others in zip(calls, seen, again, strict=True):
            if assertions_for(candidate, first, others):
                probes.append(Probe(candidate=candidate, facets=stable_facets(first, others, candidate=candidate)))
                lines.append(lines_of(first.arcs))
        jobs = [
            MutantJob(mutant=mutant, probes=fitting)
            for mutant in subject.mutants
            if (fitting := tuple(index for index, reached in enumerate(lines) if mutant.line in reached)[:12])
        ]
        if not jobs:
            return []
        started = time.perf_counter()
        judge.mutate(jobs, probes)
        return [(time.perf_counter() - started) / len(jobs)] * len(jobs)


def in_the_server(subject: Subject) -> tuple[float, tuple[MutantResult, ...]]:
    """Seconds for all mutants, starting pytest and collecting included, and the results. The run that tells which test
    reaches what is made once for a suite and is not counted."""
    baseline = run_suite([subject.suite], interpreter=subject.python, module=subject.module, rootdir=subject.root)
    started = time.perf_counter()
    results = score_suite(
        [subject.suite],
        interpreter=subject.python,
        module=subject.module,
        mutants=subject.mutants,
        rootdir=subject.root,
        baseline=baseline,
    )
    return time.perf_counter() - started, results


def in_a_fresh_pytest(subject: Subject, mutant: Mutant) -> tuple[float, bool | None]:
    """Seconds, and whether the suite notices; None where the mutated module cannot be imported."""
    with tempfile.TemporaryDirectory(prefix="qeforge-mutant-") as folder:
        root = Path(shutil.copytree(subject.root, Path(folder) / "project"))
        path = root / subject.module.path.relative_to(subject.root)
        path.write_text(mutated(subject.module.source, mutant), encoding="utf-8")
        suite = root / subject.suite.relative_to(subject.root)
        command = [str(subject.python.path), "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", str(suite)]
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=root, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            code = process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = 1
        seconds = time.perf_counter() - started
    return seconds, None if code == 2 else code != 0


def mutated(source: str, mutant: Mutant) -> str:
    """The module's text with the mutant in it."""
    lines = source.splitlines(keepends=True)
    start, end = (sum(map(len, lines[: line - 1])) + column for line, column in (mutant.start, mutant.end))
    return source[:start] + mutant.replacement + source[end:]


def compared(
    judged: Sequence[float],
    served: Sequence[float],
    fresh: Sequence[float],
    pairs: Sequence[tuple[MutantResult, bool | None]],
) -> Figures:
    """The figures."""
    differing = [result for result, noticed in pairs if not _same(result.verdict, noticed)]
    average = sum(served) / len(served)
    return {
        "mutants": len(served),
        "judge_mutants": len(judged),
        "judge_seconds_per_mutant": sum(judged) / len(judged) if judged else None,
        "server_seconds_per_mutant": average,
        "fresh_mutants": len(fresh),
        "fresh_seconds_per_mutant": median(fresh),
        "ratio": median(fresh) / average,
        "equal_verdicts": 1 - len(differing) / len(pairs),
        "differing": [f"{result.mutant.describe()} ({result.verdict.value})" for result in differing],
    }


def _same(verdict: Verdict, noticed: bool | None) -> bool:
    if noticed is None:  # the suite cannot even be collected: a mutant that any test notices
        return verdict in (Verdict.INCOMPETENT, Verdict.KILLED)
    return (verdict in (Verdict.KILLED, Verdict.TIMEOUT)) is noticed


def show(figures: Figures) -> None:
    """The figures for people."""
    for way, name, number in (
        ("judge", "judge_seconds_per_mutant", "judge_mutants"),
        ("pytest server", "server_seconds_per_mutant", "mutants"),
        ("fresh pytest", "fresh_seconds_per_mutant", "fresh_mutants"),
    ):
        if figures[name] is not None:
            print(f"{way}: {figures[name] * 1000:.1f} ms a mutant ({figures[number]} mutants)")
    print(f"ratio: {figures['ratio']:.0f}; {verdict(figures['ratio'], 50, at_most=False)}")
    share = figures["equal_verdicts"]
    print(f"equal verdicts: {share:.1%}; {verdict(share * 100, 95, at_most=False)}")
    for one in figures["differing"]:
        print(f"  differs: {one}")


if __name__ == "__main__":
    main()
