"""What is learned from: which examples, and which are held back to judge by. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qeforge.domain.learning import Example

HELD_OUT = 0.2
"""Share of targets that are never trained on."""

_MIX = 0x9E3779B97F4A7C15
"""Spreads positions in the replay set, so that each project gives examples from its whole time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """An example as a model reads it: `tokens`, of which those from `start` on are the answer to be learned."""

    project: str
    tokens: tuple[int, ...]
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Examples with something accepted: to train on, oldest first, and held out."""

    train: tuple[Example, ...]
    held_out: tuple[Example, ...]


def is_held_out(project: str, target: str) -> bool:
    """Whether a target is for judging only. Decided by its name, so that it never changes sides."""
    digest = hashlib.sha256(f"{project}\0{target}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < HELD_OUT * (1 << 64)


def split(examples: Iterable[Example]) -> Split:
    """The examples from which something can be learned, by what they are for; of equal answers to the same question
    the latest."""
    latest: dict[tuple[str, str, str], Example] = {}
    for one in examples:
        if one.accepted:
            key = (one.project, one.target, one.accepted)
            latest.pop(key, None)
            latest[key] = one
    train = tuple(one for one in latest.values() if not is_held_out(one.project, one.target))
    held = tuple(one for one in latest.values() if is_held_out(one.project, one.target))
    return Split(train=train, held_out=held)


def replay(examples: Sequence[Example], most: int, *, newest: str = "") -> tuple[Example, ...]:
    """A fair share of every project, so that none is forgotten for another. Half of a share are the project's latest,
    which is what micro-adapters learned from; the others are from all of the time before. They come mixed, every
    project's latest first: steps that do not suffice for all of them twice repeat what is recent.

    Args:
        examples: oldest first.
        most: examples in all.
        newest: a project of which half may come; empty for equal shares.
    """
    by_project: dict[str, list[Example]] = {}
    for one in examples:
        by_project.setdefault(one.project, []).append(one)
    shares: list[list[Example]] = []
    left = most
    if newest in by_project and len(by_project) > 1:
        shares.append(_share(by_project.pop(newest), most // 2))
        left -= len(shares[0])
    for done, (_, own) in enumerate(sorted(by_project.items(), key=lambda pair: (len(pair[1]), pair[0]))):
        shares.append(_share(own, left // (len(by_project) - done)))
        left -= len(shares[-1])
    placed = [((place + 0.5) / len(own), one) for own in shares for place, one in enumerate(own)]
    return tuple(one for _, one in sorted(placed, key=lambda pair: pair[0]))


def _share(examples: Sequence[Example], most: int) -> list[Example]:
    """So many of them, latest first and always the same: half the latest, half from all of the time before."""
    ordered = examples[::-1]
    recent = ordered[: (most + 1) // 2]
    return [*recent, *_spread(ordered[len(recent) :], most - len(recent))]


def _spread(examples: Sequence[Example], most: int) -> list[Example]:
    """So many of them, always the same, from all of the time that they cover, in their order."""
    order = sorted(range(len(examples)), key=lambda index: (index * _MIX) % (1 << 64))
    return [examples[index] for index in sorted(order[:most])]


def latest(examples: Sequence[Example], most: int) -> tuple[Example, ...]:
    """The last so many."""
    return tuple(examples[-most:]) if most else ()
