"""Adapters that somebody else trained: taken only when they are good here."""

import time
from collections.abc import Iterable
from pathlib import Path

from qeforge.domain.learning import Example
from qeforge.learning import checks, data, lesson
from qeforge.learning.fold import joined
from qeforge.learning.lesson import Lesson, Plan, Pupil
from qeforge.learning.libraries import LearningError
from qeforge.learning.snapshots import ADAPTER, Record


def take(pupil: Pupil, examples: Iterable[Example], file: Path, plan: Plan) -> Lesson:
    """Keeps an adapter in place of what is in use, if it fits the model file, leaves no trace when it is taken off, and
    lowers the loss on held-out targets in llama.cpp.

    Raises:
        LearningError: it is damaged, for another model, or there is nothing to judge it by.
    """
    began = plan.clock()
    found = pupil.load(file)
    split = data.split(examples)
    if not split.held_out:
        raise LearningError(
            "nothing to judge an adapter by: no accepted answer on a held-out target yet",
            hint="`qeforge generate --engine local` on more targets collects them",
            slug="few-examples",
        )
    store = pupil.snapshots
    with store.changing(), pupil.open() as runner, store.making() as new:
        active = store.active()
        pupil.write(new / ADAPTER, joined([found]))  # one rank everywhere; as it was understood, not as it came
        judged = [one for own in lesson.held_out(runner, split).values() for one in own]
        asked = judged[0].tokens[: judged[0].start]
        runner.set_adapter(None)
        plain = runner.likeliest(asked, checks.CONTINUED)
        runner.set_adapter(new / ADAPTER)
        after = checks.heldout_loss(runner, judged)
        runner.set_adapter(None)
        traceless = runner.likeliest(asked, checks.CONTINUED) == plain
        runner.set_adapter(store.path(active, ADAPTER) if active else None)
        before = checks.heldout_loss(runner, judged)
        results = [checks.off(traceless), checks.falls(before, after)]
        for one in results:
            plan.tell(f"check {one.name}: {one.detail}")
        record = Record(
            name=store.next_name(new),
            kind="import",
            at=time.time(),
            parent=active.name if active else "",
            model=pupil.name,
            rank=found.rank,
            examples=0,
            held_out=len(judged),
            steps=0,
            seconds=round(plan.clock() - began, 1),
            before=before,
            after=after,
            checks={one.name: one.detail for one in results},
        )
        failed = [f"{one.name}: {one.detail}" for one in results if not one.good]
        if failed:
            return Lesson(record=record, kept=False, why="; ".join(failed))
        store.keep(new, record)
        return Lesson(record=record, kept=True)
