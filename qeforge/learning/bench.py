"""What learning does on given examples: how soon loss falls, and what is forgotten under which penalty."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qeforge.domain.learning import Example
from qeforge.learning import data, ewc, lesson, training
from qeforge.learning.adapter import Adapter
from qeforge.learning.base import Base, estimate
from qeforge.learning.data import Read, Split
from qeforge.learning.lesson import Plan, Pupil
from qeforge.learning.libraries import LearningError

WAYS = (0.0, None, 0.5, 0.1, 2.0)
"""To remember: strengths of the penalty, of which 0 is none; None is replay. What matters most comes first, because
time may end it."""
FORGETS, REPLAYS = "no penalty", "replay"
HELD_OUT = 4
"""Held-out examples of each project that are looked at."""

_QUANTILES = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Of Student's t for 95%, both sides, by degrees of freedom from 1 to 30."""
_NORMAL = 1.96
"""The same of the normal distribution, to which t comes near: that of 31 degrees of freedom is 2.040."""

Task = tuple[Sequence[Read], Sequence[Read]]
"""Of one project: to train on, and held out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Held-out loss before training and after each step, seconds of wall time for all steps, and the seed of where
    training began."""

    seed: int
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
        return self.scores[-1][-1] - self.scores[-2][-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Of a bench: a curve for each seed; a matrix for each seed and way to remember, none with fewer than two
    projects; `cut` when time ended it. `trained` and `held_out` count the examples of each project."""

    projects: tuple[str, ...]
    trained: tuple[int, ...]
    held_out: tuple[int, ...]
    curves: tuple[Curve, ...]
    matrices: tuple[Matrix, ...]
    cut: bool = False


NOTHING = Findings(projects=(), trained=(), held_out=(), curves=(), matrices=())
"""Of no training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Mean of several seeds, and how far from it the true one may lie with 95% confidence: by Student's t
    for up to 31 seeds, by the normal distribution for more; None for one seed."""

    mean: float
    half: float | None
    count: int


def interval(values: Sequence[float]) -> Interval:
    """Of at least one value."""
    count = len(values)
    if count < 2:
        return Interval(mean=values[0], half=None, count=count)
    quantile = _QUANTILES[count - 2] if count - 2 < len(_QUANTILES) else _NORMAL
    return Interval(
        mean=statistics.mean(values), half=quantile * statistics.stdev(values) / math.sqrt(count), count=count
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """What a bench trains on: the examples of each project, as the model reads them, and how long it takes, about."""

    tasks: Mapping[str, Task]
    seconds: float


def prepare(
    pupil: Pupil,
    examples: Sequence[Example],
    plan: Plan,
    *,
    seeds: int,
    held_out: int = HELD_OUT,
    longest: int = lesson.LONGEST,
) -> Exercise:
    """Reads the examples, and says what training will take.

    Args:
        pupil: the model.
        examples: all there are, oldest first.
        plan: how much of it; `examples` are those of one project.
        seeds: how many.
        held_out: examples of each project to judge by.
        longest: tokens of an example; those that are longer are left out.

    Raises:
        LearningError: too little to learn from, or too little memory.
    """
    split = data.split(examples)
    lesson.require(split)
    with pupil.open() as runner:

        def read(found: Sequence[Example]) -> list[Read]:
            return [one for one in lesson.read(runner, found) if len(one.tokens) <= longest]

        tasks = _tasks(split, read, plan.examples, held_out)
    train = [one for own, _ in tasks.values() for one in own]
    held = [one for _, own in tasks.values() for one in own]
    if not train or not held:
        raise LearningError(f"every answer is longer than {longest} tokens", slug="few-examples")
    seconds, memory = cost(pupil, list(tasks.values()), list(_several(tasks).values()), plan, seeds)
    lesson.afford(plan, seconds, memory)
    return Exercise(tasks=tasks, seconds=seconds)


def run(pupil: Pupil, exercise: Exercise, plan: Plan, *, seeds: Sequence[int]) -> Findings:
    """Trains from nothing again and again; nothing is kept. When time is up, what is begun is finished (one way to
    remember, of one seed) and the rest left out; Ctrl-C leaves out what is begun, too.

    Args:
        pupil: the model.
        exercise: what it trains on.
        plan: how much of it, and for how long from now on.
        seeds: of where training begins, as many as it was prepared for.

    Raises:
        KeyboardInterrupt: Ctrl-C before there was anything to tell.
    """
    began = plan.clock()
    if exercise.seconds > plan.seconds:
        plan.tell(f"time ends it after {plan.seconds:.0f} s, about: what comes last will be missing")
    tasks, several = exercise.tasks, _several(exercise.tasks)
    held = [one for _, own in tasks.values() for one in own]
    base = Base(pupil.path, pupil.shape, rank=plan.rank)
    curves: list[Curve] = []
    matrices: list[Matrix] = []

    def found(*, cut: bool) -> Findings:
        return Findings(
            projects=tuple(several),
            trained=tuple(len(own) for own, _ in several.values()),
            held_out=tuple(len(own) for _, own in several.values()),
            curves=tuple(curves),
            matrices=tuple(matrices),
            cut=cut,
        )

    def late() -> bool:
        return plan.clock() - began > plan.seconds

    mixed = _alternating([own for own, _ in tasks.values()])
    try:
        for seed in seeds:
            if curves and late():
                return found(cut=True)
            curves.append(curve(base, mixed, held, plan.steps, seed))
            plan.tell(f"seed {seed}: held-out loss " + " ".join(f"{loss:.3f}" for loss in curves[-1].losses))
        if len(several) < 2:
            return found(cut=False)
        given = list(several.values())
        base.renew(0)
        before = _scores(base, given)  # B is zero: the same for every seed
        for seed in seeds:
            if late():
                return found(cut=True)
            start = begun(base, given, plan.steps, seed)
            for strength in WAYS:
                if late():
                    return found(cut=True)
                matrices.append(matrix(base, given, plan.steps, start, before, strength=strength))
                plan.tell(_row(seed, matrices[-1]))
    except KeyboardInterrupt:
        if not curves:
            raise
        return found(cut=True)
    return found(cut=False)


def cost(pupil: Pupil, tasks: Sequence[Task], several: Sequence[Task], plan: Plan, seeds: int) -> tuple[float, int]:
    """Seconds and bytes that a bench takes, about: steps of training, and looks at held-out examples, of which six
    take as long as a step."""
    every = [one for task in tasks for own in task for one in own]
    tokens = training.PER_STEP * sum(len(one.tokens) for one in every) // len(every)
    look = sum(len(own) for _, own in tasks) / (3 * training.PER_STEP)
    steps = plan.steps + (plan.steps + 1) * look
    if len(several) > 1:
        ways, later = len(WAYS), len(several) - 1
        fisher = sum(len(own) for own, _ in several) / len(several) / training.PER_STEP
        steps += (1 + ways * later) * (plan.steps + look) + (1 + sum(map(bool, WAYS)) * (later - 1)) * fisher
    return estimate(pupil.shape, tokens=tokens, steps=math.ceil(seeds * steps), cores=plan.cores)


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

    training.train(base, train, steps=steps, late=_never, tell=_silent, watch=watch)
    return Curve(seed=seed, losses=tuple(losses), seconds=spent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A fresh adapter after the first project, which is the same whatever is done to remember it: the adapter, scores
    on all projects, and the Fisher estimate."""

    adapter: Adapter
    scores: tuple[float, ...]
    fisher: ewc.Numbers


def begun(base: Base, tasks: Sequence[Task], steps: int, seed: int) -> Start:
    """Trains a fresh adapter on the first project."""
    base.renew(seed)
    first = tasks[0][0]
    training.train(base, first, steps=steps, late=_never, tell=_silent)
    return Start(
        adapter=base.adapter(), scores=_scores(base, tasks), fisher=training.fisher_of(base, list(first), None)
    )


def matrix(
    base: Base, tasks: Sequence[Task], steps: int, start: Start, before: tuple[float, ...], *, strength: float | None
) -> Matrix:
    """The other projects, one after another, under a penalty of this strength; None for examples of the earlier ones
    in its stead."""
    base.put(start.adapter)
    fisher, rows = start.fisher, [start.scores]
    for number, (train, _) in enumerate(tasks[1:], 1):
        reads = list(train) if strength is not None else _mixed([own for own, _ in tasks[: number + 1]])
        anchor = None
        if strength:
            place = {key: values.detach().clone() for key, values in base.parameters().items()}
            anchor = ewc.Anchor(place=place, weight=ewc.normalised(fisher))
        training.train(
            base, reads, steps=steps, late=_never, tell=_silent, anchor=anchor, strength=strength or ewc.LAMBDA
        )
        if strength and number + 1 < len(tasks):
            fisher = training.fisher_of(base, list(train), fisher)
        rows.append(_scores(base, tasks))
    name = REPLAYS if strength is None else f"λ {strength:g}" if strength else FORGETS
    return Matrix(name=name, before=before, scores=tuple(rows))


def _scores(base: Base, tasks: Sequence[Task]) -> tuple[float, ...]:
    return tuple(math.exp(-base.mean_loss(held)) for _, held in tasks)


def _mixed(seen: Sequence[Sequence[Read]]) -> list[Read]:
    """The newest and an earlier one by turns."""
    earlier = [one for own in seen[:-1] for one in own]
    return [one for n, new in enumerate(seen[-1]) for one in (new, earlier[n % len(earlier)])]


def _alternating(given: Sequence[Sequence[Read]]) -> list[Read]:
    """All of them, a project's in turn: few steps see some of each."""
    placed = [((place + 0.5) / len(own), one) for own in given for place, one in enumerate(own)]
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def _tasks(
    split: Split, read: Callable[[Sequence[Example]], list[Read]], most: int, held_out: int
) -> Mapping[str, Task]:
    names = list(dict.fromkeys(one.project for one in split.train))
    return {
        name: (
            read([one for one in split.train if one.project == name])[-most:],
            read([one for one in split.held_out if one.project == name])[-held_out:],
        )
        for name in names
    }


def _several(tasks: Mapping[str, Task]) -> Mapping[str, Task]:
    """The projects with examples on both sides."""
    return {name: task for name, task in tasks.items() if task[0] and task[1]}


def _never() -> bool:
    return False


def _silent(line: str) -> None:
    """The bench tells of whole trainings, not of steps."""


def _row(seed: int, one: Matrix) -> str:
    return f"seed {seed}, {one.name}: retention {one.retention:.1%}, gain {one.gain:+.4f}, backward {one.backward:+.4f}"
