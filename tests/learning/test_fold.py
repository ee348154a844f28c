from typing import Any

import pytest

from qeforge.learning.adapter import Adapter
from qeforge.learning.fold import aligned, joined, rescaled, truncated

numpy: Any = pytest.importorskip("numpy", exc_type=ImportError)


def adapter(rank: int, seed: int, *, alpha: float = 4.0) -> Adapter:
    generator = numpy.random.default_rng(seed)
    pairs = {
        name: (generator.normal(size=(rank, 12)).astype("float32"), generator.normal(size=(8, rank)).astype("float32"))
        for name in ("blk.0.attn_q", "blk.0.ffn_up")
    }
    return Adapter(alpha=alpha, pairs=pairs)


def near(one: Adapter, other: Any, tolerance: float = 1e-4) -> bool:
    return all(numpy.allclose(one.delta(name), other(name), atol=tolerance) for name in one.pairs)


def test_joining_adds_up_what_adapters_change() -> None:
    parts = [adapter(2, 1), adapter(1, 2, alpha=3.0), adapter(4, 3, alpha=1.0)]
    whole = joined(parts)
    assert whole.rank == 7
    assert near(whole, lambda name: sum(one.delta(name) for one in parts))


def test_an_adapter_that_lacks_a_matrix_changes_nothing_there() -> None:
    one = adapter(2, 1)
    partial = Adapter(alpha=2.0, pairs={"blk.0.attn_q": adapter(1, 2).pairs["blk.0.attn_q"]})
    whole = joined([one, partial])
    assert {len(a) for a, _ in whole.pairs.values()} == {3}  # a file has one rank
    assert numpy.allclose(whole.delta("blk.0.ffn_up"), one.delta("blk.0.ffn_up"), atol=1e-5)


def test_cutting_the_rank_gives_the_nearest_and_says_how_far_it_is() -> None:
    full = adapter(6, 1)
    cut, error = truncated(full, 3)
    assert cut.rank == 3
    left = {name: full.delta(name) - cut.delta(name) for name in full.pairs}
    told = (sum((d**2).sum() for d in left.values()) / sum((full.delta(n) ** 2).sum() for n in full.pairs)) ** 0.5
    assert error == pytest.approx(told, rel=1e-3)
    for name in full.pairs:
        values = numpy.linalg.svd(full.delta(name), compute_uv=False)
        assert numpy.linalg.norm(left[name]) == pytest.approx((values[3:] ** 2).sum() ** 0.5, rel=1e-3)
    same, nothing = truncated(full, 8)
    assert nothing == pytest.approx(0.0, abs=1e-6)
    assert near(same, full.delta)


def test_turning_towards_another_changes_nothing_but_the_numbers() -> None:
    target = adapter(4, 1)
    turn = numpy.linalg.qr(numpy.random.default_rng(5).normal(size=(4, 4)))[0].astype("float32")
    turned = Adapter(alpha=4.0, pairs={name: (turn.T @ a, b @ turn) for name, (a, b) in target.pairs.items()})
    back = aligned(turned, target)
    assert near(back, turned.delta)
    for name, (a, b) in target.pairs.items():
        assert numpy.allclose(back.pairs[name][0], a, atol=1e-4)
        assert numpy.allclose(back.pairs[name][1], b, atol=1e-4)


def test_another_factor_means_the_same() -> None:
    one = adapter(3, 1)
    other = rescaled(one, 2.0)
    assert other.alpha == 6.0
    assert near(other, one.delta)
