"""Elastic weight consolidation (Kirkpatrick et al. 2017), with one running Fisher estimate and one anchor (online EWC,
Schwarz et al. 2018; the estimate moves on as in EWC++, Chaudhry et al. 2018).

Numbers that earlier tasks depend on are held near where they were: the loss gets (λ/2) · Σ F̂ᵢ (θᵢ − θ*ᵢ)². F̂ is the
Fisher estimate divided by its mean; as it comes, its numbers are so small that λ = 0.5 would be no penalty at all.

Works on anything that calculates like arrays: tensors in training, arrays in tests.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DECAY = 0.9
"""Weight of the old estimate when an example comes."""

LAMBDA = 0.5

Numbers = Mapping[str, Any]
"""Arrays by the name of the parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Where the last consolidation left the numbers, and how much each of them matters (F̂, mean 1)."""

    place: Numbers
    weight: Numbers


def updated(fisher: Numbers | None, gradients: Numbers) -> dict[str, Any]:
    """The running estimate after the gradients of one example: F ← 0.9 F + 0.1 g²."""
    if fisher is None:
        return {name: (1 - DECAY) * gradient**2 for name, gradient in gradients.items()}
    return {name: DECAY * fisher[name] + (1 - DECAY) * gradient**2 for name, gradient in gradients.items()}


def normalised(fisher: Numbers) -> dict[str, Any]:
    """The estimate divided by its mean over all numbers; as it is where all of it is zero."""
    total = sum(float(values.sum()) for values in fisher.values())
    count = sum(_count(values) for values in fisher.values())
    mean = total / count if count else 0.0
    return {name: values / mean if mean > 0 else values for name, values in fisher.items()}


def penalty(numbers: Numbers, anchor: Anchor, strength: float) -> Any:
    """(λ/2) · Σ F̂ (θ − θ*)²; 0.0 where there is nothing to be near to."""
    terms: Iterable[Any] = (
        (anchor.weight[name] * (values - anchor.place[name]) ** 2).sum()
        for name, values in numbers.items()
        if name in anchor.place
    )
    return strength / 2 * sum(terms)


def _count(values: Any) -> int:
    count = 1
    for length in values.shape:
        count *= int(length)
    return count
