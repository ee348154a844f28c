"""Mends plans after exceptions, as often as it pays."""

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from qeforge.analysis.evidence import Evidence
from qeforge.domain.facts import TypeRef
from qeforge.domain.observation import Raised
from qeforge.domain.target import SourceModule
from qeforge.engine.build import Builder
from qeforge.engine.plan import Plan
from qeforge.engine.repairs.stated import repairs
from qeforge.engine.repairs.traced import Tracer
from qeforge.engine.state import State
from qeforge.engine.value import Value

_LEFT_ALONE = ("FileNotFoundError", "NotADirectoryError", "IsADirectoryError", "NotImplementedError")
"""What no other value mends: it takes a file, or a subclass."""

_TRACED = 5
_STATED = 5
_PATIENCE = 6
"""Failures in one place for one reason that are mended in full; afterwards only a few each."""

_FEW = 2


class Mender:
    """Knows what was tried after which exception in one module.

    Args:
        module: what is under test.
        builder: makes values.
        evidence: target id → parameter → what the code does to it.
        rng: decides among equals.
    """

    def __init__(
        self,
        module: SourceModule,
        builder: Builder,
        evidence: Mapping[str, Mapping[str, Evidence]],
        rng: random.Random,
    ) -> None:
        self._builder = builder
        self._tracer = Tracer(module, builder, evidence)
        self._rng = rng
        self._failures: Counter[tuple[str, int, str]] = Counter()

    def mended(self, state: State, plan: Plan, raised: Raised, *, gained: bool) -> list[Plan]:
        """Plans that may get past an exception, the likeliest first; fewer where many have failed before.

        Args:
            gained: whether the plan reached something new all the same.
        """
        if raised.type_name in _LEFT_ALONE:
            return []
        own = [frame.line for frame in raised.frames if frame.own]
        place = (plan.target.id, own[-1] if own else 0, raised.type_name)
        self._failures[place] += 1
        tired = self._failures[place] > _PATIENCE and not gained

        def values(name: str, type: TypeRef) -> list[Value]:
            return self._builder.values(type, name, state.evidence.get(name), context=state.target.name)

        traced = islice(self._tracer.mended(plan, raised), _FEW if tired else _TRACED)
        stated = islice(repairs(plan, raised, values, self._rng), _FEW if tired else _STATED)
        return list(_aged(plan, (*traced, *stated)))


def incomplete(type_name: str, raised: Raised) -> bool:
    """Whether an object of a class lacks what its own class asks for: a base that leaves it to its subclasses."""
    return (
        raised.type_name == "AttributeError"
        and re.match(rf"'(?:\w+\.)*{re.escape(type_name)}' object has no attribute", raised.message) is not None
        and bool(raised.frames)
        and raised.frames[-1].own
    )


def _aged(plan: Plan, changed: tuple[Plan, ...]) -> Iterator[Plan]:
    for new in changed:
        yield replace(new, generation=max(new.generation, plan.generation + 1))
