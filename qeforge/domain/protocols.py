"""The seams: where there is an effect on the world, or a second implementation."""

import math
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from qeforge.domain.candidate import Candidate
from qeforge.domain.facts import ModuleFacts
from qeforge.domain.goal import Goal
from qeforge.domain.mutant import Mutant, MutantJob, MutantResult, Probe
from qeforge.domain.observation import Observation
from qeforge.domain.survivor import Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a proposer is asked for: at most `count` candidates that aim at `goals` and `mutants` still open, within
    about `seconds`."""

    goals: frozenset[Goal]
    mutants: tuple[Mutant, ...]
    count: int
    seconds: float = math.inf


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


@runtime_checkable
class Aimer(Protocol):
    """A proposer that can also aim at a single mutant."""

    def aim(
        self, sighting: Sighting, nearest: Candidate | None, count: int, done: Container[str]
    ) -> Sequence[Candidate]:
        """At most `count` candidates that should bring the mutant's difference further than `nearest` did, best first.
        They may have been offered before; none has a key that is in `done`, as those were run against this mutant."""
        ...


@runtime_checkable
class Curious(Protocol):
    """A proposer that may want to know which operands met in what it offered, also where that gained nothing."""

    def curious(self, observed: Sequence[tuple[Candidate, Observation]]) -> Sequence[Candidate]:
        """Of what was just run and told to `learn`, the candidates to run once more with their operands captured."""
        ...


@runtime_checkable
class Proven(Protocol):
    """A proposer of which some candidates were worth a place in a suite before."""

    @property
    def proven(self) -> Collection[str]:
        """Their keys: each gets a closer look, whatever else it does."""
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
        """Full looks in two other fresh processes (other hash seed, time zone, arguments, folder; other order), and
        more of what draws on random numbers."""
        ...

    def mutate(
        self, jobs: Sequence[MutantJob], probes: Sequence[Probe], *, first_only: bool = True
    ) -> list[MutantResult]:
        """One result per job; with `first_only` a job ends at its first kill."""
        ...

    def stages(self, jobs: Sequence[MutantJob], candidates: Sequence[Candidate], *, traced: int = 2) -> list[Sighting]:
        """How far each job's mutant comes over candidates, by their indices; the states of the first `traced` are
        compared where none of them notices it."""
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
