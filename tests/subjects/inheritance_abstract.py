"""Trap: the base cannot be made, its methods are reached through subclasses, and a Protocol is no base at all."""

from abc import ABC, abstractmethod
from typing import Protocol, runtime_checkable


@runtime_checkable
class Named(Protocol):
    """Anything with a name."""

    name: str


class Shape(ABC):
    """A shape with sides."""

    sides = 0

    def __init__(self, name: str = "") -> None:
        self.name = name or type(self).__name__.lower()

    @abstractmethod
    def area(self) -> float:
        """In square units."""

    def compare(self, other: "Shape") -> str:
        """Which of the two is larger."""
        difference = self.area() - other.area()
        if difference == 0:
            return "equal"
        return self.name if difference > 0 else other.name

    def describe(self) -> str:
        """In a sentence."""
        if self.sides == 0:
            return f"a round {self.name}"
        return f"a {self.name} with {self.sides} sides"


class Circle(Shape):
    """Has no sides."""

    def __init__(self, radius: float) -> None:
        super().__init__()
        if radius < 0:
            raise ValueError("a radius is not negative")
        self.radius = radius

    def area(self) -> float:
        """With a rough pi."""
        return 3 * self.radius**2


class Rectangle(Shape):
    """Has four."""

    sides = 4

    def __init__(self, width: float, height: float, name: str = "") -> None:
        super().__init__(name)
        self.width, self.height = width, height

    def area(self) -> float:
        """Width by height."""
        return self.width * self.height


class Square(Rectangle):
    """Overrides the constructor, inherits everything else."""

    def __init__(self, side: float) -> None:
        super().__init__(side, side)


def label(thing: Named, shapes: tuple[Shape, ...] = ()) -> str:
    """The name, with the number of shapes that share it."""
    same = sum(1 for shape in shapes if shape.name == thing.name)
    return f"{thing.name} ({same})" if same else thing.name
