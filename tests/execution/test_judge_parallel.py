"""How many mutants are tried at once decides how long it takes, and nothing else."""

from pathlib import Path

import pytest

from qeforge.analysis.mutants import find_mutants
from qeforge.analysis.targets import find_targets
from qeforge.domain.mutant import MutantJob, MutantResult, Probe
from qeforge.domain.observation import Facet
from qeforge.domain.target import SourceModule
from tests.execution.judging import candidate, judging

MODULE = """
SEEN = []


def scale(n):
    total = 0
    while n > 0:
        total += n * 2
        n -= 1
    return total


def remember(name):
    SEEN.append(name)
    if len(SEEN) > 3:
        SEEN.clear()
    return len(SEEN), name.strip() or "nobody"


def choose(a, b, c=1):
    if a and not b:
        return a + c
    if b > 2 or c == 1:
        return b - c
    raise ValueError(f"{a} {b}")
"""
CALLS = (
    "sample.scale(3)",
    "sample.remember(' x ')",
    "sample.choose(1, 0)",
    "sample.choose(0, 5, 2)",
    "sample.scale(0)",
)


def results(folder: Path, parallel: int) -> list[MutantResult]:
    """Every mutant of the module against every call; a mutant of the loop never ends."""
    with judging(folder, MODULE, parallel=parallel, cpu_seconds=0.2, wall_seconds=0.8) as judge:
        text = (folder / "sample.py").read_text()
        module = SourceModule(
            name="sample",
            path=folder / "sample.py",
            import_root=folder,
            source=text,
            targets=find_targets(text, "sample"),
        )
        probes = [Probe(candidate=candidate(call), facets=tuple(Facet)) for call in CALLS]
        jobs = [MutantJob(mutant=mutant, probes=tuple(range(len(probes)))) for mutant in find_mutants(module)]
        assert len(jobs) > 25  # more than fit into two children
        found = judge.mutate(jobs, probes, first_only=False)
        first = judge.mutate(jobs, probes)
    return [*found, *first]


@pytest.mark.slow
def test_verdicts_and_who_noticed_are_the_same_whatever_the_number(tmp_path: Path) -> None:
    told = []
    for parallel in (1, 2, 5):
        folder = tmp_path / str(parallel)
        folder.mkdir()
        told.append([(r.mutant.id, r.verdict, r.kills) for r in results(folder, parallel)])
    assert told[0] == told[1] == told[2]
    assert len({verdict for _, verdict, _ in told[0]}) > 2


def test_the_number_is_asked_for_before_each_request(tmp_path: Path) -> None:
    asked: list[int] = []

    def spare() -> int:
        asked.append(1)
        return 2

    with judging(tmp_path, "def f(n):\n    return n + 1\n", parallel=spare) as judge:
        judge.mutate([], [])
        judge.mutate([], [])
    assert len(asked) >= 2
