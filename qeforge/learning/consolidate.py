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
from qeforge.learning.retention import keeps, references, rescored, retention
from qeforge.learning.snapshots import ADAPTER, FISHER, PART, Record, told

RANKS = (4, 16)
"""Least and most."""
STEPS = 24
EXAMPLES = 32
"""Of the replay set."""
EVERY = 100
"""Accepted answers to train on after which it is time for another one."""
_LOOKS = 4
"""Times that held-out examples are read at most: by the last consolidation, what is in use, those that learned earlier
projects, and what was trained."""

Rate = Callable[[Runner], float | None]
"""Share of valid candidates among what a model answers, as executed; None where nothing could be executed."""


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
    none) and is no higher than that of what is in use, every earlier project keeps 95%, and no smaller share of the
    candidates is valid than with either.

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
    given = list(examples)
    split = data.split(given)
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
        looks = -(-_LOOKS * sum(map(len, judged.values())) // (3 * training.PER_STEP))
        steps = plan.steps + gradients + looks
        lesson.afford(plan, *estimate(pupil.shape, tokens=tokens, steps=steps, cores=plan.cores))

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
        held_by = _held_by(last, anchor is not None, plan.rank)
        plan.tell(f"check {held_by.name}: {held_by.detail}")
        runner.set_adapter(store.path(last, ADAPTER) if last else None)
        before, rate_before = _by_project(runner, judged), valid(runner) if valid else None
        in_use, rate_in_use = before, rate_before
        if active is not last:
            runner.set_adapter(store.path(active, ADAPTER) if active else None)
            in_use, rate_in_use = _by_project(runner, judged), valid(runner) if valid else None
        wanted = references(lineage, given)
        learned = rescored(runner, wanted, judged, lambda one: store.path(one, ADAPTER), plan.tell)
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
        loss_before, loss_in_use, loss_after = (lesson.mean(one, counts) for one in (before, in_use, after))
        found += [
            checks.falls(loss_before, loss_after),
            *([checks.no_higher(loss_in_use, loss_after)] if active is not last else []),
            keeps(retention(learned, scores)),
            stays_valid([rate_before, rate_in_use], rate_after),
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
            before=loss_in_use,
            after=loss_after,
            checks={check.name: check.detail for check in (*found, held_by)},
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


def stays_valid(before: Sequence[float | None], after: float | None) -> checks.Check:
    """Whether no smaller share of the candidates is valid than with any of the adapters before; says so where nothing
    could be judged."""
    most = max((one for one in before if one is not None), default=None)
    if most is None or after is None:
        return checks.Check(
            name="valid", good=True, detail="not judged: no held-out target of a project here could be run"
        )
    return checks.Check(name="valid", good=after >= most, detail=f"valid candidates {most:.1%} → {after:.1%}")


def _held_by(last: Record | None, held: bool, rank: int) -> checks.Check:
    """What holds the numbers in their place, in words; where nothing does, why."""
    if held and last is not None:
        detail = f"held near {last.name}"
    elif last is None:
        detail = "no penalty: this is the first consolidation"
    else:
        detail = f"no penalty: {last.name} has rank {last.rank}, this one {rank}; `--rank {last.rank}` has one"
    return checks.Check(name="EWC++", good=True, detail=detail)


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
