"""Which parts of an observation are facts about the code, and which are facts about the day and the machine."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Facet, Observation, Outcome
from qeforge.oracle.volatile import is_volatile
from qeforge.oracle.wording import lasts


def stable_facets(
    first: Observation,
    others: Sequence[Observation],
    *,
    candidate: Candidate | None = None,
    now: datetime.datetime | None = None,
) -> tuple[Facet, ...]:
    """The facets with something in them that are equal in every observation and will be tomorrow and elsewhere.

    What another version of Python words otherwise is not among them; only of an exception can its lasting part still
    be expected. `OUTCOME` is among them when all ended alike; nothing is when they did not, or the run told nothing.

    Args:
        first: the observation that assertions come from.
        others: observations of the same candidate in other processes.
        candidate: what was run; values that stand in its own code are its own, however they look.
        now: see `volatile_span`.
    """
    if first.outcome not in (Outcome.RETURNED, Outcome.RAISED) or any(o.outcome is not first.outcome for o in others):
        return ()
    known = candidate.key if candidate else ""
    found = [Facet.OUTCOME]
    wavering = {facet for seen in (first, *others) for facet in seen.unstable}
    for facet in Facet:
        content = facet_content(first, facet)
        if facet is Facet.OUTCOME or facet in wavering or not content:
            continue
        if any(facet_content(other, facet) != content for other in others):
            continue
        if any(is_volatile(text, known=known, now=now) for text in texts_in(content)):
            continue
        if facet is Facet.EXCEPTION or all(lasts(text, known) for text in texts_in(content)):
            found.append(facet)
    return tuple(found)


def facet_content(observation: Observation, facet: Facet) -> object:
    """What an observation holds of a facet, comparable; something false when there is nothing."""
    match facet:
        case Facet.OUTCOME:
            return observation.outcome
        case Facet.RESULT:
            return observation.result
        case Facet.EXCEPTION:
            raised = observation.raised
            return (raised.type_name, raised.message) if raised else None
        case Facet.STDOUT:
            return observation.stdout
        case Facet.STDERR:
            return observation.stderr
        case Facet.LOGS:
            return observation.logs
        case Facet.WARNINGS:
            return observation.warnings
        case Facet.CHANGES:
            return observation.changes
        case Facet.FILES:
            return observation.files


def texts_in(content: object) -> Iterator[str]:
    """Every text in a facet's content, however deep."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, tuple):
        for item in content:
            yield from texts_in(item)
    elif is_dataclass(content) and not isinstance(content, type):
        for one in fields(content):
            yield from texts_in(getattr(content, one.name))
