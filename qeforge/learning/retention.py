"""What is left of earlier projects, on the held-out examples of today.

R[j, j] is not taken from a record: held-out examples grow in number, and a score on other examples is another measure.
The snapshot that learned the project is put on again and scored beside the new one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from qeforge.domain.learning import Example, Runner
from qeforge.errors import ProviderError
from qeforge.learning import checks
from qeforge.learning.data import Read, is_held_out
from qeforge.learning.snapshots import Record

LEAST_RETENTION = 0.95


def references(lineage: Sequence[Record], examples: Sequence[Example]) -> dict[str, Record]:
    """The snapshot by which each earlier project is judged: the first consolidation after its last answer to learn
    from, so that many small losses later on do not pass unseen; the last one that knew of it, where the project got
    more answers since. Projects that no consolidation knew are left out.

    Args:
        lineage: of what is in use, oldest first.
        examples: all there are.
    """
    times: dict[str, list[float]] = {}
    for one in examples:
        if one.accepted and not is_held_out(one.project, one.target):
            times.setdefault(one.project, []).append(one.at)
    bases = [one for one in lineage if one.kind == "base"]
    found = {}
    for project, own in times.items():
        knew = [one for one in bases if min(own) <= one.at - one.seconds]
        if knew:
            found[project] = next((one for one in knew if max(own) <= one.at - one.seconds), knew[-1])
    return found


def rescored(
    runner: Runner,
    wanted: Mapping[str, Record],
    judged: Mapping[str, Sequence[Read]],
    path: Callable[[Record], Path],
    tell: Callable[[str], None],
) -> dict[str, float]:
    """The score of each project under its own snapshot, the mean probability of its held-out tokens of today. Every
    held-out example is read once at most. What a snapshot's record says stands in where its adapter cannot be used.

    Args:
        runner: under any adapter; afterwards under another one.
        wanted: the snapshot of each project.
        judged: today's held-out examples of each project.
        path: the adapter of a snapshot.
        tell: hears of snapshots that cannot be used.
    """
    found: dict[str, float] = {}
    for record in {one.name: one for one in wanted.values()}.values():
        projects = [name for name, one in wanted.items() if one.name == record.name and judged.get(name)]
        if not projects:
            continue
        try:
            runner.set_adapter(path(record))
        except ProviderError as problem:
            tell(f"retention: {record.name} cannot be used, its record stands in: {problem.message}")
            found |= {name: record.scores[name] for name in projects if name in record.scores}
            continue
        found |= {name: math.exp(-checks.heldout_loss(runner, judged[name])) for name in projects}
    return found


def retention(learned: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """R[T, j] / R[j, j] for every project j: its score now, against that of the snapshot that learned it."""
    return {name: now[name] / score for name, score in learned.items() if name in now and score > 0}


def keeps(retained: Mapping[str, float]) -> checks.Check:
    """Whether every earlier project kept enough."""
    if not retained:
        return checks.Check(name="retention", good=True, detail="no earlier project")
    worst = min(retained, key=lambda name: retained[name])
    detail = f"{retained[worst]:.1%} at least ({worst})"
    return checks.Check(name="retention", good=retained[worst] >= LEAST_RETENTION, detail=detail)
