"""Reads the text of an exception and mends the arguments that it may be about, where no frame is needed for that.

Types, keys and items are mended where the failing value came from (`traced`); files are made by `engine/worlds.py`.
"""

import random
from collections.abc import Iterator

from qeforge.domain.observation import Raised
from qeforge.engine.plan import Plan
from qeforge.engine.repairs.attributes import attribute_error
from qeforge.engine.repairs.places import Values
from qeforge.engine.repairs.signatures import signature_error
from qeforge.engine.repairs.values import hinted, value_error

_TRACED_ONLY = ("KeyError", "IndexError", "AssertionError")


def repairs(plan: Plan, raised: Raised, values: Values, rng: random.Random) -> Iterator[Plan]:
    """Plans that may get past this exception, the likeliest first; none when its text says nothing."""
    message = raised.message
    match raised.type_name.rpartition(".")[2]:
        case "TypeError":
            yield from signature_error(plan, message, values)
        case "AttributeError":
            yield from attribute_error(plan, message, values)
        case "ValueError" | "UnicodeDecodeError" | "UnicodeEncodeError" | "JSONDecodeError" | "InvalidOperation":
            yield from value_error(plan, message, raised.type_name, rng)
        case name if name not in _TRACED_ONLY:
            yield from hinted(plan, message)
