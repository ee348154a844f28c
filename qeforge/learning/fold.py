"""Several adapters as one: exactly, by joining their ranks, or cut down to a rank."""

from collections.abc import Sequence
from typing import Any

from qeforge.learning import libraries
from qeforge.learning.adapter import Adapter


def joined(adapters: Sequence[Adapter]) -> Adapter:
    """The sum of adapters for the same model: alpha / rank is put into each B, the ranks are concatenated. Nothing is
    lost; the factor of the result is 1."""
    numpy = libraries.numpy()
    names = list(dict.fromkeys(name for one in adapters for name in one.pairs))
    full = sum(one.rank for one in adapters)
    pairs = {}
    for name in names:
        parts = [(one, *one.pairs[name]) for one in adapters if name in one.pairs]
        a = numpy.concatenate([a for _, a, _ in parts])
        b = numpy.concatenate([b * (one.alpha / len(a)) for one, a, b in parts], axis=1)
        pairs[name] = _padded(a, b, full)
    return Adapter(alpha=float(full), pairs=pairs)


def truncated(adapter: Adapter, rank: int) -> tuple[Adapter, float]:
    """The nearest adapter of a lower rank (Eckart and Young: the largest singular values), and how far it is from the
    full one: ‖ΔW − ΔW_r‖ / ‖ΔW‖ over all matrices together, Frobenius. What it has, A and B share evenly."""
    numpy = libraries.numpy()
    pairs, lost, whole = {}, 0.0, 0.0
    for name, (a, b) in adapter.pairs.items():
        left, up = numpy.linalg.qr(b * (adapter.alpha / len(a)))  # so that only rank × rank numbers are decomposed
        right, down = numpy.linalg.qr(a.T)
        u, values, v = numpy.linalg.svd(up @ down.T)
        roots = numpy.sqrt(values[:rank])
        pairs[name] = _padded((v[:rank].T * roots).T @ right.T, (left @ u[:, :rank]) * roots, rank)
        whole += float((values**2).sum())
        lost += float((values[rank:] ** 2).sum())
    error = (lost / whole) ** 0.5 if whole else 0.0
    return Adapter(alpha=float(rank), pairs=pairs), error


def rescaled(adapter: Adapter, factor: float) -> Adapter:
    """The same adapter with another alpha / rank."""
    pairs = {name: (a, b * (adapter.alpha / len(a) / factor)) for name, (a, b) in adapter.pairs.items()}
    return Adapter(alpha=factor * adapter.rank, pairs=pairs)


def aligned(adapter: Adapter, to: Adapter) -> Adapter:
    """The same adapter with its ranks turned so that its numbers come as near to those of another one as they can.

    B·A does not change when B is multiplied by an orthogonal matrix and A by its transpose; the best is the solution
    of the orthogonal Procrustes problem (Schönemann 1966). Without it, a penalty on numbers that moved would punish a
    mere change of coordinates.
    """
    numpy = libraries.numpy()
    pairs = {}
    for name, (a, b) in adapter.pairs.items():
        if name not in to.pairs or to.pairs[name][0].shape != a.shape:
            pairs[name] = (a, b)
            continue
        other_a, other_b = to.pairs[name]
        u, _, v = numpy.linalg.svd(b.T @ other_b + a @ other_a.T)
        turn = u @ v
        pairs[name] = (turn.T @ a, b @ turn)
    return Adapter(alpha=adapter.alpha, pairs=pairs)


def _padded(a: Any, b: Any, rank: int) -> tuple[Any, Any]:
    """With zeros up to a rank: all pairs of a file have the same one."""
    numpy = libraries.numpy()
    missing = rank - len(a)
    a = numpy.pad(a, ((0, missing), (0, 0))) if missing > 0 else a
    b = numpy.pad(b, ((0, 0), (0, missing))) if missing > 0 else b
    return a.astype(numpy.float32), b.astype(numpy.float32)
