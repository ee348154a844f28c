"""Who is asked about a target: the native engine has done what it can, and a model costs seconds or money."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from qeforge.domain.routing import Decision, Engine, Features
from qeforge.routing.confidence import Logistic, confidence

_HASTE = 0.25
"""Share of the usual time of an answer that has to be left where somebody asked for the model by name: half an answer
has candidates, too."""

LEAST = 0.1
"""Confidence below which a local model is not worth its seconds, where nobody asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one answer is expected to take: seconds, and USD (None where no price is known)."""

    seconds: float
    usd: float | None = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Implements `Router`.

    Args:
        engine: the engine that the user named; None to choose.
        models: those that are set up, with what an answer of each takes.
        model: of the confidence in the local one.
        gate: confidence in [0, 1] from which the local model is asked where the cloud could be, too.
        local_share: share in [0, 1] of targets that go to the local model instead, whatever the gate says.
    """

    engine: Engine | None
    models: Mapping[Engine, Cost]
    model: Logistic
    gate: float
    local_share: float | None = None

    def decide(self, features: Features) -> Decision:
        """Where a target goes next."""
        likely = confidence(features, self.model)
        engine, reason = self._choice(features, likely)
        cost = self.models.get(engine, Cost(seconds=0.0))
        needed = cost.seconds * (1.0 if self.engine is None else _HASTE)
        if engine is not Engine.NATIVE and features.seconds < needed:
            left = f"an answer takes about {cost.seconds:.0f} s, {max(0.0, features.seconds):.0f} s are left"
            engine, reason, cost = Engine.NATIVE, left, Cost(seconds=0.0)
        return Decision(
            target=features.target,
            engine=engine,
            reason=reason,
            confidence=likely,
            seconds=cost.seconds,
            usd=cost.usd,
        )

    def _choice(self, features: Features, likely: float) -> tuple[Engine, str]:
        if not features.open_goals and not features.open_mutants:
            return Engine.NATIVE, "nothing is open"
        if self.engine is Engine.NATIVE:
            return Engine.NATIVE, "asked for"
        if self.engine is not None:
            there = self.engine in self.models
            return (self.engine, "asked for") if there else (Engine.NATIVE, f"no {self.engine} model is set up")
        if not self.models:
            return Engine.NATIVE, "no model is set up"
        if Engine.CLOUD not in self.models:
            if likely < LEAST:
                return Engine.NATIVE, f"confidence in the local model {likely:.2f}, not worth its seconds"
            return Engine.LOCAL, f"open, and confidence in the local model is {likely:.2f}"
        if Engine.LOCAL not in self.models:
            return Engine.CLOUD, "open, and no local model is set up"
        if self.local_share is not None:
            mine = share_of(features.target) < self.local_share
            return (Engine.LOCAL if mine else Engine.CLOUD), f"local share {self.local_share:g}"
        if likely >= self.gate:
            return Engine.LOCAL, f"confidence in the local model {likely:.2f} reaches the gate {self.gate:g}"
        return Engine.CLOUD, f"confidence in the local model {likely:.2f} is below the gate {self.gate:g}"


def share_of(target: str) -> float:
    """Where a target stands in [0, 1): by its name alone, so that it stays on its side when a share grows."""
    return int.from_bytes(hashlib.sha256(target.encode()).digest()[:8], "big") / 2**64
