"""The proposer that knows what people already wrote: doctests and the project's own tests."""

from collections.abc import Sequence

from qeforge.analysis.project import is_project_root
from qeforge.analysis.recipes import (
    doctest_candidates,
    document_candidates,
    find_documents,
    fixture_names,
    raises_candidates,
    test_candidates,
)
from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Observation
from qeforge.domain.protocols import Request
from qeforge.refinement.task import ModuleTask


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


def written_calls(task: ModuleTask) -> list[Candidate]:
    """The candidates in what people wrote about the targets of a task."""
    documents = find_documents(task.root) if is_project_root(task.root) else ()
    found = [*doctest_candidates(task.module), *document_candidates(task.module, documents)]
    found += raises_candidates(task.module)
    found += test_candidates(task.module, task.existing, fixture_names(task.conftests))
    if task.wanted is not None:
        found = [candidate for candidate in found if candidate.target in task.wanted]
    return found
