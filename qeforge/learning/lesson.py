"""What every kind of training shares: the model in both of its forms, its examples, what it costs, the record."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from qeforge.domain.learning import Example, Runner, Shape
from qeforge.learning import adapter as adapters
from qeforge.learning.adapter import Adapter
from qeforge.learning.checks import Check
from qeforge.learning.data import Read, Split
from qeforge.learning.libraries import LearningError
from qeforge.learning.snapshots import ADAPTER, Record, Snapshots, told

LONGEST = 1_536
"""Tokens of an example; longer ones are left out, because memory grows with them."""

LEAST = 4
"""Examples below which nothing is trained."""

MOST_HELD_OUT = 8
"""Held-out examples of each project that are looked at; reading them takes most of the time on a processor."""

MOST_JUDGED = 64
"""Held-out examples in all: each has a smaller share where projects are many, and more projects are not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pupil:
    """A model that is to learn.

    Args:
        name: of the model.
        path: its GGUF file.
        shape: what an adapter has to fit.
        identity: tells its file from others.
        snapshots: what it has learned.
        open: the model in llama.cpp, for as long as the block lasts.
    """

    name: str
    path: Path
    shape: Shape
    identity: str
    snapshots: Snapshots
    open: Callable[[], AbstractContextManager[Runner]]

    def adapter_of(self, record: Record) -> Adapter:
        """What a snapshot holds.

        Raises:
            LearningError: it cannot be read, or is for another model.
        """
        return self.load(self.snapshots.path(record, ADAPTER))

    def load(self, path: Path) -> Adapter:
        """An adapter from a file, if it is for this model.

        Raises:
            LearningError: it is not.
        """
        found, base = adapters.read(path, self.shape)
        if base and base != self.identity:
            raise LearningError(
                f"{path}: made for another model file than {self.path.name}",
                hint="`qeforge models use` chooses the model that it is for",
                slug="other-base",
            )
        return found

    def write(self, path: Path, adapter: Adapter) -> None:
        """An adapter of this model as a file.

        Raises:
            LearningError: the disk is full, or the folder cannot be written.
        """
        with told(path):
            adapters.write(path, adapter, self.shape, base=self.identity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is to be done.

    Args:
        rank: of the adapter.
        steps: of training at most.
        examples: to train on at most.
        seconds: wall time after which no step is begun any more.
        free: bytes of memory that can be had; None where that cannot be told.
        cores: that may be used.
        seed: of everything random.
        tell: hears one line about each thing that is done.
        clock: seconds.
    """

    rank: int
    steps: int
    examples: int
    seconds: float
    free: int | None
    cores: int
    tell: Callable[[str], None]
    seed: int = 0
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What came of it: the record, whether the adapter is used from now on, and why not."""

    record: Record
    kept: bool
    why: str = ""


def require(split: Split) -> None:
    """Refuses to train where there is too little to learn from, or nothing to judge by.

    Raises:
        LearningError: what is missing.
    """
    if len(split.train) >= LEAST and split.held_out:
        return
    raise LearningError(
        f"too little to learn from: {len(split.train)} accepted answers to train on (at least {LEAST}) and "
        f"{len(split.held_out)} on held-out targets (at least 1)",
        hint="`qeforge generate --engine local` on more targets collects them",
        slug="few-examples",
    )


def read(runner: Runner, examples: Sequence[Example]) -> list[Read]:
    """The examples as the model reads them; too long ones are left out."""
    found = []
    for one in examples:
        tokens, start = runner.tokens_of(one.prompt, one.accepted)
        if len(tokens) <= LONGEST and len(tokens) > start:
            found.append(Read(project=one.project, tokens=tuple(tokens), start=start))
    return found


def held_out(runner: Runner, split: Split) -> dict[str, list[Read]]:
    """What is judged by, by project: the latest few of each, of the projects that were worked on last."""
    by_project: dict[str, list[Example]] = {}
    for one in split.held_out:
        by_project.setdefault(one.project, []).append(one)
    last = sorted(by_project, key=lambda name: by_project[name][-1].at)[-MOST_JUDGED:]
    each = max(1, min(MOST_HELD_OUT, MOST_JUDGED // max(1, len(last))))
    found = {name: read(runner, by_project[name][-each:]) for name in sorted(last)}
    if not any(found.values()):
        raise LearningError(f"every held-out answer is longer than {LONGEST} tokens", slug="few-examples")
    return {name: reads for name, reads in found.items() if reads}


def afford(plan: Plan, seconds: float, memory: int) -> None:
    """Says what training will take, and refuses what cannot be had.

    Raises:
        LearningError: too little memory, or time.
    """
    plan.tell(f"about {seconds:.0f} s and {memory / 1e9:.1f} GB of memory")
    if plan.free is not None and memory > plan.free:
        raise LearningError(
            f"training needs about {memory / 1e9:.1f} GB of memory, {plan.free / 1e9:.1f} GB are free",
            hint="a smaller model: `qeforge models use`",
            slug="memory",
        )


def demand(found: Sequence[Check]) -> None:
    """Refuses to go on where a file would not mean in llama.cpp what was trained.

    Raises:
        LearningError: the checks that failed.
    """
    failed = [f"{one.name}: {one.detail}" for one in found if not one.good]
    if failed:
        raise LearningError(
            "adapters do not mean the same in llama.cpp as in PEFT for this model: " + "; ".join(failed),
            hint="nothing was changed",
            slug="conversion",
        )


def mean(losses: Mapping[str, float], counts: Mapping[str, int]) -> float:
    """The mean over all tokens, from the means of projects."""
    return sum(losses[name] * counts[name] for name in losses) / sum(counts[name] for name in losses)
