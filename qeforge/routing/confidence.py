"""How probable it is that a local model meets a goal of a target: a logistic model over the features, fitted to
recorded runs by `benchmarks/router.py`, whose figures stand in `confidence.toml`."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from qeforge.domain.routing import Features

PRIOR = 4.0
"""Own outcomes of a target's module weigh as much as the model once there are so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistic:
    """Weights by the name of a term (see `terms`), and the intercept."""

    intercept: float
    weights: Mapping[str, float]

    def probability(self, features: Features) -> float:
        """In (0, 1)."""
        found = terms(features)
        total = self.intercept + sum(weight * found[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def terms(features: Features) -> dict[str, float]:
    """What the model is linear in: counts by their logarithm, because the tenth line tells less than the first."""
    return {
        "lines": math.log1p(features.lines),
        "cyclomatic": math.log1p(features.cyclomatic),
        "cognitive": math.log1p(features.cognitive),
        "imports": math.log1p(features.imports),
        "effects": math.log1p(features.effects),
        "typed": features.typed,
        "open_goals": math.log1p(features.open_goals),
        "open_mutants": math.log1p(features.open_mutants),
        "reached": features.reached,
    }


@cache
def fitted() -> Logistic:
    """The model that qeforge comes with."""
    text = (resources.files("qeforge.routing") / "confidence.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    return Logistic(intercept=raw["intercept"], weights=raw["weights"])


def confidence(features: Features, model: Logistic) -> float:
    """The model's probability, drawn towards what earlier questions about the target came to."""
    prior = model.probability(features)
    return (prior * PRIOR + features.met) / (PRIOR + features.tried)
