"""What micro-adapters learned, as one adapter of a larger rank that forgets none of the earlier projects."""

import math
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from qeforge.domain.learning import Example, Runner
from qeforge.learning import checks, data, ewc, lesson, libraries, training
from qeforge.learning.adapter import Adapter
from qeforge.learning.base import FACTOR, Base, estimate
from qeforge.learning.data import Read
from qeforge.learning.fold import aligned, joined, rescaled, truncated
from qeforge.learning.lesson import Lesson, Plan, Pupil
from qeforge.learning.libraries import LearningError
from qeforge.learning.snapshots import ADAPTER, FISHER, PART, Record, told

RANKS = (4, 16)
"""Least and most."""
STEPS = 24
EXAMPLES = 32
"""Of the replay set."""
EVERY = 100
"""Accepted answers to train on after which it is time for another one."""
LEAST_RETENTION = 0.95

Rate = Callable[[Runner], float]
"""Share of valid candidates among what a model answers, as executed."""


def learn(
    pupil: Pupil,
    examples: Iterable[Example],
    plan: Plan,
    *,
    strength: float = ewc.LAMBDA,
    valid: Rate | None = None,
) -> Lesson:
    """Folds what was learned since the last consolidation, trains on examples of all projects under the penalty of
    EWC++, and keeps the result if held-out loss falls against the last consolidation (the bare model, where there was
    none), every earlier project keeps 95%, and no fewer candidates are valid.

    Args:
        pupil: the model.
        examples: all there are, oldest first.
        plan: how much of it; the rank is from 4 to 16.
        strength: λ.
        valid: measures the share of valid candidates; None where no target can be judged any more.

    Raises:
        LearningError: why nothing was learned; what was in use still is.
    """
    began = plan.clock()
    split = data.split(examples)
    lesson.require(split)
    store = pupil.snapshots
    with store.changing(consolidates=True), pupil.open() as runner, store.making() as new:
        active = store.active()
        lineage = store.lineage(active)
        last = next((one for one in reversed(lineage) if one.kind == "base"), None)
        newest = split.train[-1].project
        reads = lesson.read(runner, data.replay(split.train, plan.examples, newest=newest))
        judged = lesson.held_out(runner, split)
        if not reads:
            raise LearningError(f"every accepted answer is longer than {lesson.LONGEST} tokens", slug="few-examples")
        tokens = training.PER_STEP * sum(len(one.tokens) for one in reads) // len(reads)
        gradients = -(-len(reads) // training.PER_STEP)  # for the Fisher estimate
        lesson.afford(plan, *estimate(pupil.shape, tokens=tokens, steps=plan.steps + gradients, cores=plan.cores))

        base = Base(pupil.path, pupil.shape, rank=plan.rank, seed=plan.seed)
        one = next(iter(judged.values()))[0]
        found = checks.same_machine(base, runner, one.tokens[: one.start], new, pupil.write)
        lesson.demand(found)
        anchor_at = _anchor(pupil, last, plan.rank)
        folded, error = _folded(pupil, lineage, plan.rank, base.adapter(), anchor_at)
        plan.tell(f"folded to rank {plan.rank}: relative error {error:.4f}")
        base.put(folded)

        anchor, fisher = None, None
        if last is not None and anchor_at is not None:
            fisher = base.tensors(_loaded(store.path(last, FISHER)))
            anchor = ewc.Anchor(place=base.tensors(_flat(anchor_at)), weight=ewc.normalised(fisher))
        runner.set_adapter(store.path(last, ADAPTER) if last else None)
        before, rate_before = _by_project(runner, judged), valid(runner) if valid else None
        trained = training.train(
            base,
            reads,
            steps=plan.steps,
            late=lambda: plan.clock() - began > plan.seconds,
            tell=plan.tell,
            anchor=anchor,
            strength=strength,
        )
        fisher = training.fisher_of(base, reads, fisher)
        with told(new / FISHER):
            libraries.numpy().savez(new / FISHER, **{name: values.cpu().numpy() for name, values in fisher.items()})
        pupil.write(new / ADAPTER, base.adapter())
        runner.set_adapter(new / ADAPTER)
        after, rate_after = _by_project(runner, judged), valid(runner) if valid else None
        counts = {name: sum(len(one.tokens) - one.start for one in own) for name, own in judged.items()}
        scores = {name: math.exp(-loss) for name, loss in after.items()}
        retained = retention(_learned(lineage), scores)
        found += [
            checks.falls(lesson.mean(before, counts), lesson.mean(after, counts)),
            keeps(retained),
            *([] if rate_before is None or rate_after is None else [stays_valid(rate_before, rate_after)]),
        ]
        for check in found:
            plan.tell(f"check {check.name}: {check.detail}")
        record = Record(
            name=store.next_name(new),
            kind="base",
            at=time.time(),
            parent=active.name if active else "",
            model=pupil.name,
            rank=plan.rank,
            examples=len(reads),
            held_out=sum(len(own) for own in judged.values()),
            steps=len(trained.losses),
            seconds=round(plan.clock() - began, 1),
            before=lesson.mean(before, counts),
            after=lesson.mean(after, counts),
            checks={check.name: check.detail for check in found},
            scores=scores,
            more={"fold_error": error, "strength": strength, "last_penalty": trained.penalties[-1]},
        )
        failed = [f"{check.name}: {check.detail}" for check in found if not check.good]
        if failed:
            return Lesson(record=record, kept=False, why="; ".join(failed))
        store.keep(new, record)
        return Lesson(record=record, kept=True)


def is_due(pupil: Pupil, examples: Iterable[Example]) -> bool:
    """Whether enough answers were accepted since the last consolidation."""
    last = max((one.at for one in pupil.snapshots.records() if one.kind == "base"), default=0.0)
    last = max(last, pupil.snapshots.tried())  # one that was refused is not repeated with the same answers
    split = data.split(examples)
    return bool(split.held_out) and sum(one.at > last for one in split.train) >= EVERY


def retention(learned: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """R[T, j] / R[j, j] for every project j: its score now, against that when it was learned."""
    return {name: now[name] / score for name, score in learned.items() if name in now and score > 0}


def keeps(retained: Mapping[str, float]) -> checks.Check:
    """Whether every earlier project kept enough."""
    if not retained:
        return checks.Check(name="retention", good=True, detail="no earlier project")
    worst = min(retained, key=lambda name: retained[name])
    detail = f"{retained[worst]:.1%} at least ({worst})"
    return checks.Check(name="retention", good=retained[worst] >= LEAST_RETENTION, detail=detail)


def stays_valid(before: float, after: float) -> checks.Check:
    """Whether no fewer candidates are valid."""
    return checks.Check(name="valid", good=after >= before, detail=f"valid candidates {before:.1%} → {after:.1%}")


def _learned(lineage: Sequence[Record]) -> dict[str, float]:
    """The score of each project when it was first judged after a consolidation."""
    found: dict[str, float] = {}
    for record in lineage:
        for project, score in record.scores.items():
            found.setdefault(project, score)
    return found


def _anchor(pupil: Pupil, last: Record | None, rank: int) -> Adapter | None:
    """What the last consolidation left, where it can be compared: it has the same rank."""
    if last is None:
        return None
    found = pupil.adapter_of(last)
    return found if found.rank == rank else None


def _folded(
    pupil: Pupil, lineage: Sequence[Record], rank: int, fresh: Adapter, anchor: Adapter | None
) -> tuple[Adapter, float]:
    """All that is in use as one adapter, in the coordinates of the anchor, and the relative error of cutting its rank.
    Ranks that nothing uses begin as training would: A random, B zero."""
    if not lineage:
        return fresh, 0.0
    start = max((number for number, one in enumerate(lineage) if one.kind != "micro"), default=-1)
    parts = [pupil.adapter_of(lineage[start])] if start >= 0 else []
    parts += [pupil.load(pupil.snapshots.path(one, PART)) for one in lineage[start + 1 :]]
    folded, error = truncated(joined(parts), rank)
    folded = rescaled(folded, FACTOR)
    if anchor is not None:
        return aligned(folded, anchor), error
    numpy = libraries.numpy()
    pairs = {}
    for name, (a, b) in folded.pairs.items():
        unused = (numpy.abs(a).sum(axis=1) + numpy.abs(b).sum(axis=0)) < 1e-6
        pairs[name] = (numpy.where(unused[:, None], fresh.pairs[name][0], a), numpy.where(unused, 0, b))
    return Adapter(alpha=folded.alpha, pairs=pairs), error


def _flat(adapter: Adapter) -> dict[str, Any]:
    """An adapter's numbers by the names that `Base.parameters` has."""
    return {
        f"{name}.lora_{side}": array
        for name, pair in adapter.pairs.items()
        for side, array in zip("ab", pair, strict=True)
    }


def _loaded(path: Any) -> dict[str, Any]:
    try:
        with libraries.numpy().load(path) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as problem:
        raise LearningError(
            f"{path}: cannot be read: {problem}", hint="`qeforge learn rollback` goes back to an earlier snapshot"
        ) from None


def _by_project(runner: Runner, judged: Mapping[str, Sequence[Read]]) -> dict[str, float]:
    return {name: checks.heldout_loss(runner, own) for name, own in judged.items()}
