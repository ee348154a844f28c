import math
import random
from collections.abc import Iterable, Mapping, Sequence

Vector = tuple[float, ...]


class StoredRows:
    """`Rows` in a dictionary; counts how many vectors were asked for."""

    def __init__(self, stored: Mapping[int, Sequence[float]]) -> None:
        self.stored = dict(stored)
        self.read = 0

    def census(self) -> tuple[int, int]:
        return len(self.stored), sum(self.stored)

    def keys(self) -> list[int]:
        return sorted(self.stored)

    def vectors(self, keys: Sequence[int]) -> Iterable[tuple[int, Sequence[float]]]:
        self.read += len(keys)
        return ((key, self.stored[key]) for key in keys if key in self.stored)


def unit(numbers: Sequence[float]) -> Vector:
    length = math.hypot(*numbers)
    return tuple(number / length for number in numbers)


def some_vectors(count: int, dimensions: int, seed: int = 0) -> list[Vector]:
    random_numbers = random.Random(seed)
    return [unit([random_numbers.gauss(0, 1) for _ in range(dimensions)]) for _ in range(count)]


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(unit(one), unit(other), strict=True))


def nearest(stored: Mapping[int, Sequence[float]], wanted: Sequence[float], count: int) -> list[int]:
    return sorted(stored, key=lambda key: (-cosine(stored[key], wanted), key))[:count]
