"""Trap: a generic function, where what it is called with decides which implementation runs."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import singledispatch
from types import SimpleNamespace
from typing import NamedTuple


def plain(value):
    return _plain(value)


@singledispatch
def _plain(value, inside=False):
    if not inside:
        raise TypeError(f"cannot make {value!r} plain")
    return value  # behind: content


@_plain.register(Mapping)
def _(value, inside=False):
    names = [name for name in value if isinstance(name, str)]
    if not isinstance(value, OrderedDict):
        names = sorted(names)  # behind: mapping
    return {name: _plain(value[name], inside=True) for name in names}


@_plain.register
def _(value: Sequence, inside=False):
    if isinstance(value, str):
        return value
    if hasattr(value, "_fields"):
        fields = value._fields
        if not fields:
            return {}  # behind: empty_record
        return {name: _plain(getattr(value, name), inside=True) for name in fields}  # behind: record
    return [_plain(item, inside=True) for item in value]  # behind: sequence


@_plain.register
def _(value: SimpleNamespace, inside=False):
    if inside:
        return {"inner": vars(value)}  # behind: namespace_inside
    return _plain(vars(value), inside=True)  # behind: namespace


def size(record: NamedTuple) -> int:
    return len(record._fields)  # behind: annotated
