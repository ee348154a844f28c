"""What an index is made from, and made anew from: the vectors that the store holds."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

_T = TypeVar("_T")


class Rows(Protocol):
    """The vectors of one embedder, in the store. They are the truth: an index that disagrees is wrong.

    A key stands for one vector for ever: it is not given again after its vector is gone (`autoincrement` in SQLite).
    """

    def census(self) -> tuple[int, int]:
        """How many keys there are, and their sum: cheap, and another one whenever the keys are others."""
        ...

    def keys(self) -> Sequence[int]:
        """Every key."""
        ...

    def vectors(self, keys: Sequence[int]) -> Iterable[tuple[int, Sequence[float]]]:
        """The vectors of these keys; those that are gone meanwhile are left out."""
        ...


def in_pieces(keys: Sequence[_T], size: int = 4096) -> Iterable[Sequence[_T]]:
    """The keys, so many at a time: as a whole, the vectors of a big store would not fit into memory."""
    return (keys[start : start + size] for start in range(0, len(keys), size))
