"""After a TypeError: arguments added, left out, or of the type that its text asks for."""

import re
from collections.abc import Iterator
from dataclasses import replace

from qeforge.domain.facts import TypeRef
from qeforge.engine.plan import Plan
from qeforge.engine.repairs.messages import type_ref, wanted_types
from qeforge.engine.repairs.places import PER_REPAIR, Values, retyped_inside

_TYPES_IN_TEXT = re.compile(r"'([\w.]+)'")


def type_error(plan: Plan, message: str, values: Values) -> Iterator[Plan]:
    """Plans that may get past it."""
    for name in re.findall(r"'(\w+)'", message) if "missing" in message and "argument" in message else ():
        for value in values(name, TypeRef("Any"))[:PER_REPAIR]:
            yield plan.with_argument(name, value)
        return
    if unexpected := re.search(r"unexpected keyword argument '(\w+)'", message):
        yield replace(
            plan, arguments=tuple(a for a in plan.arguments if a.name != unexpected[1]), generation=plan.generation + 1
        )
        return
    wanted = wanted_types(message)
    if not wanted:
        return
    culprits = [name for name in _TYPES_IN_TEXT.findall(message) if name not in wanted]
    said = re.search(r"not '?(\w+)'?$", message.strip().rstrip("."))
    if said:
        culprits.append(said[1])
    for kind in wanted:
        yield from _retyped(plan, culprits, kind, values)


def _retyped(plan: Plan, culprits: list[str], kind: str, values: Values) -> Iterator[Plan]:
    """The plan with an argument of a culprit type replaced by one of the wanted type."""
    names = set(culprits)
    for argument in plan.arguments:
        if names and argument.value.type_name not in names:
            continue
        for value in values(argument.name, type_ref(kind))[:PER_REPAIR]:
            yield plan.with_argument(argument.name, value)
    if plan.then:
        for index, argument in enumerate(plan.then):
            if not names or argument.value.type_name in names:
                for value in values(argument.name, type_ref(kind))[:PER_REPAIR]:
                    then = (*plan.then[:index], replace(argument, value=value), *plan.then[index + 1 :])
                    yield replace(plan, then=then, generation=plan.generation + 1)
    yield from retyped_inside(plan, names, type_ref(kind), values)
