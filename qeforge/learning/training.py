"""Gradient descent on an adapter."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from qeforge.learning import ewc, libraries
from qeforge.learning.base import Base, descend
from qeforge.learning.data import Read

PER_STEP = 2
"""Examples whose gradients make one step."""
RATE = 2e-3
"""Of learning; AdamW without decay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training did: the loss of each step's examples just before it, and the penalty; `cut` when time ended it."""

    losses: tuple[float, ...]
    penalties: tuple[float, ...] = ()
    cut: bool = False


def train(
    base: Base,
    examples: Sequence[Read],
    *,
    steps: int,
    late: Callable[[], bool],
    tell: Callable[[str], None],
    anchor: ewc.Anchor | None = None,
    strength: float = ewc.LAMBDA,
    rate: float = RATE,
    watch: Callable[[], None] = lambda: None,
) -> Trained:
    """Trains a base's adapter.

    Args:
        base: the model; its adapter is changed.
        examples: taken in turn.
        steps: at most.
        late: whether time is up; asked before each step but the first.
        tell: hears of each step.
        anchor: where the numbers should stay near; None for anywhere.
        strength: λ of the penalty.
        rate: of learning.
        watch: called after each step.

    Raises:
        LearningError: the loss is no number any more, or memory is out.
    """
    optimiser = libraries.torch().optim.AdamW(base.parameters().values(), lr=rate, weight_decay=0.0)
    losses: list[float] = []
    penalties: list[float] = []
    for number in range(steps):
        if number and late():
            return Trained(losses=tuple(losses), penalties=tuple(penalties), cut=True)
        batch = [examples[(number * PER_STEP + k) % len(examples)] for k in range(min(PER_STEP, len(examples)))]
        loss: Any = sum(base.loss(one) for one in batch) / len(batch)
        pull: Any = ewc.penalty(base.parameters(), anchor, strength) if anchor is not None else loss * 0
        losses.append(loss.item())
        penalties.append(pull.item())
        if not math.isfinite(losses[-1]):
            raise libraries.LearningError(f"step {number + 1}: the loss is {losses[-1]}; nothing was changed")
        descend(base, loss + pull, optimiser)
        told = f", penalty {penalties[-1]:.4f}" if anchor is not None else ""
        watch()
        tell(f"step {number + 1} of {steps}: loss {losses[-1]:.4f}{told}")
    return Trained(losses=tuple(losses), penalties=tuple(penalties))


def fisher_of(base: Base, examples: Sequence[Read], before: ewc.Numbers | None) -> dict[str, Any]:
    """The running Fisher estimate after these examples, one gradient for each."""
    found = dict(before) if before is not None else None
    for one in examples:
        found = ewc.updated(found, base.gradients(one))
    return found or {}
