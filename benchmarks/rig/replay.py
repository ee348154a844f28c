"""What other routes would have cost, played over recorded answers.

Of each target the first answer of a local model counts, and the first of a cloud model. Where no cloud model was asked
about a target, its answer is assumed: the same tokens at the cloud's price, and every open goal met. How many goals a
cloud model would really have met is not known then, so routes are compared by the targets of which any goal was met.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

from qeforge.domain.ledger import Call
from qeforge.domain.provider import Usage
from qeforge.domain.routing import Engine, Features

Price = Callable[[Usage], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an answer took and brought."""

    goals: int
    usd: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A target with what each model makes of it; `assumed` when the cloud's part was never measured."""

    module: str
    features: Features
    local: Reply
    cloud: Reply
    assumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a way of routing comes to: targets of which a goal was met, goals, USD, seconds."""

    targets: float = 0.0
    goals: float = 0.0
    usd: float = 0.0
    seconds: float = 0.0

    def plus(self, other: "Tally", share: float = 1.0) -> "Tally":
        """Both, `share` of the other."""
        return Tally(
            targets=self.targets + share * other.targets,
            goals=self.goals + share * other.goals,
            usd=self.usd + share * other.usd,
            seconds=self.seconds + share * other.seconds,
        )


def features_in(text: str) -> Features | None:
    """The features that a call was decided on; None when there are none, or not those of today."""
    try:
        found = json.loads(text)
        return Features(**{field.name: found[field.name] for field in fields(Features)})
    except (ValueError, KeyError, TypeError):
        return None


def place_of(call: Call) -> str:
    """The module that a call is about; projects may have modules of one name."""
    return f"{call.project}/{call.module}"


def answers(calls: Iterable[Call], engine: Engine) -> list[tuple[Call, Features]]:
    """Answers of an engine, with what they were decided on."""
    found = ((call, features_in(call.features)) for call in calls)
    return [
        (call, features)
        for call, features in found
        if features is not None and call.engine is engine and call.outcome == "answered"
    ]


def recorded(calls: Sequence[Call], price: Price, *, seconds: float) -> list[Recorded]:
    """Targets that a local model was asked about.

    Args:
        calls: oldest first.
        price: of a usage in the cloud.
        seconds: that an assumed answer takes.

    Raises:
        ValueError: no price is known.
    """
    locals_, clouds = (_first(answers(calls, engine)) for engine in (Engine.LOCAL, Engine.CLOUD))
    found = []
    for key, (call, features) in locals_.items():
        measured = clouds.get(key)
        asked = measured[0] if measured else call
        usd = asked.usd if measured and asked.usd is not None else price(asked.usage)
        if usd is None:
            raise ValueError("no price is known of that cloud model")
        cloud = Reply(goals=asked.goals, usd=usd, seconds=asked.seconds)
        assumed = Reply(goals=max(1, features.open_goals), usd=usd, seconds=seconds)
        local = Reply(goals=call.goals, usd=call.usd or 0.0, seconds=call.seconds)
        found.append(
            Recorded(
                module=place_of(call),
                features=features,
                local=local,
                cloud=cloud if measured else assumed,
                assumed=not measured,
            )
        )
    return found


def always(engine: Engine, targets: Iterable[Recorded]) -> Tally:
    """One model for everything."""
    total = Tally()
    for one in targets:
        total = total.plus(_alone(one.local if engine is Engine.LOCAL else one.cloud))
    return total


def routed(targets: Sequence[Recorded], confidences: Sequence[float], gate: float) -> Tally:
    """The local model where confidence reaches the gate, and the cloud for the rest and for what that left unmet."""
    total = Tally()
    for one, confidence in zip(targets, confidences, strict=True):
        total = total.plus(_both(one) if confidence >= gate else _alone(one.cloud))
    return total


def by_chance(targets: Iterable[Recorded], share: float) -> Tally:
    """As `routed`, for a share of targets that is drawn by lot: what is to be expected."""
    total = Tally()
    for one in targets:
        total = total.plus(_both(one), share).plus(_alone(one.cloud), 1 - share)
    return total


def _first(found: Iterable[tuple[Call, Features]]) -> dict[tuple[str, str], tuple[Call, Features]]:
    first: dict[tuple[str, str], tuple[Call, Features]] = {}
    for call, features in found:
        first.setdefault((call.project, call.target), (call, features))
    return first


def _alone(reply: Reply) -> Tally:
    return Tally(targets=float(reply.goals > 0), goals=reply.goals, usd=reply.usd, seconds=reply.seconds)


def _both(one: Recorded) -> Tally:
    first = _alone(one.local)
    if one.local.goals:
        return first
    return first.plus(_alone(one.cloud))
