"""After an AttributeError: an object that has the attribute."""

import re
from collections.abc import Iterator
from dataclasses import replace

from qeforge.domain.facts import TypeRef
from qeforge.engine import basics
from qeforge.engine.plan import Plan
from qeforge.engine.repairs.places import PER_REPAIR, Values, retyped_inside
from qeforge.engine.value import Value, call


def attribute_error(plan: Plan, message: str, values: Values) -> Iterator[Plan]:
    """Plans that may get past it."""
    found = re.search(r"'([\w.]+)' object has no attribute '(\w+)'", message)
    if not found:
        return
    culprit, attribute = found[1].rpartition(".")[2], found[2]
    for index, value in enumerate(plan.values()):
        if value.type_name == culprit == "SimpleNamespace" and value.source.endswith(")"):
            more = f"{value.source[:-1]}{', ' if value.source[-2] != '(' else ''}{attribute}="
            for given, imports in (
                ("1", ()),
                ('"abc"', ()),
                ("MagicMock()", ("from unittest.mock import MagicMock",)),
            ):
                yield plan.with_value(
                    index, replace(value, source=f"{more}{given})", imports=(*value.imports, *imports))
                )
            return
    kind = basics.owner_of(frozenset({attribute}))
    wanted = [*values("value", TypeRef(kind))[:PER_REPAIR]] if kind else []
    wanted.append(
        call(
            "SimpleNamespace",
            [
                (
                    attribute,
                    Value(
                        source="MagicMock()", type_name="MagicMock", imports=("from unittest.mock import MagicMock",)
                    ),
                )
            ],
            type_name="SimpleNamespace",
            imports=("from types import SimpleNamespace",),
        )
    )
    for argument in plan.arguments:
        if argument.value.type_name in (culprit, "") or culprit == "NoneType":
            for value in wanted:
                yield plan.with_argument(argument.name, value)
    if kind:
        yield from retyped_inside(plan, {culprit}, TypeRef(kind), values)
