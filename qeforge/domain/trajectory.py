"""The record of how a suite came about, which later learning reads."""

from dataclasses import dataclass
from enum import StrEnum

from qeforge.domain.score import Score


class Stop(StrEnum):
    """Why refinement ended."""

    GOALS_MET = "goals met"
    PLATEAU = "plateau"  # a round added nothing
    TIME = "time"  # the clock cut it: another machine may give another suite
    ROUNDS = "rounds"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which proposers in which order, why, with what budget (executions) and what confidence in [0, 1]."""

    proposers: tuple[str, ...]
    reason: str
    executions: int
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of refinement. `offered` and `kept` count candidates; `quality` is of the best suite so far."""

    number: int
    proposers: tuple[str, ...]
    offered: int
    kept: int
    open_goals: int
    open_mutants: int
    quality: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """The rounds of one module; append-only once written. `project` is the folder of its project."""

    module: str
    digest: str
    seed: int
    version: str
    python: str
    route: Route
    rounds: tuple[Round, ...]
    stop: Stop
    score: Score
    accepted: tuple[str, ...] = ()
    project: str = ""
