"""The proposer that knows what people already wrote: doctests and the project's own tests."""

from collections.abc import Sequence

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Observation
from qeforge.domain.protocols import Request


class RecipeProposer:
    """Offers a fixed list once, in order; what does the same as an earlier one is left out."""

    name = "recipes"

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        once: dict[str, Candidate] = {}
        for candidate in candidates:
            once.setdefault(candidate.key, candidate)
        self._left = list(once.values())

    def propose(self, request: Request) -> list[Candidate]:
        """The next ones on the list."""
        now, self._left = self._left[: request.count], self._left[request.count :]
        return now

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        """A recipe is what it is."""
