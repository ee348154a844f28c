"""A small adapter from the latest examples: rank 1 or 2, real gradients, ten steps at most."""

import time
from collections.abc import Iterable

from qeforge.domain.learning import Example
from qeforge.learning import checks, data, lesson, training
from qeforge.learning.base import Base, estimate
from qeforge.learning.fold import joined
from qeforge.learning.lesson import Lesson, Plan, Pupil
from qeforge.learning.libraries import LearningError
from qeforge.learning.snapshots import ADAPTER, PART, Record

MOST_STEPS = 10
RANKS = (1, 2)
EXAMPLES = 16
"""Of the latest accepted answers, one batch."""


def learn(pupil: Pupil, examples: Iterable[Example], plan: Plan) -> Lesson:
    """Trains on the latest examples, on top of what is in use; keeps the result if held-out loss falls in llama.cpp.

    Args:
        pupil: the model.
        examples: all there are, oldest first.
        plan: how much of it; rank 1 or 2, ten steps at most.

    Raises:
        LearningError: why nothing was learned; what was in use still is.
    """
    began = plan.clock()
    split = data.split(examples)
    lesson.require(split)
    store = pupil.snapshots
    with store.changing(), pupil.open() as runner, store.making() as new:
        active = store.active()
        under = pupil.adapter_of(active) if active else None
        reads = lesson.read(runner, data.latest(split.train, plan.examples))
        judged = [one for own in lesson.held_out(runner, split).values() for one in own]
        if not reads:
            raise LearningError(f"every accepted answer is longer than {lesson.LONGEST} tokens", slug="few-examples")
        tokens = training.PER_STEP * sum(len(one.tokens) for one in reads) // len(reads)
        lesson.afford(plan, *estimate(pupil.shape, tokens=tokens, steps=plan.steps, cores=plan.cores))

        base = Base(pupil.path, pupil.shape, rank=plan.rank, seed=plan.seed)
        found = checks.same_machine(base, runner, judged[0].tokens[: judged[0].start], new, pupil.write)
        lesson.demand(found)
        if under:
            base.add(under)
        runner.set_adapter(store.path(active, ADAPTER) if active else None)
        before = checks.heldout_loss(runner, judged)
        plan.tell(f"held-out loss {before:.4f} on {len(judged)} answers; training on {len(reads)}")
        trained = training.train(
            base, reads, steps=plan.steps, late=lambda: plan.clock() - began > plan.seconds, tell=plan.tell
        )
        part = base.adapter()
        pupil.write(new / PART, part)
        pupil.write(new / ADAPTER, joined([under, part] if under else [part]))

        runner.set_adapter(new / ADAPTER)
        after = checks.heldout_loss(runner, judged)
        found.append(checks.falls(before, after))
        for one in found:
            plan.tell(f"check {one.name}: {one.detail}")
        record = Record(
            name=store.next_name(new),
            kind="micro",
            at=time.time(),
            parent=active.name if active else "",
            model=pupil.name,
            rank=plan.rank,
            examples=len(reads),
            held_out=len(judged),
            steps=len(trained.losses),
            seconds=round(plan.clock() - began, 1),
            before=before,
            after=after,
            checks={one.name: one.detail for one in found},
            more={"first_step": trained.losses[0], "last_step": trained.losses[-1]},
        )
        if not found[-1].good:
            return Lesson(record=record, kept=False, why=f"held-out loss did not fall: {found[-1].detail}")
        store.keep(new, record)
        return Lesson(record=record, kept=True)
