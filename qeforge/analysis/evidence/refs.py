"""Values that an expression may stand for while a function is read."""

from dataclasses import dataclass
from enum import Enum, auto

from qeforge.analysis.evidence.knowledge import STR
from qeforge.analysis.evidence.model import Strength, Trace


class View(Enum):
    """How an expression's value relates to the one that the notebook is about."""

    SELF = auto()
    TEXT = auto()  # the text, a little changed
    LENGTH = auto()
    INT = auto()
    FLOAT = auto()
    HEAD = auto()
    TAIL = auto()
    PART = auto()
    PARTS = auto()  # a list of parts of the text
    STEM_AND_SUFFIX = auto()  # what os.path.splitext gives
    PATH = auto()
    KEYS = auto()
    VALUES = auto()
    ITEMS = auto()
    ITEM = auto()  # one (key, value)
    ZIPPED = auto()  # iterates in step with others, at `index`
    ZIPPED_ROW = auto()
    TYPE = auto()


WHOLE = (View.SELF, View.TEXT)
"""Views whose value is the value itself, as far as types go."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A value on which notes are taken."""

    trace: Trace
    view: View = View.SELF
    index: int = 0


Refs = tuple[Ref, ...]
"""What an expression may stand for; several after `a or b`, none for what nobody follows."""

MOST_REFS = 4


def merged(*groups: Refs) -> Refs:
    """All of them, each once, a few at most."""
    found: dict[tuple[int, View, int], Ref] = {}
    for group in groups:
        for ref in group:
            found.setdefault((id(ref.trace), ref.view, ref.index), ref)
    return tuple(found.values())[:MOST_REFS]


def whole(refs: Refs) -> list[Trace]:
    """The notebooks of those that are the value itself."""
    return [ref.trace for ref in refs if ref.view in WHOLE]


def viewed(refs: Refs, view: View) -> Refs:
    """The same values seen another way, as far as they are whole."""
    return tuple(Ref(trace, view) for trace in whole(refs))


def iterate(refs: Refs) -> Refs:
    """What iterating gives, with a note that it happens."""
    found: list[Ref] = []
    for ref in refs:
        match ref.view:
            case View.SELF | View.TEXT:
                ref.trace.flag("iterated")
                found.append(Ref(ref.trace.each()))
            case View.KEYS:
                found.append(Ref(ref.trace.each()))
            case View.VALUES:
                found.append(Ref(ref.trace.each_value()))
            case View.ITEMS:
                found.append(Ref(ref.trace, View.ITEM))
            case View.PARTS:
                found.append(Ref(ref.trace, View.PART))
            case View.ZIPPED:
                found.append(Ref(ref.trace, View.ZIPPED_ROW, ref.index))
            case View.HEAD | View.TAIL | View.PART:
                found.append(Ref(ref.trace, View.PART))
    return tuple(found)


def at(refs: Refs, position: int) -> Refs:
    """What stands at a constant position when the value is unpacked or indexed."""
    found: list[Ref] = []
    for ref in refs:
        match ref.view:
            case View.SELF:
                if position >= 0:
                    found.append(Ref(ref.trace.item(position)))
                else:
                    found.append(Ref(ref.trace.each()))
            case View.TEXT:
                found.append(Ref(ref.trace, View.HEAD if position == 0 else View.TAIL if position == -1 else View.PART))
            case View.ITEM:
                found.append(Ref(ref.trace.each() if position == 0 else ref.trace.each_value()))
            case View.ZIPPED_ROW if position == ref.index:
                found.extend(iterate((Ref(ref.trace),)))
            case View.PARTS:
                found.append(Ref(ref.trace, View.PART))
            case View.STEM_AND_SUFFIX:
                found.append(Ref(ref.trace, View.HEAD if position == 0 else View.TAIL))
    return tuple(found)


def is_text(trace: Trace) -> bool:
    """Whether something stronger than a hint says that it is a string."""
    return trace.votes.get(STR, Strength.HINTED) < Strength.HINTED
