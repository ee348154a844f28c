"""What is remembered, in groups of what lies together."""

import math

from qeforge.domain.remembered import Group, Groups
from qeforge.memory.clusters import cluster
from qeforge.memory.patterns import PatternStore

_MOST_SHAPES = 20_000
_SHOWN = 3


def grouped(memory: PatternStore, *, project: str | None, most: int, seed: int) -> Groups:
    """The shapes of calls in groups, with the patterns of each.

    Args:
        memory: what is remembered.
        project: only of the project with that folder; None for all.
        most: groups at most.
        seed: of k-means++.

    Raises:
        StoreError: what is remembered cannot be read.
    """
    rows = memory.store.rows(
        "select shape.id, shape.words, count(*) as patterns, avg(pattern.quality) as quality from pattern "
        "join shape on shape.id = pattern.shape join target on target.id = pattern.target "
        "join project on project.id = target.project where pattern.kind = 'call' and (? is null or project.root = ?) "
        "group by shape.id order by shape.id limit ?",
        *(project, project, _MOST_SHAPES),
    )
    vectors = memory.vectors_of([row["id"] for row in rows])
    rows = [row for row in rows if row["id"] in vectors]
    points = [vectors[row["id"]] for row in rows]
    found = cluster(points, seed=seed, most=most)
    groups = []
    for number, centre in enumerate(found.centres):
        mine = found.members(number)
        count = sum(rows[place]["patterns"] for place in mine)
        total = sum(rows[place]["patterns"] * rows[place]["quality"] for place in mine)
        nearest = sorted(mine, key=lambda place: (math.dist(points[place], centre), place))
        groups.append(
            Group(
                shapes=len(mine),
                patterns=count,
                quality=total / count,
                typical=tuple(rows[place]["words"] for place in nearest[:_SHOWN]),
            )
        )
    return Groups(groups=tuple(groups), silhouette=found.silhouette)
