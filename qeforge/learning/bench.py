"""What learning does on given examples: how soon loss falls, and what is forgotten under which penalty."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qeforge.domain.learning import Example
from qeforge.learning import data, ewc, lesson, training
from qeforge.learning.base import Base, estimate
from qeforge.learning.data import Read, Split
from qeforge.learning.lesson import Plan, Pupil
from qeforge.learning.libraries import LearningError

STRENGTHS = (0.0, 0.05, 0.5, 5.0, 50.0)
"""Of the penalty, to compare."""
FORGETS, REPLAYS = "no penalty", "replay"

Task = tuple[Sequence[Read], Sequence[Read]]
"""Of one project: to train on, and held out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Held-out loss before training and after each step, and seconds of wall time for all steps."""

    losses: tuple[float, ...]
    seconds: float

    @property
    def falls_at(self) -> int | None:
        """The first step after which it was lower than before; None for none."""
        return next((n for n, loss in enumerate(self.losses[1:], 1) if loss < self.losses[0]), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """R[i][j]: mean probability of held-out tokens of project j after training on project i; `before` without any."""

    name: str
    before: tuple[float, ...]
    scores: tuple[tuple[float, ...], ...]

    @property
    def retention(self) -> float:
        """Mean of R[T][j] / R[j][j] over the earlier projects."""
        last = self.scores[-1]
        return statistics.mean(last[j] / self.scores[j][j] for j in range(len(last) - 1))

    @property
    def backward(self) -> float:
        """Mean of R[T][j] − R[j][j] over the earlier projects: backward transfer."""
        last = self.scores[-1]
        return statistics.mean(last[j] - self.scores[j][j] for j in range(len(last) - 1))

    @property
    def gain(self) -> float:
        """What the last project won by training on it: a frozen adapter keeps everything and wins nothing."""
        previous = self.scores[-2] if len(self.scores) > 1 else self.before
        return self.scores[-1][-1] - previous[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Of a bench: a curve for each seed; a matrix for each seed and way to remember, none with fewer than two
    projects."""

    curves: tuple[Curve, ...]
    matrices: tuple[Matrix, ...]


def run(pupil: Pupil, examples: Sequence[Example], plan: Plan, *, seeds: Sequence[int]) -> Findings:
    """Trains from nothing again and again; nothing is kept.

    Raises:
        LearningError: too little to learn from.
    """
    split = data.split(examples)
    lesson.require(split)
    with pupil.open() as runner:
        tasks = _tasks(split, lambda found: lesson.read(runner, found), plan.examples)
    train = [one for own, _ in tasks.values() for one in own]
    held = [one for _, own in tasks.values() for one in own]
    if not train or not held:
        raise LearningError(f"every answer is longer than {lesson.LONGEST} tokens", slug="few-examples")
    several = {name: task for name, task in tasks.items() if task[0] and task[1]}
    ways = len(STRENGTHS) + 1
    rounds = len(seeds) * (1 + (ways * len(several) if len(several) > 1 else 0))
    tokens = training.PER_STEP * sum(len(one.tokens) for one in train) // len(train)
    lesson.afford(plan, *estimate(pupil.shape, tokens=tokens, steps=2 * rounds * plan.steps, cores=plan.cores))
    base = Base(pupil.path, pupil.shape, rank=plan.rank)
    curves, matrices = [], []
    for seed in seeds:
        curves.append(curve(base, train, held, plan.steps, seed))
        plan.tell(f"seed {seed}: held-out loss " + " ".join(f"{loss:.3f}" for loss in curves[-1].losses))
        if len(several) < 2:
            continue
        for strength in STRENGTHS:
            name = f"λ {strength:g}" if strength else FORGETS
            matrices.append(matrix(base, list(several.values()), plan.steps, seed, name=name, strength=strength))
            plan.tell(_row(seed, matrices[-1]))
        matrices.append(matrix(base, list(several.values()), plan.steps, seed, name=REPLAYS, replay=True))
        plan.tell(_row(seed, matrices[-1]))
    return Findings(curves=tuple(curves), matrices=tuple(matrices))


def curve(base: Base, train: Sequence[Read], held: Sequence[Read], steps: int, seed: int) -> Curve:
    """A fresh adapter's way down."""
    base.renew(seed)
    losses = [base.mean_loss(held)]
    spent, began = 0.0, time.monotonic()

    def watch() -> None:
        nonlocal spent, began
        spent += time.monotonic() - began
        losses.append(base.mean_loss(held))
        began = time.monotonic()

    training.train(base, train, steps=steps, late=lambda: False, tell=lambda line: None, watch=watch)
    return Curve(losses=tuple(losses), seconds=spent)


def matrix(
    base: Base,
    tasks: Sequence[Task],
    steps: int,
    seed: int,
    *,
    name: str,
    strength: float = 0.0,
    replay: bool = False,
) -> Matrix:
    """One project after another, with a fresh adapter: under a penalty, or with examples of the earlier ones."""
    base.renew(seed)
    fisher, anchor, seen = None, None, []
    before = _scores(base, tasks)
    rows = []
    for train, _ in tasks:
        seen.append(train)
        reads = _mixed(seen) if replay else list(train)
        training.train(
            base,
            reads,
            steps=steps,
            late=lambda: False,
            tell=lambda line: None,
            anchor=anchor if strength else None,
            strength=strength,
        )
        if strength:
            fisher = training.fisher_of(base, train, fisher)
            place = {key: values.detach().clone() for key, values in base.parameters().items()}
            anchor = ewc.Anchor(place=place, weight=ewc.normalised(fisher))
        rows.append(_scores(base, tasks))
    return Matrix(name=name, before=before, scores=tuple(rows))


def _scores(base: Base, tasks: Sequence[Task]) -> tuple[float, ...]:
    return tuple(math.exp(-base.mean_loss(held)) for _, held in tasks)


def _mixed(seen: Sequence[Sequence[Read]]) -> list[Read]:
    """The newest and an earlier one by turns."""
    earlier = [one for own in seen[:-1] for one in own]
    if not earlier:
        return list(seen[-1])
    return [one for n, new in enumerate(seen[-1]) for one in (new, earlier[n % len(earlier)])]


def _tasks(split: Split, read: Callable[[Sequence[Example]], list[Read]], most: int) -> Mapping[str, Task]:
    names = list(dict.fromkeys(one.project for one in split.train))
    return {
        name: (
            read([one for one in split.train if one.project == name][-most:]),
            read([one for one in split.held_out if one.project == name][-lesson.MOST_HELD_OUT :]),
        )
        for name in names
    }


def _row(seed: int, one: Matrix) -> str:
    return f"seed {seed}, {one.name}: retention {one.retention:.1%}, gain {one.gain:+.4f}, backward {one.backward:+.4f}"
