"""Receivers that hold something: attributes for methods that go over the attributes of their object, members for those
that look for an argument in its containers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qeforge.analysis.membership import memberships
from qeforge.analysis.reflection import attribute_kinds
from qeforge.analysis.symbols import Symbols
from qeforge.domain.facts import TypeRef
from qeforge.domain.target import Target
from qeforge.engine.build import Builder
from qeforge.engine.plan import Plan
from qeforge.engine.value import Value, merged

_PER_KIND = 2
_FILLED = {"set": "{}.add({})", "list": "{}.append({})", "dict": "{}[{}] = 1"}


def dressed(symbols: Symbols, target: Target, receiver: Value, builder: Builder) -> list[Value]:
    """The receiver with an attribute of each type that the method looks for, set as soon as it is made.

    Args:
        receiver: an instance of the method's class.
        builder: makes the attributes' values.
    """
    found = []
    for kind in attribute_kinds(symbols, target):
        name = "handler" if kind == "callable" else f"some_{kind.rpartition('.')[2].lower()}"
        values = [value for value in builder.values(TypeRef(kind), name) if value.plain and not value.fixtures]
        for value in values[:_PER_KIND]:
            found.append(_set_up(receiver, f"{name} = {value.source}", value))
    return found


def holding(symbols: Symbols, plan: Plan, pools: Mapping[str, Sequence[Value]]) -> list[Plan]:
    """The plan on a receiver whose own containers already hold the argument that the method looks for in them.

    Args:
        pools: likely values of each parameter, for an argument that cannot be written twice.
    """
    found = []
    for asked in memberships(symbols, plan.target):
        held = [argument.value for argument in plan.arguments if argument.name == asked.parameter]
        usable = [v for v in (*held, *pools.get(asked.parameter, ())) if not v.lifted and not v.fixtures]
        if plan.receiver is None or not held or not usable:
            continue
        value = usable[0]
        member = f"{value.source}.{asked.path}" if asked.path else value.source
        receiver = _set_up(plan.receiver, _FILLED[asked.container].format(asked.attribute, member), value)
        found.append(replace(plan.with_argument(asked.parameter, value), receiver=receiver))
    return found


def _set_up(receiver: Value, statement: str, value: Value) -> Value:
    """The receiver with one more statement after it is made: `statement` is of its attributes, with `value` in it."""
    line = statement.replace("{", "{{").replace("}", "}}")
    return replace(
        receiver,
        setup=(*receiver.setup, f"{{name}}.{line}"),
        imports=merged((receiver.imports, value.imports)),
        before=merged((receiver.before, value.before)),
        shared=True,
    )
