"""Trap: each function fails on what it is first called with, in a way that its source does not announce.

The lines marked `behind` are reached when the exception is read.
"""

import binascii
import functools
import itertools
import operator

_pick = getattr(operator, "attrgetter")("total")
_name = getattr(operator, "itemgetter")("name")
_fifth = getattr(operator, "itemgetter")(4)


class Token:
    """What `of_class` asks for."""

    kind = "token"


def attribute(order):
    total = _pick(order) + 1
    return [total]  # behind: attribute


def key(record):
    name = _name(record) + "!"
    return [name]  # behind: key


def index(row):
    fifth = _fifth(row) + 1
    return [fifth]  # behind: index


def two_arguments(combine):
    whole = functools.reduce(combine, (1, 2, 3)) + 1
    return [whole]  # behind: arity


def nested_items(groups):
    flat = list(itertools.chain.from_iterable(groups))
    first = flat[2] + 1
    return [first]  # behind: nested


def text_format(text):
    data = binascii.unhexlify(text)
    if len(data) > 1:
        return [data]  # behind: format
    return []


def unpacked(pair):
    left, right = list(filter(None, pair))
    both = left + right + 1
    return [both]  # behind: unpacked


def of_class(item):
    if getattr(item, "kind", None) != "token":
        raise TypeError("a Token is needed here")
    return [item.kind + "!"]  # behind: class


class Report:
    """Keeps what it is given, and fails much later."""

    def __init__(self, source, title="x"):
        self._source = source
        self._title = title

    def render(self):
        return self._lines(self._source)

    def _lines(self, source):
        total = _pick(source) + 1
        return [self._title, total]  # behind: constructor


def outer(options):
    level = options.level
    return _inner(level)


def _inner(level):
    deep = _name(level) + "!"
    return [deep]  # behind: deep
