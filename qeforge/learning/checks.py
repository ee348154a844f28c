"""Whether an adapter may be used: four checks in llama.cpp itself, where it will be used."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qeforge.domain.learning import Runner
from qeforge.learning import libraries
from qeforge.learning.adapter import Adapter
from qeforge.learning.base import Base
from qeforge.learning.data import Read

LEAST_CORRELATION = 0.9
"""Between the changes of the logits here and there. llama.cpp rounds what goes into each product to eight bits, which
alone moves logits by about a thirtieth of their spread. With the right order of rows it was 0.97 to 0.99 for
smollm2-135m, with the wrong one 0.27 where only queries and keys are changed, and 0.87 where everything is."""

CONTINUED = 12
"""Tokens by which it is told whether the model answers as before."""

_LOUD = (1.0, 0.3, 0.1, 0.03)
"""Spreads of the random adapters' B, of which the first is taken that moves logits in PEFT by `_MOST_MOVED` of their
own spread at most: the change has to be larger than what rounding does, and leave the model one that works."""

_MOST_MOVED = 0.5

_ROTATED = ("attn_q", "attn_k")
"""What the order of rows is about; an error there shows best where nothing else changes."""


Write = Callable[[Path, Adapter], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: what was looked at, whether it held, and the figures."""

    name: str
    good: bool
    detail: str


def same_machine(base: Base, runner: Runner, tokens: Sequence[int], folder: Path, write: Write) -> list[Check]:
    """Whether files that are written here mean in llama.cpp what they mean in PEFT. Leaves both without an adapter.

    Args:
        base: the model with an adapter of no effect (B zero).
        runner: the same file in llama.cpp.
        tokens: a prompt.
        folder: for the two files.
        write: writes an adapter of this model into a file.
    """
    runner.set_adapter(None)
    bare, before = runner.logits(tokens), runner.likeliest(tokens, CONTINUED)
    zero, loud = folder / "zero.gguf", folder / "random.gguf"
    untouched, plain = base.adapter(), base.logits(tokens)
    write(zero, untouched)
    runner.set_adapter(zero)
    unchanged = max(abs(one - other) for one, other in zip(bare, runner.logits(tokens), strict=True))
    alike = {}
    for what, names in (("all", ""), ("queries and keys", _ROTATED)):
        for spread in _LOUD:
            noise = _random_like(untouched, names, spread)
            base.put(noise)
            there = _difference(base.logits(tokens), plain)
            if statistics.pstdev(there) <= _MOST_MOVED * statistics.pstdev(plain):
                break
        write(loud, noise)
        runner.set_adapter(loud)
        alike[what] = correlation(_difference(runner.logits(tokens), bare), there)
        runner.set_adapter(zero)
    base.put(untouched)
    runner.set_adapter(None)
    restored = runner.likeliest(tokens, CONTINUED) == before
    for file in (zero, loud):
        file.unlink()
    told = ", ".join(f"{value:.4f} ({what})" for what, value in alike.items())
    return [
        Check(name="zero", good=unchanged == 0.0, detail=f"largest change of a logit {unchanged:g}"),
        Check(name="random", good=min(alike.values()) >= LEAST_CORRELATION, detail=f"correlation with PEFT {told}"),
        off(restored),
    ]


def heldout_loss(runner: Runner, examples: Sequence[Read]) -> float:
    """Mean loss in llama.cpp over all tokens of all answers, with the adapter that is set."""
    losses = [loss for one in examples for loss in runner.losses(one.tokens, one.start)]
    return sum(losses) / len(losses)


def off(restored: bool) -> Check:
    """Whether the bare model answered as before once an adapter was taken off."""
    return Check(name="off", good=restored, detail=f"next {CONTINUED} tokens {'as before' if restored else 'differ'}")


def falls(before: float, after: float) -> Check:
    """Whether the loss on held-out examples fell."""
    return Check(name="held-out", good=after < before, detail=f"loss {before:.4f} → {after:.4f}")


def no_higher(before: float, after: float) -> Check:
    """Whether the loss on held-out examples is no higher than that of what is in use."""
    return Check(name="in use", good=after <= before, detail=f"loss {before:.4f} → {after:.4f}")


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Pearson's; 0.0 where one of them is constant."""
    numpy = libraries.numpy()
    a, b = (numpy.asarray(each, dtype=numpy.float64) for each in (one, other))
    a, b = a - a.mean(), b - b.mean()
    length = float(numpy.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / length if length else 0.0


def _random_like(adapter: Adapter, names: str | tuple[str, ...], spread: float) -> Adapter:
    """Noise in the B of those matrices whose names end so; zero in the others."""
    generator = libraries.numpy().random.default_rng(1)

    def noise(name: str, shape: Any) -> Any:
        return generator.normal(0.0, spread if name.endswith(names) else 0.0, size=shape).astype("float32")

    return Adapter(
        alpha=adapter.alpha, pairs={name: (a, noise(name, b.shape)) for name, (a, b) in adapter.pairs.items()}
    )


def _difference(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a - b for a, b in zip(one, other, strict=True)]
