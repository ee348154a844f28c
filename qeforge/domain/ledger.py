"""The account of what models were asked, what that took, and what it brought."""

from dataclasses import dataclass
from typing import Protocol

from qeforge.domain.provider import Usage
from qeforge.domain.routing import Engine

BATCH = " batch"
"""How the name of a provider ends that was asked in a batch: its seconds are no measure of an answer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One question to a model.

    Args:
        at: seconds since 1970, UTC, when it was asked.
        project, module, target: what it was about.
        engine, provider, model: who was asked.
        usage: tokens.
        seconds: wall time.
        usd: price at that date; None where no price of the model is known; 0 for a local model.
        outcome: `answered`, or the slug of the error.
        features, confidence: what asking was decided on, as JSON, and what was expected of it; may be empty and None.
        candidates, valid, goals, mutants: what came of it (see `Models.gained`).
    """

    at: float
    project: str
    module: str
    target: str
    engine: Engine
    provider: str
    model: str
    usage: Usage
    seconds: float
    usd: float | None
    outcome: str = "answered"
    features: str = ""
    confidence: float | None = None
    candidates: int = 0
    valid: int = 0
    goals: int = 0
    mutants: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Calls that have something in common, added up. `usd` counts what is known; `unpriced` calls have no price.
    `cloud_usd` is what the same tokens would have cost in the cloud, None where no price is known for that."""

    key: str
    calls: int
    answered: int
    input: int
    output: int
    cached: int
    seconds: float
    usd: float
    unpriced: int
    local: int
    cloud_usd: float | None
    candidates: int
    valid: int
    goals: int
    mutants: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What models took and brought over a time.

    Args:
        by: what the calls of one sum have in common: `day` (UTC), `model` or `project`.
        sums: in the order of their keys; empty when nobody was asked.
        total: of all of them; None when nobody was asked.
        cloud_model: whose price `cloud_usd` is.
        hypothetical: no cloud model was ever asked, in this or any other time: what it would have cost is a guess.
        unpriced: models of these calls whose price nobody knows.
        prices: year and month of the price list.
        empty: the ledger holds no call at all.
    """

    by: str
    sums: tuple[Sum, ...]
    total: Sum | None
    cloud_model: str
    hypothetical: bool
    unpriced: tuple[str, ...]
    prices: str
    empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Questions to a local model about one target in earlier runs: how many it answered, and after how many of the
    answers a goal was met that was open before."""

    tried: int
    met: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Typical:
    """Medians over the latest answers of an engine: seconds of wall time, tokens out."""

    seconds: float
    output: int


class Ledger(Protocol):
    """Keeps calls; safe for several processes at once. Trouble with it costs the account, never the run: its methods
    raise nothing but on misuse, and say once what went wrong through `problem`."""

    @property
    def problem(self) -> str:
        """What could not be written, in one line; empty while all is well."""
        ...

    def record(self, call: Call) -> int:
        """Adds a call; its number, 0 when it could not be kept."""
        ...

    def gained(self, number: int, *, candidates: int, valid: int, goals: int, mutants: int) -> None:
        """What came of a call."""
        ...
