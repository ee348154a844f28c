"""Trap: each function fails on what it is first called with, in a way that its source does not announce.

The lines marked `behind` are reached when the exception is read. `_text` and `_bits` refuse what is no text or number,
mocks of all kinds included, so that a value that does anything one asks of it does not get there.
"""

import binascii
import functools
import itertools
import operator
import unicodedata

_pick = getattr(operator, "attrgetter")("total")
_name = getattr(operator, "itemgetter")("name")
_tenth = getattr(operator, "itemgetter")(9)
_text = functools.partial(getattr(unicodedata, "normalize"), "NFC")
_bits = getattr(int, "bit_length")


class Token:
    """What `of_class` asks for."""

    kind = "token"


def attribute(order):
    total = _text(_pick(order))
    return [total]  # behind: attribute


def key(record):
    name = _text(_name(record))
    return [name]  # behind: key


def index(row):
    tenth = _bits(_tenth(row))
    return [tenth]  # behind: index


def two_arguments(combine):
    whole = _text(functools.reduce(combine, ("a", "b", "c")))
    return [whole]  # behind: arity


def nested_items(groups):
    flat = list(itertools.chain.from_iterable(groups))
    seventh = _bits(flat[6])
    return [seventh]  # behind: nested


def text_format(text):
    data = binascii.unhexlify(text)
    if len(data) > 1:
        return [data]  # behind: format
    return []


def unpacked(row):
    one, two, three, four, five, six, seven = list(filter(None, row))
    both = one + seven
    return [both, two, three, four, five, six]  # behind: unpacked


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
        total = _bits(_pick(source))
        return [self._title, total]  # behind: constructor


def outer(options):
    deep = _inner(options.level)
    return [deep]  # behind: deep


def _inner(level):
    return _text(_name(level))
