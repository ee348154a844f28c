"""Who may be asked about a target, and what came of asking."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from qeforge.domain.learning import Example
from qeforge.domain.provider import Completion, Description, Prompt


class Engine(StrEnum):
    """Who proposes."""

    NATIVE = "native"  # always first: it is free
    LOCAL = "local"  # a model on this machine
    CLOUD = "cloud"  # a model on somebody else's


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a route is decided on; each is logged with the decision.

    Args:
        target: its id.
        lines: of its source.
        cyclomatic, cognitive: complexity (McCabe 1976; Campbell 2018).
        imports: modules outside the standard library that it uses.
        effects: calls of it that touch the world (files, network, programs, clock).
        typed: share of its parameters with an annotation or a default, in [0, 1].
        open_goals: lines and branches that the native engine left open in it.
        open_mutants: mutants of it that no test notices.
        reached: share of its goals that are met, in [0, 1].
        seconds: left for its module.
        tried: earlier answers of a local model about it, or else about its neighbours; after `met` of them a goal was
            met that was open before.
    """

    target: str
    lines: int
    cyclomatic: int
    cognitive: int
    imports: int
    effects: int
    typed: float
    open_goals: int
    open_mutants: int
    reached: float
    seconds: float
    tried: int = 0
    met: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a target goes next. `confidence` in [0, 1] is the probability that a local model meets a goal of it;
    `seconds` and `usd` are what asking is expected to take (`usd` None where no price is known)."""

    target: str
    engine: Engine
    reason: str
    confidence: float
    seconds: float = 0.0
    usd: float | None = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Where a target would go when a run began now, and what that was decided on."""

    path: Path
    features: Features
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePlan:
    """Routes before a run.

    Args:
        rows: one for each target.
        models: who would be asked, by engine.
        missing: why an engine cannot be asked, one line each.
        measured: existing tests were run, and only what they leave open counts.
        notes: what else a person has to know, one line each.
    """

    rows: tuple[Planned, ...]
    models: Mapping[Engine, str]
    missing: tuple[str, ...] = ()
    measured: bool = False
    notes: tuple[str, ...] = ()


class Router(Protocol):
    """Decides; a pure function of what it is given and of what it was made with."""

    def decide(self, features: Features) -> Decision:
        """Where the target goes next; NATIVE when no model is worth it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a question is about, for the ledger and for what may be sent; `features` and `confidence` are what it was
    decided on."""

    project: str
    module: str
    target: str
    path: str
    features: Features | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A completion, the number of its entry in the ledger, and what it cost (USD; None where no price is known)."""

    completion: Completion
    call: int
    usd: float | None = 0.0


class Models(Protocol):
    """The models of a run, loaded once whoever asks. What is asked is accounted for, guarded and limited in there."""

    def available(self) -> dict[Engine, Description]:
        """Models that may be asked now: a broken circuit, spent money or privacy take one out."""
        ...

    def count_tokens(self, engine: Engine, text: str) -> int:
        """Tokens of a text, for one of the models."""
        ...

    def ask(self, engine: Engine, prompt: Prompt, about: About, *, seconds: float, again: bool = False) -> Answer:
        """The model's answer, cut off after `seconds` of wall time; `again` when an earlier answer about the same
        target brought nothing, so that a stronger model is asked where there is one.

        Raises:
            ProviderError: there is none; what is to be done without it goes on.
        """
        ...

    def gained(self, call: int, *, candidates: int, valid: int, goals: int, mutants: int) -> None:
        """What came of an answer: candidates in it, those that ran without NameError or a wrong signature, goals met
        first by them, mutants noticed first by them."""
        ...

    def teach(self, example: Example) -> None:
        """What the judge made of an answer, for learning."""
        ...


class Line(Protocol):
    """A way to the models of a run; can be sent to another process."""

    def connect(self) -> Models:
        """The models, from here."""
        ...
