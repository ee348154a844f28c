"""Trap: values come from a closed set, and members carry behaviour. A TypedDict is a plain dict at run time."""

from enum import Enum, Flag, IntEnum, auto
from typing import Literal, NamedTuple, TypedDict


class Light(Enum):
    """A traffic light."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"

    @classmethod
    def _missing_(cls, value: object) -> "Light | None":
        return cls.AMBER if value == "yellow" else None

    def next(self) -> "Light":
        """What follows."""
        members = list(Light)
        return members[(members.index(self) + 1) % len(members)]

    @property
    def may_go(self) -> bool:
        """Only on green."""
        return self is Light.GREEN


class Level(IntEnum):
    """Compared as numbers."""

    LOW = 1
    HIGH = 10


class Access(Flag):
    """Combined with `|`."""

    READ = auto()
    WRITE = auto()
    ALL = READ | WRITE


class Colour(NamedTuple):
    """Red, green, blue, each 0 to 255."""

    red: int
    green: int
    blue: int = 0

    @classmethod
    def from_hex(cls, text: str) -> "Colour":
        """`#rrggbb` or `#rgb`."""
        digits = text.removeprefix("#")
        if len(digits) == 3:
            digits = "".join(digit * 2 for digit in digits)
        if len(digits) != 6:
            raise ValueError(f"not a colour: {text!r}")
        return cls(*(int(digits[at : at + 2], 16) for at in (0, 2, 4)))

    def is_dark(self) -> bool:
        """By its average."""
        return sum(self) / 3 < 128


class Rule(TypedDict, total=False):
    """Who may do what."""

    user: str
    access: Access
    level: Level


def allowed(rule: Rule, wanted: Access, mode: Literal["strict", "lenient"] = "strict") -> bool:
    """Whether a rule grants all (strict) or some (lenient) of what is wanted."""
    granted = rule.get("access", Access(0))
    if rule.get("level", Level.LOW) >= Level.HIGH:
        return True
    return wanted in granted if mode == "strict" else bool(wanted & granted)
