"""A clock, a display and proposers that do as they are told."""

from collections.abc import Callable, Sequence

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Observation
from qeforge.domain.protocols import Request


class StepClock:
    """Every look at it takes `step` seconds."""

    def __init__(self, step: float = 0.0) -> None:
        self.step = step
        self.time = 0.0

    def now(self) -> float:
        self.time += self.step
        return self.time


class Notes:
    """A display that only remembers."""

    def __init__(self) -> None:
        self.updates: list[tuple[int, float, int]] = []
        self.finished: list[tuple[str, str]] = []

    def update(self, module: str, *, round: int, coverage: float, mutants_open: int, seconds_left: float) -> None:
        self.updates.append((round, coverage, mutants_open))

    def done(self, module: str, note: str) -> None:
        self.finished.append((module, note))


class BatchProposer:
    """Offers one list for each time that it is asked, then nothing."""

    name = "list"

    def __init__(self, *batches: Sequence[Candidate]) -> None:
        self._batches = list(batches)
        self.requests: list[Request] = []
        self.learned: list[tuple[Candidate, Observation]] = []

    def propose(self, request: Request) -> Sequence[Candidate]:
        self.requests.append(request)
        return self._batches.pop(0) if self._batches else ()

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        self.learned += observed


class EndlessProposer:
    """Always has as many as it is asked for; `make` gives the candidate of a number."""

    name = "endless"

    def __init__(self, make: Callable[[int], Candidate]) -> None:
        self._make = make
        self.offered = 0

    def propose(self, request: Request) -> Sequence[Candidate]:
        start, self.offered = self.offered, self.offered + request.count
        return [self._make(number) for number in range(start, self.offered)]

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        pass
