"""The smallest object that the code accepts in the place of a collaborator of unknown type.

A `SimpleNamespace` with the attributes that are read; a method as a lambda that gives what the code makes use of; a
mock only where an object must also be entered, iterated or called.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from qeforge.analysis.evidence import Evidence
from qeforge.engine.shapes import pick
from qeforge.engine.value import Value, call, combine, literal, merged, unique

Fitting = Callable[[str, Evidence], list[Value]]
"""Values for something of a name with evidence, the likeliest first."""

_ROWS = 4
_MOST_ATTRIBUTES = 12
_NAMESPACE = "from types import SimpleNamespace"
_STATUS = ("status_code", "status", "code")
_QUESTIONS = ("is_", "has_", "can_", "should_", "isatty", "exists")


def stand_ins(evidence: Evidence, fitting: Fitting) -> list[Value]:
    """Objects with the attributes that the code uses, each with other values than the one before.

    Args:
        evidence: what the code does to it.
        fitting: makes values for an attribute or for what a method gives.
    """
    columns = [
        (name, attribute(name, inner, fitting))
        for name, inner in islice(evidence.attributes.items(), _MOST_ATTRIBUTES)
        if not name.startswith("__")
    ]
    if not columns:
        return []
    magic = evidence.entered or evidence.iterated or evidence.indexed or evidence.called or bool(evidence.keys)
    kind = "MagicMock" if magic else "SimpleNamespace"
    line = "from unittest.mock import MagicMock" if magic else _NAMESPACE
    rows = min(_ROWS, max(len(values) for _, values in columns))
    return unique(
        call(kind, [(name, pick(values, row)) for name, values in columns], type_name=kind, imports=(line,))
        for row in range(rows)
    )


def attribute(name: str, evidence: Evidence, fitting: Fitting) -> list[Value]:
    """What an attribute may be, a method included."""
    if evidence.called:
        return method(name, evidence, fitting)
    if name.startswith(_QUESTIONS) or (evidence.truth_tested and not evidence.attributes and not evidence.types):
        return [literal("True"), literal("False")]
    values = plain(fitting(name, evidence))
    if name in _STATUS and values and values[0].type_name == "int":
        stated = [literal(source) for source in evidence.equals[:2]]
        values = unique([literal("200"), *stated, *values[:1], literal("404"), *values[1:]])
    return values[:_ROWS] or [literal("1")]


def method(name: str, evidence: Evidence, fitting: Fitting) -> list[Value]:
    """Functions that give what the code makes use of."""
    given = evidence.result or Evidence()
    if given.awaited:
        return [
            replace(
                combine("AsyncMock(return_value={})", [value], type_name="AsyncMock"),
                imports=merged((value.imports, ("from unittest.mock import AsyncMock",))),
            )
            for value in results(name, given.result or Evidence(), fitting)
        ]
    values = results(name, given, fitting)
    arity = evidence.call_arity
    head = {None: "lambda *args, **kwargs: ", 0: "lambda: ", 1: "lambda value: "}.get(arity, "lambda *args: ")
    return [replace(value, source=head + value.source, type_name="function", shared=False) for value in values]


def results(name: str, given: Evidence, fitting: Fitting) -> list[Value]:
    """What a call may give; `None` where nobody looks."""
    if given.entered:
        return [
            replace(
                combine("nullcontext({})", [value], type_name="nullcontext"),
                imports=merged((value.imports, ("from contextlib import nullcontext",))),
            )
            for value in results(name, given.result or Evidence(), fitting)
        ]
    if name.startswith(_QUESTIONS) and not given.attributes:
        return [literal("True"), literal("False")]
    if given == Evidence():
        return [literal("None")]
    return plain(fitting(name, given))[:_ROWS] or [literal("None")]


def plain(values: Sequence[Value]) -> list[Value]:
    """Those that can stand inside a larger expression."""
    return [value for value in values if value.plain]
