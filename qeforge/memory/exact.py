"""An index that looks at every vector: right for small stores, and where usearch is not installed."""

import heapq
import math
from collections.abc import Sequence
from operator import itemgetter

from qeforge.memory.rows import Rows, in_pieces


class ExactIndex:
    """A `VectorIndex` in memory, of the standard library alone. A search takes time in proportion to the vectors (256
    dimensions: about 2 µs each), and each takes 32 bytes a dimension.

    Args:
        dimensions: of the vectors.
    """

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._vectors: dict[int, tuple[float, ...]] = {}

    def add(self, keys: Sequence[int], vectors: Sequence[Sequence[float]]) -> None:
        """Puts vectors in under their keys; one that is there is replaced.

        Raises:
            ValueError: there are not as many vectors as keys, or one has another number of dimensions.
        """
        self._vectors |= dict(zip(keys, [self._unit(vector) for vector in vectors], strict=True))

    def remove(self, keys: Sequence[int]) -> None:
        """Takes vectors out; a key that is not there is passed over."""
        for key in keys:
            self._vectors.pop(key, None)

    def search(self, vector: Sequence[float], count: int) -> list[tuple[int, float]]:
        """At most `count` keys with their cosine similarity, best first; of equals, the lower key first.

        Raises:
            ValueError: the vector has another number of dimensions.
        """
        wanted, distance = self._unit(vector), math.dist  # the quickest way to a cosine: |a - b|² = 2 - 2·cos
        near = heapq.nsmallest(count, ((distance(wanted, one), key) for key, one in self._vectors.items()))
        return [(key, 1.0 - 0.5 * far * far) for far, key in near]

    def __len__(self) -> int:
        """How many vectors it holds."""
        return len(self._vectors)

    def save(self) -> None:
        """Has nothing to do: the store keeps the vectors."""

    def _unit(self, vector: Sequence[float]) -> tuple[float, ...]:
        if len(vector) != self._dimensions:
            raise ValueError(f"expected {self._dimensions} dimensions, got {len(vector)}")
        length = math.hypot(*vector) or 1.0
        return tuple(number / length for number in vector)


def open_exact(*, dimensions: int, rows: Rows) -> ExactIndex:
    """An index of all that the store holds."""
    index = ExactIndex(dimensions)
    for some in in_pieces(rows.keys()):
        found = list(rows.vectors(some))
        index.add(list(map(itemgetter(0), found)), list(map(itemgetter(1), found)))
    return index
