"""After a TypeError about the call itself: arguments added, or left out."""

import re
from collections.abc import Iterator
from dataclasses import replace

from qeforge.domain.facts import TypeRef
from qeforge.engine.plan import Plan
from qeforge.engine.repairs.places import PER_REPAIR, Values


def signature_error(plan: Plan, message: str, values: Values) -> Iterator[Plan]:
    """Plans that may get past it."""
    if "missing" in message and "argument" in message:
        for name in re.findall(r"'(\w+)'", message):
            for value in values(name, TypeRef("Any"))[:PER_REPAIR]:
                yield plan.with_argument(name, value)
    elif unexpected := re.search(r"unexpected keyword argument '(\w+)'", message):
        yield replace(
            plan, arguments=tuple(a for a in plan.arguments if a.name != unexpected[1]), generation=plan.generation + 1
        )
