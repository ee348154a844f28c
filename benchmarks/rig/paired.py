"""What pairs of measurements say: their mean with an interval, and how likely chance alone is."""

import random
from collections.abc import Sequence
from math import comb

_DRAWS = 10_000


def interval(values: Sequence[float], *, share: float = 0.95, seed: int = 0) -> tuple[float, float, float]:
    """The mean, and the bounds between which it falls in that share of samples drawn anew from the values (percentile
    bootstrap; Efron and Tibshirani, "An introduction to the bootstrap", chapter 13).

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    draws = random.Random(seed)
    means = sorted(sum(draws.choices(values, k=len(values))) / len(values) for _ in range(_DRAWS))
    tail = (1 - share) / 2
    low, high = means[int(tail * _DRAWS)], means[min(_DRAWS - 1, int((1 - tail) * _DRAWS))]
    return sum(values) / len(values), low, high


def sign_test(differences: Sequence[float]) -> float:
    """How likely it is that at least so many of the differences have the same sign when either is as likely (two-sided;
    ties left out); 1 without any."""
    up = sum(one > 0 for one in differences)
    down = sum(one < 0 for one in differences)
    number, most = up + down, max(up, down)
    tail: float = sum(comb(number, k) for k in range(most, number + 1)) / 2**number
    return min(1.0, 2 * tail)
