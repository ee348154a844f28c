"""Trap: attributes that are code: computed, cached, settable with a check, deletable, on the class, and raising."""

from functools import cached_property


class Positive:
    """A descriptor that takes positive numbers only."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.slot = f"_{name}"

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return getattr(instance, self.slot, 1)

    def __set__(self, instance, value) -> None:
        if value <= 0:
            raise ValueError(f"{self.slot[1:]} must be positive, not {value}")
        setattr(instance, self.slot, value)


class Box:
    """A box with a label."""

    width = Positive()
    height = Positive()

    def __init__(self, width: int = 1, height: int = 1) -> None:
        self.width = width
        self.height = height
        self._label: str | None = None

    @property
    def shape(self) -> str:
        """In a word."""
        if self.width == self.height:
            return "square"
        return "wide" if self.width > self.height else "tall"

    @property
    def label(self) -> str:
        """What is written on it; raises when nothing is."""
        if self._label is None:
            raise AttributeError("the box has no label")
        return self._label

    @label.setter
    def label(self, text: str) -> None:
        cleaned = text.strip()
        if not cleaned:
            raise ValueError("a label needs a text")
        self._label = cleaned.title()

    @label.deleter
    def label(self) -> None:
        self._label = None

    @cached_property
    def cells(self) -> list[tuple[int, int]]:
        """Made once: later changes of width and height do not show."""
        return [(x, y) for y in range(self.height) for x in range(self.width)]

    def __getattr__(self, name: str) -> int:
        if name.startswith("double_"):
            return 2 * getattr(self, name.removeprefix("double_"))
        raise AttributeError(name)
