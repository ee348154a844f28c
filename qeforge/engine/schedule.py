"""Whose turn it is: every target is entered before any is dwelt on, and those that still gain come round sooner."""

from collections.abc import Iterable, Iterator, Set

from qeforge.domain.target import Kind
from qeforge.engine.state import State

AT_ONCE = 3
"""Plans of one target in a row."""

_FIRST = 12
"""Plans that every target gets, whether or not anything in it is open."""

_CREDIT = 12
"""Plans that one gain is worth."""

VARIED = 0.25
"""The part of a batch that goes to variations once every target has had its first plans."""


def turns(states: Iterable[State], open_lines: Set[int]) -> Iterator[State]:
    """States with plans in their queues, or not seeded yet, each as often as `AT_ONCE` plans fit into its share; the
    caller seeds, and takes plans off the queues. Ends when nothing that matters is queued."""
    live = [state for state in states if _matters(state, open_lines)]
    while live:
        state = min(live, key=_standing)
        yield state
        live = [state for state in live if _matters(state, open_lines)]


def beginners(states: Iterable[State]) -> bool:
    """Whether a target still waits for its first plans."""
    return any((state.queue or not state.seeded) and state.offered < _FIRST for state in states)


def _matters(state: State, open_lines: Set[int]) -> bool:
    waiting = bool(state.queue) or not state.seeded
    return waiting and (state.offered < _FIRST or not state.lines.isdisjoint(open_lines))


def _standing(state: State) -> tuple[int, bool]:
    """Smaller comes first: plans that it has had, less what it has made of them; constructors before what needs their
    objects."""
    spent = state.offered if state.offered < _FIRST else max(_FIRST, state.offered - _CREDIT * state.gains)
    return spent // AT_ONCE, state.target.kind is not Kind.CONSTRUCTOR
