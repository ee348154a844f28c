"""The proposer that knows what earlier runs kept, and learns what that was worth."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from qeforge.codegen.options import named_options
from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal
from qeforge.domain.observation import Arc, Observation
from qeforge.domain.pattern import Offer, Outcome
from qeforge.domain.protocols import Request
from qeforge.domain.target import Target
from qeforge.memory.adapting import PROPOSER
from qeforge.memory.calls import plain_key
from qeforge.memory.crediting import Crediting


class MemoryProposer:
    """Offers what was recalled, once and in order, and counts which of it was the first to meet a goal; so, too, what
    was lent to others.

    Args:
        offers: the likeliest first; what does the same as an earlier one is left out.
        met: the goals that arcs meet.
        base: goals that are met already.
        others: candidates that somebody else offers before.
        credit: watches what was lent; None where nothing was.
        targets: what is called; a suite may name the options of a call of theirs that was offered without names.
    """

    name = PROPOSER

    def __init__(
        self,
        offers: Sequence[Offer],
        met: Callable[[frozenset[Arc]], frozenset[Goal]],
        *,
        base: frozenset[Goal] = frozenset(),
        others: Sequence[Candidate] = (),
        credit: Crediting | None = None,
        targets: Iterable[Target] = (),
    ) -> None:
        self._met = met
        self._credit = credit
        self._targets = {target.id: target for target in targets}
        self._reached = set(base)
        self._offers: dict[str, Offer] = {}
        known = set(map(plain_key, others))
        for offer in offers:
            if plain_key(offer.candidate) not in known:
                self._offers.setdefault(offer.candidate.key, offer)
        self._left = [offer.candidate for offer in self._offers.values()]
        self.proven = frozenset(key for key, offer in self._offers.items() if offer.kept)
        self._goals: dict[str, int] = {}

    def propose(self, request: Request) -> list[Candidate]:
        """The next ones."""
        now, self._left = self._left[: request.count], self._left[request.count :]
        return now

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        """Notes which goals are met, and by whom first."""
        for candidate, seen in observed:
            fresh = self._met(seen.arcs) - self._reached
            self._reached |= fresh
            key = candidate.key
            if key in self._offers:
                self._goals[key] = self._goals.get(key, 0) + len(fresh)
            if self._credit is not None:
                self._credit.ran(candidate, len(fresh))

    def outcomes(self, kept: Sequence[Candidate]) -> tuple[Outcome, ...]:
        """What became of every offer that was run, and of what was lent and put to use.

        Args:
            kept: candidates that are in the suite.
        """
        worth = set(map(self._written, kept))
        offered = (
            Outcome(
                pattern=self._offers[key].pattern,
                target=self._offers[key].candidate.target,
                goals=goals,
                kept=self._written(self._offers[key].candidate) in worth,
            )
            for key, goals in self._goals.items()
        )
        return (*offered, *(self._credit.outcomes(kept) if self._credit is not None else ()))

    def _written(self, candidate: Candidate) -> str:
        """Equal for candidates that a suite would hold in the same words."""
        target = self._targets.get(candidate.target)
        named = named_options(candidate.act, target) if target is not None else ""
        return plain_key(replace(candidate, act=named) if named else candidate)
