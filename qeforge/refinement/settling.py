"""Results that waver with the clock or with chance: the same call with those held still takes its place."""

from collections.abc import Callable, Collection, Sequence

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Facet, Observation
from qeforge.domain.protocols import Judge
from qeforge.oracle.stability import facet_content, stable_facets
from qeforge.refinement.pool import lines_of, usable

Look = tuple[Candidate, Observation, tuple[Observation, ...]]
"""A candidate, a full look at it, and the looks of fresh processes."""

Variants = Callable[[Candidate, Collection[int]], Sequence[Candidate]]
"""A candidate with things held still, given the lines that it runs; the least change first."""

_MOST = 12
"""Candidates of one batch that are settled."""


class Settler:
    """Finds steady variants of what wavers.

    Args:
        judge: runs them.
        variants: offers them.
    """

    def __init__(self, judge: Judge, variants: Variants) -> None:
        self._judge = judge
        self._variants = variants

    def settled(self, looks: Sequence[Look]) -> list[Look]:
        """The same looks; where the outcome or a facet wavers, the look at the variant that wavers least, if that is
        less."""
        tries: list[tuple[int, Candidate]] = []
        wavering = [index for index, look in enumerate(looks) if wavers(look)][:_MOST]
        for index in wavering:
            candidate, first, _ = looks[index]
            tries += [(index, variant) for variant in self._variants(candidate, lines_of(first.arcs))]
        if not tries:
            return list(looks)
        candidates = [candidate for _, candidate in tries]
        seen_here = self._judge.observe(candidates)
        seen_elsewhere = self._judge.confirm(candidates)
        best = {index: (wavers(looks[index]), looks[index]) for index in wavering}
        for (index, candidate), seen, again in zip(tries, seen_here, seen_elsewhere, strict=True):
            look = (candidate, seen, again)
            if usable(seen) and seen.outcome is looks[index][1].outcome and wavers(look) < best[index][0]:
                best[index] = (wavers(look), look)
        return [best[index][1] if index in best else look for index, look in enumerate(looks)]


def wavers(look: Look) -> int:
    """How many facets hold something that is not the same everywhere."""
    candidate, first, others = look
    stable = stable_facets(first, others, candidate=candidate)
    return sum(
        facet not in stable and any(bool(facet_content(seen, facet)) for seen in (first, *others)) for facet in Facet
    )
