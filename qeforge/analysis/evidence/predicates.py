"""What comparing a value with a known one says about it."""

import ast

from qeforge.analysis.evidence.annotations import type_of_value
from qeforge.analysis.evidence.knowledge import BOOL, DICT, FLOAT, INT, LIST, PATH, STR
from qeforge.analysis.evidence.model import Strength, Trace
from qeforge.analysis.evidence.refs import Ref, Refs, View
from qeforge.analysis.static import literal_source

_PARTS = {View.HEAD: "prefixes", View.TAIL: "suffixes", View.PART: "contains", View.PARTS: "contains"}
_MOST_MEMBERS = 64
_EVERYWHERE = ("'__class__'", "'__doc__'")
"""Attributes that everything has: one that can be called, and one that often is None."""


def equal(refs: Refs, value: object) -> None:
    """Each is compared with `value` by `==`, `!=`, `is`, or is looked up among such values."""
    for ref in refs:
        _equal(ref, value)


def _equal(ref: Ref, value: object) -> None:
    trace = ref.trace
    match ref.view:
        case View.SELF | View.TEXT:
            if value is None:
                trace.flag("optional")
                return
            trace.add("equals", literal_source(value))
            trace.vote(Strength.COMPARED, BOOL if isinstance(value, bool) else type_of_value(value))
        case View.INT | View.FLOAT:
            if isinstance(value, int | float) and not isinstance(value, bool):
                trace.add("equals", repr(str(value)), literal_source(value))
        case View.LENGTH:
            if isinstance(value, int):
                trace.lengths[value] = None
        case View.HEAD | View.TAIL | View.PART:
            if isinstance(value, str | bytes) and value:
                trace.add(_PARTS[ref.view], literal_source(value))
        case View.PATH:
            if isinstance(value, str):
                trace.add("equals", literal_source(value))
        case _:
            pass


def attribute_name(refs: Refs) -> None:
    """Each names an attribute that is looked up by its name."""
    for ref in refs:
        if ref.view in (View.SELF, View.TEXT):
            ref.trace.vote(Strength.USED, STR)
            ref.trace.add("equals", *_EVERYWHERE)


def ordered(refs: Refs, value: object) -> None:
    """Each is compared with `value` by `<` or the like: a boundary."""
    for ref in refs:
        number = isinstance(value, int | float)
        if number and ref.view in (View.SELF, View.TEXT):
            ref.trace.flag("numeric")
            ref.trace.vote(Strength.USED, INT if isinstance(value, int) else FLOAT)
        _equal(ref, value)


def among(refs: Refs, values: object) -> None:
    """Each is asked to be in a constant collection (a mapping's keys)."""
    for ref in refs:
        if isinstance(values, str | bytes):
            _equal(ref, values)
            if isinstance(values, str):
                for character in dict.fromkeys(values[:_MOST_MEMBERS]):
                    _equal(ref, character)
        elif isinstance(values, list | tuple | dict):
            for value in list(values)[:_MOST_MEMBERS]:
                _equal(ref, value)


def holds(refs: Refs, value: object) -> None:
    """`value` is asked to be in each."""
    source = literal_source(value)
    for ref in refs:
        match ref.view:
            case View.SELF:
                ref.trace.add("contains", source)
                ref.trace.vote(Strength.HINTED, *((STR, DICT, LIST) if isinstance(value, str) else (LIST, DICT)))
            case View.TEXT | View.HEAD | View.TAIL | View.PART | View.PARTS | View.PATH:
                ref.trace.add("contains", source)
            case View.KEYS:
                if isinstance(value, str):
                    ref.trace.key(value)
            case View.VALUES:
                ref.trace.each_value().add("equals", source)
            case _:
                pass


def starts(refs: Refs, values: object, kind: str) -> None:
    """Each is asked to start or end (`kind` is `prefixes` or `suffixes`) with a text or one of a tuple of them."""
    for value in values if isinstance(values, tuple | list) else [values]:
        if isinstance(value, str | bytes):
            for ref in refs:
                ref.trace.add(kind, literal_source(value))


def matched(refs: Refs, pattern: str | None) -> None:
    """A regex is matched against each."""
    for ref in refs:
        if ref.view in (View.SELF, View.TEXT, View.HEAD, View.TAIL, View.PART):
            ref.trace.vote(Strength.USED, STR)
            ref.trace.add("patterns", pattern)


def tested(refs: Refs) -> None:
    """Each decides by its truth."""
    for ref in refs:
        if ref.view in (View.SELF, View.TEXT):
            ref.trace.flag("truth_tested")


def operated(traces: list[Trace], operator: ast.operator, other: object, *, left: bool) -> None:
    """Each is an operand of an arithmetic operator.

    Args:
        traces: notebooks of the operand.
        operator: the operator's node.
        other: the other operand's value, `MISSING` when unknown.
        left: whether the operand stands on the left.
    """
    for trace in traces:
        if isinstance(other, str | bytes | list | tuple | dict) and isinstance(operator, ast.Add):
            trace.vote(
                Strength.USED, type_of_value(other) if isinstance(other, str | bytes) else type_of_value(type(other)())
            )
        elif isinstance(operator, ast.Div) and isinstance(other, str):
            trace.flag("path_like")
            trace.vote(Strength.USED, PATH)
        elif isinstance(operator, ast.Mod) and (isinstance(other, tuple | dict | str) or not left):
            if left:
                trace.vote(Strength.USED, STR)
            elif isinstance(other, int | float):
                _number(trace, other, Strength.USED)
        elif (isinstance(operator, ast.Mult) and isinstance(other, str | bytes | list | tuple)) or (
            isinstance(operator, ast.LShift | ast.RShift | ast.BitAnd | ast.BitXor) and isinstance(other, int)
        ):
            _number(trace, 0, Strength.USED)
        elif isinstance(other, bool | int | float):
            _number(trace, other, Strength.USED)
        elif isinstance(operator, ast.Sub | ast.Div | ast.FloorDiv | ast.Pow | ast.Mod) and not isinstance(other, str):
            _number(trace, 0, Strength.COMPARED)
        elif isinstance(operator, ast.Add | ast.Mult):
            trace.vote(Strength.HINTED, INT)


def _number(trace: Trace, other: object, strength: Strength) -> None:
    trace.flag("numeric")
    trace.vote(strength, FLOAT if isinstance(other, float) else INT)
