"""Runs tools on subjects and measures what they write: resumable, bounded, and clean."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from figures import machine

from rig.environments import Environments, Unavailable
from rig.measure import Measures
from rig.metered import allow_again, stop_all
from rig.records import Record, Store, is_done
from rig.shelf import Made, Shelf
from rig.subjects import Subject
from rig.tools import Generated, Job, Tool

Work = TypeVar("Work")


class Phase(StrEnum):
    """What of the work is done: all suites are written before any is measured, so that one run can do the first part
    on a quiet machine, and another the second part while the machine does other things, too."""

    GENERATE = "generate"
    MEASURE = "measure"
    ALL = "all"


class Measurer(Protocol):
    """Says what a suite is worth."""

    @property
    def mutants(self) -> int:
        """How many are tried."""

    def measure(self, subject: Subject, suite: Path, place: Path) -> Measures:
        """Everything about one suite, in an empty folder of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run.

    Args:
        tools: who writes suites.
        subjects: for which modules.
        budgets: seconds of search, each on its own.
        seeds: each on its own.
        jobs: suites written at the same time; more than one makes wall times worthless.
        measure_jobs: suites measured at the same time.
        phase: which part of the work.
    """

    tools: Sequence[Tool]
    subjects: Sequence[Subject]
    budgets: Sequence[float]
    seeds: Sequence[int]
    jobs: int = 1
    measure_jobs: int = 1
    phase: Phase = Phase.ALL


class Suite(NamedTuple):
    """One suite that is wanted."""

    tool: Tool
    subject: Subject
    budget: float
    seed: int

    @property
    def key(self) -> tuple[str, str, float, int]:
        """As in a record."""
        return self.tool.name, self.subject.module, self.budget, self.seed


def execute(plan: Plan, judge: Measurer, store: Store, shelf: Shelf, say: Callable[[str], None]) -> None:
    """Does what is not done yet; every suite and every result is on disk as soon as it is there.

    Raises:
        KeyboardInterrupt: the processes that were running are ended; what was finished is kept.
    """
    known = {record.key: record for record in store.read()}
    wanted = [
        Suite(tool, subject, budget, seed)
        for seed in plan.seeds
        for budget in plan.budgets
        for subject in plan.subjects
        for tool in plan.tools
    ]

    def lacks(one: Suite, version: str) -> bool:
        return not is_done(known.get(one.key), version=version, mutants=judge.mutants)

    allow_again()
    if plan.phase is not Phase.MEASURE:
        work = [one for one in wanted if lacks(one, one.tool.version) and _made(shelf, one, one.tool.version) is None]
        say(f"{len(wanted) - len(work)} suites are there, {len(work)} to write")
        _each(work, plan.jobs, lambda one: _write(one, plan, shelf), say)
    if plan.phase is not Phase.GENERATE:
        strict = plan.phase is Phase.ALL  # what was written before the tool changed is measured only if asked for alone
        made = [
            (one, found)
            for one in wanted
            if (found := _made(shelf, one, one.tool.version if strict else None)) is not None
        ]
        ready = [pair for pair in made if lacks(pair[0], pair[1].version)]
        say(f"{len(ready)} suites to measure")
        try:
            _each(ready, plan.measure_jobs, lambda pair: _measure(*pair, judge, store), say)
        finally:
            if store.path.exists():
                store.tidy()


def _each(work: Sequence[Work], jobs: int, act: Callable[[Work], str], say: Callable[[str], None]) -> None:
    """Does all of it, so many at a time, and tells how far it is."""
    began = time.monotonic()

    def one(number: int) -> None:
        said = act(work[number])
        say(f"[{number + 1}/{len(work)}, {time.monotonic() - began:.0f} s] {said}")

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(one, number) for number in range(len(work))]
        try:
            for future in futures:
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            stop_all()
            raise


def _made(shelf: Shelf, one: Suite, version: str | None) -> Made | None:
    """The suite on the shelf, if this version of the tool wrote it; None takes that of any."""
    made = shelf.get(*one.key)
    return made if made is not None and version in (None, made.version) else None


def _write(one: Suite, plan: Plan, shelf: Shelf) -> str:
    """Has a suite written, and puts it on the shelf."""
    with scratch() as folder:
        place, suite = folder / "tool", folder / "suite"
        place.mkdir()
        suite.mkdir()
        job = Job(subject=one.subject, budget=one.budget, seed=one.seed, place=place, suite=suite)
        generated = one.tool.generate(job)
        conditions = {**machine(), "jobs": plan.jobs}
        made = Made(suite=suite, version=one.tool.version, machine=conditions, generated=generated)
        shelf.put(one.key, made)
    return _told_of(one, generated)


def _measure(one: Suite, made: Made, judge: Measurer, store: Store) -> str:
    """Measures a suite from the shelf, and keeps the result."""
    generated = made.generated
    with scratch() as folder:
        record = Record(
            tool=one.tool.name,
            version=made.version,
            module=one.subject.module,
            groups=one.subject.groups,
            budget=one.budget,
            seed=one.seed,
            machine=made.machine,
            usage=generated.usage,
            measures=judge.measure(one.subject, made.suite, folder / "judge"),
            note=without_folders(generated.note),
            tokens=generated.tokens,
            rounds=generated.rounds,
            own=generated.own,
        )
    store.add(record)
    return told(record)


def _told_of(one: Suite, generated: Generated) -> str:
    note = f" ({without_folders(generated.note)})" if generated.note else ""
    return f"{one.subject.module}: {one.tool.name} at {one.budget:g} s: written in {generated.usage.wall:.1f} s{note}"


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


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that goes afterwards, also with what a tool or a test has made unreadable in it."""
    folder = Path(tempfile.mkdtemp(prefix="qeforge-bench-")).resolve()
    try:
        yield folder
    finally:
        for place, folders, _ in os.walk(folder):
            for name in folders:
                path = Path(place, name)
                if not path.is_symlink():
                    path.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
