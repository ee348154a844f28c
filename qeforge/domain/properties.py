"""What holds for every input of a kind, and how such inputs are drawn."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class PropertyKind(StrEnum):
    """What is said of a function, the most telling first."""

    ROUND_TRIP = "round trip"  # another function gives the input back
    RESTORED = "restored"  # from what a method gives, the class makes an equal object
    AGREEMENT = "agreement"  # another function gives the same
    IDEMPOTENT = "idempotent"  # a second time changes nothing
    COMMUTATIVE = "commutative"  # two arguments may change places
    SAME_ITEMS = "same items"  # the result has the items of the argument, in some order
    SORTED = "sorted"
    LENGTH_KEPT = "length kept"
    LENGTH_BOUNDED = "length bounded"
    RANGE = "range"
    EQUAL = "equal"  # objects that were made alike are equal, and so are their hashes
    TYPE_KEPT = "type kept"  # it never raises, and what it returns is always of one type


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A statement about every call of a function with these parameters given.

    Args:
        kind: what is stated.
        target: id of the function that it is about; of objects, the method.
        parameters: names of the parameters that a call gives, in the function's order; of objects, the constructor's.
        partner: id of the second function of a round trip or an agreement, and of what restores an object; of equal
            objects the `__hash__` that is to agree; empty for others.
        builder: id of the constructor whose objects it is about; empty for functions.
        subject: the parameter that the statement compares with, or feeds the result back to.
        low: for a range, source of the least value; empty for none.
        high: for a range or a length, source of the greatest (`1`, `width`, `len(text)`).
        returns: for a kept type, the name of the builtin type.
        support: how many observed calls show it.
    """

    kind: PropertyKind
    target: str
    parameters: tuple[str, ...]
    partner: str = ""
    builder: str = ""
    subject: str = ""
    low: str = ""
    high: str = ""
    returns: str = ""
    support: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A Hypothesis strategy as source (`st.text()`), and which values it can draw."""

    source: str
    admits: Callable[[object], bool] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyTest:
    """A property with the inputs that it is tried on.

    Args:
        stated: the property.
        strategies: `(parameter, source of a strategy)`, in the order of the parameters.
        mutants: ids of the mutants that it kills and that no example does.
    """

    __test__ = False

    stated: Property
    strategies: tuple[tuple[str, str], ...]
    mutants: frozenset[str] = frozenset()
