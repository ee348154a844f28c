"""Logistic regression in a few lines, and how far its probabilities can be believed.

Newton's method on standardised terms with a quadratic (L2) penalty on the weights, not on the intercept: Hastie,
Tibshirani, Friedman, "The Elements of Statistical Learning", 4.4. Expected calibration error: Naeini, Cooper,
Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", 2015.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qeforge.domain.routing import Features
from qeforge.routing.confidence import Logistic, terms

PENALTY = 1.0
"""Of the squared weights of standardised terms, against the log-likelihood of all examples."""
FOLDS, BINS = 10, 10
_STEPS, _STILL = 100, 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An answer of a local model: what was known before, whether it met a goal, and the module it was about."""

    features: Features
    met: bool
    module: str


def fit(examples: Sequence[Example], *, penalty: float = PENALTY) -> Logistic:
    """The weights, for terms as they are.

    Args:
        examples: at least one.
        penalty: positive.
    """
    found = [terms(one.features) for one in examples]
    labels = [1.0 if one.met else 0.0 for one in examples]
    if len(set(labels)) == 1:  # nothing tells them apart; Laplace's rule for the share
        share = (sum(labels) + 1) / (len(labels) + 2)
        return Logistic(intercept=math.log(share / (1 - share)), weights={})
    names = sorted(found[0])
    scale = {name: _scale([each[name] for each in found]) for name in names}
    names = [name for name in names if scale[name][1] > 0]
    rows = [[1.0, *((each[name] - scale[name][0]) / scale[name][1] for name in names)] for each in found]
    solved = _newton(rows, labels, penalty)
    weights = {name: value / scale[name][1] for name, value in zip(names, solved[1:], strict=True)}
    return Logistic(intercept=solved[0] - sum(weights[name] * scale[name][0] for name in names), weights=weights)


def held_out(examples: Sequence[Example], *, penalty: float = PENALTY) -> Mapping[str, Logistic]:
    """For each module a model that has seen no example of it.

    Raises:
        ValueError: there are fewer than two modules.
    """
    fold = folds([one.module for one in examples])
    models = {
        number: fit([one for one in examples if fold[one.module] != number], penalty=penalty)
        for number in set(fold.values())
    }
    return {name: models[number] for name, number in fold.items()}


def folds(modules: Sequence[str]) -> Mapping[str, int]:
    """A fold for each module, so that folds have about as many examples each.

    Raises:
        ValueError: there are fewer than two modules.
    """
    sizes = {name: modules.count(name) for name in set(modules)}
    if len(sizes) < 2:
        raise ValueError("cross-validation by module needs two modules at least")
    held = [0] * min(FOLDS, len(sizes))
    chosen = {}
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        number = held.index(min(held))
        chosen[name] = number
        held[number] += sizes[name]
    return chosen


def calibration_error(probabilities: Sequence[float], met: Sequence[bool]) -> float:
    """How far probability and frequency are apart, over equal bins, weighted by what is in them; in [0, 1]."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for probability, one in zip(probabilities, met, strict=True):
        bins.setdefault(min(BINS - 1, int(probability * BINS)), []).append((probability, one))
    gaps = (abs(sum(each for each, _ in one) - sum(hit for _, hit in one)) for one in bins.values())
    return sum(gaps) / len(probabilities)


def brier(probabilities: Sequence[float], met: Sequence[bool]) -> float:
    """Mean squared distance between probability and what happened; in [0, 1]."""
    pairs = zip(probabilities, met, strict=True)
    return sum((probability - one) ** 2 for probability, one in pairs) / len(probabilities)


def _scale(values: Sequence[float]) -> tuple[float, float]:
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _newton(rows: Sequence[Sequence[float]], labels: Sequence[float], penalty: float) -> list[float]:
    width = len(rows[0])
    weights, loss = [0.0] * width, math.inf
    for _ in range(_STEPS):
        chances = [_sigmoid(_dot(weights, row)) for row in rows]
        pull = [0.0, *(penalty * weight for weight in weights[1:])]
        slope = [
            sum((chance - label) * row[j] for chance, label, row in zip(chances, labels, rows, strict=True)) + pull[j]
            for j in range(width)
        ]
        curve = [[0.0] * width for _ in range(width)]
        for chance, row in zip(chances, rows, strict=True):
            spread = chance * (1 - chance)
            for i in range(width):
                for j in range(width):
                    curve[i][j] += spread * row[i] * row[j]
        for j in range(1, width):
            curve[j][j] += penalty
        curve[0][0] += 1e-12
        step = _solved(curve, slope)
        size = 1.0
        while size > 1e-6:  # shorter steps where a whole one overshoots
            tried = [weight - size * each for weight, each in zip(weights, step, strict=True)]
            now = _loss(tried, rows, labels, penalty)
            if now <= loss:
                break
            size /= 2
        moved = max(abs(size * each) for each in step)
        weights, loss = tried, now
        if moved < _STILL:
            break
    return weights


def _loss(weights: Sequence[float], rows: Sequence[Sequence[float]], labels: Sequence[float], penalty: float) -> float:
    total = penalty / 2 * sum(weight * weight for weight in weights[1:])
    for row, label in zip(rows, labels, strict=True):
        score = _dot(weights, row)
        total += max(score, 0.0) + math.log1p(math.exp(-abs(score))) - label * score
    return total


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _sigmoid(score: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def _solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Gaussian elimination with pivots; the matrix is positive definite."""
    size = len(right)
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda line: abs(rows[line][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for line in range(column + 1, size):
            factor = rows[line][column] / rows[column][column]
            rows[line] = [a - factor * b for a, b in zip(rows[line], rows[column], strict=True)]
    solved = [0.0] * size
    for line in reversed(range(size)):
        known = sum(rows[line][j] * solved[j] for j in range(line + 1, size))
        solved[line] = (rows[line][size] - known) / rows[line][line]
    return solved
