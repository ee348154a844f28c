"""Groups of vectors that lie together: k-means, begun by k-means++, with as many groups as fit best.

Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", 2007; Lloyd, "Least squares quantization in
PCM", 1982; Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", 1987. On
vectors of unit length, Euclid's distance orders as the cosine does.
"""

import math
import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from operator import attrgetter

Vector = Sequence[float]

_ROUNDS = 30
"""Of Lloyd's iteration at most: by then hardly any vector changes sides."""
_ROUNDS_OF_TRIES = 10
"""While the number of groups is looked for."""
_SAMPLE = 300
"""Vectors on which the number of groups is chosen: silhouettes take time in proportion to the square of them."""
_COUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96)
"""Numbers of groups that are tried."""
_TRIES = 2
"""Beginnings of which the best counts, for each number of groups."""
_LEAST_SILHOUETTE = 0.02
"""Below it, groups are no nearer to themselves than to others, and there is but one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Where Lloyd's iteration ended.

    Args:
        labels: for each vector the index of its centre, which is the nearest.
        centres: means of their vectors; one that lost all of them stays where it was.
        inertias: sums of squared distances to the nearest centre, at the beginning and after each round.
    """

    labels: tuple[int, ...]
    centres: tuple[tuple[float, ...], ...]
    inertias: tuple[float, ...]

    @property
    def inertia(self) -> float:
        """That of the last round."""
        return self.inertias[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Vectors in groups.

    Args:
        labels: for each vector the index of its group; groups are numbered by size, the biggest first.
        centres: means of the groups.
        silhouette: mean over a sample, in [-1, 1], at the number of groups that was chosen; 0 for a single group.
    """

    labels: tuple[int, ...]
    centres: tuple[tuple[float, ...], ...]
    silhouette: float

    def members(self, label: int) -> list[int]:
        """Indices of a group's vectors."""
        return [index for index, each in enumerate(self.labels) if each == label]


def cluster(vectors: Sequence[Vector], *, seed: int = 0, most: int = 32, least_size: int = 3) -> Clusters:
    """Groups of the vectors; the same for the same vectors, in the same order, and seed.

    Args:
        vectors: all of the same dimensions.
        seed: of all that is drawn.
        most: groups at most.
        least_size: smaller groups are merged into the nearest.
    """
    if not vectors:
        return Clusters(labels=(), centres=(), silhouette=0.0)
    points = [tuple(map(float, vector)) for vector in vectors]
    begun, best = _begun(points, most, random.Random(seed))
    labels = _merged(points, lloyd(points, begun).labels, least_size)
    numbers = {label: number for number, (label, _) in enumerate(Counter(labels).most_common())}
    labels = [numbers[label] for label in labels]
    centres = tuple(map(_mean, _groups(points, labels, len(numbers))))
    return Clusters(labels=tuple(labels), centres=centres, silhouette=best if len(centres) > 1 else 0.0)


def seeds(vectors: Sequence[Vector], count: int, drawn: random.Random) -> list[int]:
    """Indices of vectors to begin with: each next one is drawn with a probability in proportion to the square of its
    distance to the nearest before it. Vectors that are equal to one of them are not drawn, so there may be fewer.

    Args:
        vectors: to choose from.
        count: how many are wanted.
        drawn: where chance comes from.
    """
    if not vectors or count < 1:
        return []
    chosen = [drawn.randrange(len(vectors))]
    far = [math.inf] * len(vectors)
    while len(chosen) < count:
        latest = vectors[chosen[-1]]
        far = [min(before, math.dist(vector, latest) ** 2) for vector, before in zip(vectors, far, strict=True)]
        upto = list(accumulate(far))
        if upto[-1] <= 0:
            break
        index = bisect_right(upto, drawn.random() * upto[-1])  # never one that weighs nothing
        chosen.append(index if index < len(upto) else bisect_left(upto, upto[-1]))  # where the product was rounded up
    return chosen


def lloyd(vectors: Sequence[Vector], centres: Sequence[Vector], *, rounds: int = _ROUNDS) -> Fit:
    """Moves centres to the means of what is nearest to them until nothing changes sides.

    Args:
        vectors: at least one.
        centres: where to begin, at least one.
        rounds: at most.
    """
    means = [tuple(centre) for centre in centres]
    labels, inertia = _assigned(vectors, means)
    inertias = [inertia]
    for _ in range(rounds):
        groups = _groups(vectors, labels, len(means))
        means = [_mean(group) if group else mean for group, mean in zip(groups, means, strict=True)]
        before = labels
        labels, inertia = _assigned(vectors, means)
        inertias.append(inertia)
        if labels == before:
            break
    return Fit(labels=tuple(labels), centres=tuple(means), inertias=tuple(inertias))


def silhouette(vectors: Sequence[Vector], labels: Sequence[int]) -> float:
    """How much nearer vectors are to their own group than to the next one, on average, in [-1, 1]; 0 for one group.

    Args:
        vectors: at least one.
        labels: the group of each.
    """
    return _silhouette(_distances(vectors), labels)


def _begun(points: Sequence[tuple[float, ...]], most: int, drawn: random.Random) -> tuple[Sequence[Vector], float]:
    """Centres to begin with, as many as fit a sample best, and the silhouette there."""
    some = points
    if len(points) > _SAMPLE:
        some = [points[index] for index in sorted(drawn.sample(range(len(points)), _SAMPLE))]
    distances = _distances(some)
    centres, best = [_mean(some)], _LEAST_SILHOUETTE
    different = len(set(some))
    for count in _COUNTS:
        if count > most or count >= different:
            break
        begun = [[some[index] for index in seeds(some, count, drawn)] for _ in range(_TRIES)]
        fit = min((lloyd(some, each, rounds=_ROUNDS_OF_TRIES) for each in begun), key=attrgetter("inertia"))
        fitting = _silhouette(distances, fit.labels)
        if fitting > best:
            centres, best = list(fit.centres), fitting
    return centres, best


def _assigned(vectors: Sequence[Vector], centres: Sequence[Vector]) -> tuple[list[int], float]:
    """The nearest centre of each vector, of equals the first, and the sum of the squared distances."""
    labels: list[int] = []
    squares: list[float] = []
    for vector in vectors:
        row = list(map(math.dist, repeat(vector), centres))
        least = min(row)
        labels.append(row.index(least))
        squares.append(least * least)
    return labels, math.fsum(squares)


def _groups(vectors: Sequence[Vector], labels: Sequence[int], count: int) -> list[list[Vector]]:
    groups: list[list[Vector]] = [[] for _ in range(count)]
    for vector, label in zip(vectors, labels, strict=True):
        groups[label].append(vector)
    return groups


def _mean(vectors: Sequence[Vector]) -> tuple[float, ...]:
    return tuple(math.fsum(column) / len(vectors) for column in zip(*vectors, strict=True))


def _distances(vectors: Sequence[Vector]) -> list[list[float]]:
    """From each to each."""
    distances = [[0.0] * len(vectors) for _ in vectors]
    for row, one in enumerate(vectors):
        for column in range(row):
            distances[row][column] = distances[column][row] = math.dist(one, vectors[column])
    return distances


def _silhouette(distances: Sequence[Sequence[float]], labels: Sequence[int]) -> float:
    sizes = Counter(labels)
    if len(sizes) < 2:
        return 0.0
    values = []
    for own, row in zip(labels, distances, strict=True):
        if sizes[own] == 1:
            values.append(0.0)
            continue
        sums = dict.fromkeys(sizes, 0.0)
        for label, distance in zip(labels, row, strict=True):
            sums[label] += distance
        inside = sums[own] / (sizes[own] - 1)
        outside = min(total / sizes[label] for label, total in sums.items() if label != own)
        greater = max(inside, outside)
        values.append((outside - inside) / greater if greater > 0 else 0.0)
    return math.fsum(values) / len(values)


def _merged(points: Sequence[Vector], labels: Sequence[int], least_size: int) -> list[int]:
    """Labels after the smallest group, as long as it is too small, went to the one whose mean is nearest."""
    groups: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        groups.setdefault(label, []).append(index)
    means = {label: _mean([points[index] for index in group]) for label, group in groups.items()}
    while len(groups) > 1:
        label = min(groups, key=lambda each: (len(groups[each]), each))
        if len(groups[label]) >= least_size:
            break
        mean, group = means.pop(label), groups.pop(label)
        near = min(groups, key=lambda each: (math.dist(means[each], mean), each))
        groups[near] += group
        means[near] = _mean([points[index] for index in groups[near]])
    return [label for _, label in sorted((index, label) for label, group in groups.items() for index in group)]
