from collections.abc import Callable
from typing import Union

import pytest

from qeforge.learning.ewc import Anchor, normalised, penalty, updated

Number = Union[float, "Row"]


class Row:
    """As much of an array as the formulas need."""

    def __init__(self, *values: float) -> None:
        self.values = values
        self.shape = (len(values),)

    def _with(self, other: Number, how: Callable[[float, float], float]) -> "Row":
        others = other.values if isinstance(other, Row) else (other,) * len(self.values)
        return Row(*(how(a, b) for a, b in zip(self.values, others, strict=True)))

    def __add__(self, other: Number) -> "Row":
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other: Number) -> "Row":
        return self._with(other, lambda a, b: a - b)

    def __mul__(self, other: Number) -> "Row":
        return self._with(other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> "Row":
        return self._with(other, lambda a, b: a / b)

    def __pow__(self, power: int) -> "Row":
        return Row(*(value**power for value in self.values))

    def sum(self) -> float:
        return sum(self.values)


def test_the_estimate_moves_on_by_a_tenth_of_each_squared_gradient() -> None:
    first = updated(None, {"a": Row(2.0, 0.0)})
    assert first["a"].values == pytest.approx((0.4, 0.0))
    second = updated(first, {"a": Row(0.0, 1.0)})
    assert second["a"].values == pytest.approx((0.36, 0.1))


def test_its_mean_over_all_parameters_becomes_one() -> None:
    found = normalised({"a": Row(1e-9, 3e-9), "b": Row(2e-9, 2e-9)})
    assert [*found["a"].values, *found["b"].values] == pytest.approx([0.5, 1.5, 1.0, 1.0])
    assert normalised({"a": Row(0.0, 0.0)})["a"].values == (0.0, 0.0)


def test_what_matters_more_is_held_harder() -> None:
    anchor = Anchor(place={"a": Row(1.0, 1.0)}, weight={"a": Row(1.5, 0.5)})
    assert penalty({"a": Row(1.0, 1.0), "new": Row(9.0)}, anchor, 0.5) == 0.0
    assert penalty({"a": Row(3.0, 1.0)}, anchor, 0.5) == pytest.approx(0.25 * 1.5 * 4)
    assert penalty({"a": Row(1.0, 3.0)}, anchor, 0.5) == pytest.approx(0.25 * 0.5 * 4)
