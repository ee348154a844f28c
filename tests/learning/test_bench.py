import pytest

from qeforge.learning.bench import Curve, Interval, Matrix, interval


def test_retention_gain_and_backward_transfer_are_of_the_last_row() -> None:
    one = Matrix(name="replay", before=(0.1, 0.1, 0.1), scores=((0.4, 0.2, 0.2), (0.3, 0.5, 0.3), (0.36, 0.6, 0.7)))
    assert one.retention == pytest.approx((0.9 + 1.2) / 2)
    assert one.backward == pytest.approx((-0.04 + 0.1) / 2)
    assert one.gain == pytest.approx(0.4)


def test_an_interval_is_students() -> None:
    assert interval([2.0]) == Interval(mean=2.0, half=None, count=1)
    three = interval([1.0, 2.0, 3.0])
    assert (three.mean, three.count) == (2.0, 3)
    assert three.half == pytest.approx(4.303 / 3**0.5)
    twelve = interval([0.0, 1.0] * 6)
    assert twelve.half == pytest.approx(2.201 * (3 / 11) ** 0.5 / 12**0.5)
    most = interval([0.0] * 30 + [31.0])
    assert most.half == pytest.approx(2.042)
    many = interval([0.0, 1.0] * 50)
    assert many.half == pytest.approx(1.96 * 0.5025 / 10, rel=1e-3)


def test_a_curve_tells_when_loss_was_lower_first() -> None:
    assert Curve(seed=0, losses=(1.0, 1.1, 0.9, 0.8), seconds=1.0).falls_at == 2
    assert Curve(seed=0, losses=(1.0, 1.1), seconds=1.0).falls_at is None
