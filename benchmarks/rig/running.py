"""Runs tools on subjects and measures what they write: resumable, bounded, and clean."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from figures import machine

from rig.environments import Environments, Unavailable
from rig.measure import Judge
from rig.metered import allow_again, stop_all
from rig.records import Record, Store, is_done
from rig.subjects import Subject
from rig.tools import Job, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run.

    Args:
        tools: who writes suites.
        subjects: for which modules.
        budgets: seconds of search, each on its own.
        seeds: each on its own.
        jobs: suites at the same time; more than one makes wall times worthless.
        suites: a folder to keep the suites in; None forgets them.
    """

    tools: Sequence[Tool]
    subjects: Sequence[Subject]
    budgets: Sequence[float]
    seeds: Sequence[int]
    jobs: int = 1
    suites: Path | None = None


def execute(plan: Plan, judge: Judge, store: Store, say: Callable[[str], None]) -> None:
    """Does what is not done yet; every result is on disk as soon as it is there.

    Raises:
        KeyboardInterrupt: the processes that were running are ended; what was finished is kept.
    """
    known = {record.key: record for record in store.read()}
    wanted = [
        (tool, subject, budget, seed)
        for seed in plan.seeds
        for budget in plan.budgets
        for subject in plan.subjects
        for tool in plan.tools
    ]
    work = [
        one
        for one in wanted
        if not is_done(
            known,
            tool=one[0].name,
            version=one[0].version,
            subject=one[1],
            budget=one[2],
            seed=one[3],
            mutants=judge.mutants,
        )
    ]
    say(f"{len(wanted) - len(work)} results are there, {len(work)} to do")
    began = time.monotonic()
    allow_again()

    def one(number: int) -> None:
        tool, subject, budget, seed = work[number]
        record = run_one(tool, subject, budget, seed, judge, plan)
        store.add(record)
        elapsed = time.monotonic() - began
        say(f"[{number + 1}/{len(work)}, {elapsed:.0f} s] {told(record)}")

    with ThreadPoolExecutor(plan.jobs) as pool:
        futures = [pool.submit(one, number) for number in range(len(work))]
        try:
            for future in futures:
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            stop_all()
            raise
        finally:
            if store.path.exists():
                store.tidy()


def run_one(tool: Tool, subject: Subject, budget: float, seed: int, judge: Judge, plan: Plan) -> Record:
    """Writes a suite and measures it, in a folder that goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="qeforge-bench-")).resolve()
    try:
        place, suite = folder / "tool", folder / "suite"
        place.mkdir()
        suite.mkdir()
        job = Job(subject=subject, budget=budget, seed=seed, place=place, suite=suite)
        generated = tool.generate(job)
        if plan.suites is not None:
            kept = plan.suites / tool.name.replace(" ", "-") / f"{subject.module}@{budget:g}s-seed{seed}"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(suite, kept, ignore=shutil.ignore_patterns("__pycache__"))
        return Record(
            tool=tool.name,
            version=tool.version,
            module=subject.module,
            groups=subject.groups,
            budget=budget,
            seed=seed,
            machine={**machine(), "jobs": plan.jobs},
            usage=generated.usage,
            measures=judge.measure(subject, suite, folder / "judge"),
            note=without_folders(generated.note),
            tokens=generated.tokens,
            rounds=generated.rounds,
            own=generated.own,
        )
    finally:
        _remove(folder)


def told(record: Record) -> str:
    """One line about a result."""
    measures = record.measures
    mutation = "" if measures.mutation is None else f", mutation {measures.mutation:.1%}"
    note = f" ({record.note})" if record.note else ""
    return (
        f"{record.module}: {record.tool} at {record.budget:g} s: {measures.tests} tests, {measures.reached:.1%} of "
        f"lines and branches{mutation}, {record.usage.wall:.1f} s{note}"
    )


def without_folders(note: str) -> str:
    """A note in which files have their names only: where somebody's folders are belongs into no result."""
    return re.sub(r"(?:/[\w.@+~-]+)+/(?=[\w.])", "", note)


def available(
    names: Iterable[str], make: Callable[[str, Path], Tool], environments: Environments, say: Callable[[str], None]
) -> list[Tool]:
    """Those of the tools whose environment is there or can be made; for the others the reason is told."""
    found = []
    for name in names:
        try:
            found.append(make(name, environments.interpreter(name)))
        except Unavailable as problem:
            say(f"{name} is left out: {problem}")
    return found


def _remove(folder: Path) -> None:
    """Also what a tool or a test has made unreadable."""
    for place, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(place, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
