"""Where the search for one target stands."""

import ast
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qeforge.analysis.evidence import Evidence
from qeforge.domain.facts import ParameterFact
from qeforge.domain.target import Flavour, Target
from qeforge.engine.plan import Drive, Plan
from qeforge.engine.value import Value

_ENDING = (
    "accumulate", "batched", "chain", "combinations", "combinations_with_replacement", "compress", "dropwhile",
    "filterfalse", "islice", "pairwise", "permutations", "product", "starmap", "takewhile", "zip_longest",
)  # fmt: skip
"""Iterators of itertools that come to an end if what they iterate over does."""

DRIVES = {
    "generator": Drive.LIST,
    "map": Drive.LIST,
    "filter": Drive.LIST,
    "zip": Drive.LIST,
    "enumerate": Drive.LIST,
    "reversed": Drive.LIST,
    **dict.fromkeys(
        (f"{kind}_iterator" for kind in ("list", "tuple", "set", "range", "bytes", "str", "str_ascii")), Drive.LIST
    ),
    **dict.fromkeys((f"dict_{part}iterator" for part in ("key", "value", "item", "reversekey")), Drive.LIST),
    "list_reverseiterator": Drive.LIST,
    **dict.fromkeys((f"itertools.{name}" for name in _ENDING), Drive.LIST),
    **dict.fromkeys((f"itertools.{name}" for name in ("count", "cycle", "repeat")), Drive.SLICE),
    "coroutine": Drive.RUN,
    "async_generator": Drive.COLLECT,
    "contextlib._GeneratorContextManager": Drive.ENTER,
    "contextlib._AsyncGeneratorContextManager": Drive.ENTER_ASYNC,
}
FLAVOURS = {
    Flavour.PLAIN: Drive.CALL,
    Flavour.GENERATOR: Drive.LIST,
    Flavour.COROUTINE: Drive.RUN,
    Flavour.ASYNC_GENERATOR: Drive.COLLECT,
    Flavour.CONTEXT_MANAGER: Drive.ENTER,
    Flavour.ASYNC_CONTEXT_MANAGER: Drive.ENTER_ASYNC,
}


@dataclass(slots=True)
class State:
    """Where the search for one target stands."""

    target: Target
    parameters: tuple[ParameterFact, ...]
    evidence: Mapping[str, Evidence]
    pools: dict[str, list[Value]]
    texts: tuple[str, ...]
    queue: deque[Plan] = field(default_factory=deque)
    good: list[Plan] = field(default_factory=list)
    offered: int = 0
    gains: int = 0
    seeded: bool = False
    worked: bool = False
    timeouts: int = 0
    endless: bool = False
    lines: frozenset[int] = frozenset()


def texts_of(sources: Sequence[str]) -> tuple[str, ...]:
    """The texts among the sources of literals that are worth trying."""
    return tuple(text for text in map(unquoted, sources) if 0 < len(text) <= 60)


def unquoted(source: str) -> str:
    """The text of a string literal's source; empty for anything else."""
    try:
        value = ast.literal_eval(source)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""
