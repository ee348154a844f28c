"""Small faults put into the code to see whether a suite notices."""

from dataclasses import dataclass
from enum import StrEnum

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Facet


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One textual edit of the module's source.

    `start` and `end` are `(line, column)`: line one-based, column in characters, `end` exclusive. `scope` is the
    qualname of the outermost function or method that contains it (as `Class.method`), None at module or class level.
    """

    operator: str
    start: tuple[int, int]
    end: tuple[int, int]
    original: str
    replacement: str
    scope: str | None

    @property
    def id(self) -> str:
        """Stable within one version of the module."""
        return f"{self.start[0]}:{self.start[1]}-{self.end[0]}:{self.end[1]}:{self.operator}:{self.replacement}"

    @property
    def line(self) -> int:
        """Where it starts, one-based."""
        return self.start[0]

    def describe(self) -> str:
        """One line for people: `12: a < b → a <= b`."""
        flat = " ".join(self.original.split()), " ".join(self.replacement.split())
        return f"{self.line}: {flat[0]} → {flat[1]}"


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"  # counts as killed
    INCOMPETENT = "incompetent"  # does not compile or import; left out of the score
    NOT_COVERED = "not covered"  # no test reaches it; counts as survived


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A test, by its index in the request, that noticed, and in which facets."""

    test: int
    facets: tuple[Facet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantResult:
    """Verdict over the tests that were run against one mutant. `killed_by` is the id of the pytest test that noticed,
    where a suite was run and not candidates."""

    mutant: Mutant
    verdict: Verdict
    kills: tuple[Kill, ...] = ()
    seconds: float = 0.0
    killed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A candidate to be run against mutants, and the facets of it that are stable enough to compare."""

    candidate: Candidate
    facets: tuple[Facet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantJob:
    """One mutant and the indices of the probes to run against it, in this order."""

    mutant: Mutant
    probes: tuple[int, ...]
