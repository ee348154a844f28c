"""The seams: where there is an effect on the world, or a second implementation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from qeforge.domain.candidate import Candidate
from qeforge.domain.facts import ModuleFacts
from qeforge.domain.goal import Goal
from qeforge.domain.mutant import Mutant, MutantJob, MutantResult, Probe
from qeforge.domain.observation import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a proposer is asked for: at most `count` candidates that aim at `goals` and `mutants` still open."""

    goals: frozenset[Goal]
    mutants: tuple[Mutant, ...]
    count: int


class Proposer(Protocol):
    """Offers candidates and hears what became of them. Nothing that it offers is trusted."""

    @property
    def name(self) -> str:
        """Who is named in records."""
        ...

    def propose(self, request: Request) -> Sequence[Candidate]:
        """Candidates, best first; none when it has nothing more to offer."""
        ...

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        """What the judge saw, for every candidate that was offered."""
        ...


class Judge(Protocol):
    """Runs candidates against one imported module, in a sandbox, on the target's interpreter."""

    def facts(self) -> ModuleFacts:
        """What importing the module told."""
        ...

    def run(self, candidates: Sequence[Candidate], *, capture: bool = False) -> list[Observation]:
        """Quick look, one observation per candidate in order: outcome, arcs, exception, effects; operands on
        `capture`."""
        ...

    def observe(self, candidates: Sequence[Candidate]) -> list[Observation]:
        """Full look, all facets."""
        ...

    def confirm(self, candidates: Sequence[Candidate]) -> list[tuple[Observation, ...]]:
        """Full looks in two other fresh processes (other hash seed, time zone, arguments, folder; other order)."""
        ...

    def mutate(
        self, jobs: Sequence[MutantJob], probes: Sequence[Probe], *, first_only: bool = True
    ) -> list[MutantResult]:
        """One result per job; with `first_only` a job ends at its first kill."""
        ...

    def close(self) -> None:
        """Ends every process and removes every file it made."""
        ...


class Clock(Protocol):
    """Wall time, replaceable in tests."""

    def now(self) -> float:
        """Seconds, monotonic."""
        ...


class Progress(Protocol):
    """Told what is going on; shows it or not."""

    def update(self, module: str, *, round: int, coverage: float, mutants_open: int, seconds_left: float) -> None:
        """One module's state."""
        ...

    def done(self, module: str, note: str) -> None:
        """A module is finished."""
        ...
