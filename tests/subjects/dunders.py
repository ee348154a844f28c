"""Trap: everything is an operator. Nothing is called by name, and both operands decide what happens."""

import functools


@functools.total_ordering
class Span:
    """Whole numbers from `start` up to but not including `stop`."""

    def __init__(self, start: int, stop: int) -> None:
        if stop < start:
            raise ValueError(f"{stop} is before {start}")
        self.start = start
        self.stop = stop

    def __add__(self, other):
        if isinstance(other, int):
            return Span(self.start + other, self.stop + other)
        if not isinstance(other, Span):
            return NotImplemented
        return Span(min(self.start, other.start), max(self.stop, other.stop))

    __radd__ = __add__

    def __and__(self, other: "Span") -> "Span | None":
        start, stop = max(self.start, other.start), min(self.stop, other.stop)
        return Span(start, stop) if start < stop else None

    def __contains__(self, item: object) -> bool:
        if isinstance(item, Span):
            return self.start <= item.start and item.stop <= self.stop
        return isinstance(item, int) and self.start <= item < self.stop

    def __getitem__(self, index):
        if isinstance(index, slice):
            return list(range(self.start, self.stop))[index]
        if not -len(self) <= index < len(self):
            raise IndexError(f"{index} is outside")
        return self.start + index % len(self)

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self):
        return iter(range(self.start, self.stop))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and (self.start, self.stop) == (other.start, other.stop)

    def __lt__(self, other: "Span") -> bool:
        return (self.start, self.stop) < (other.start, other.stop)

    def __hash__(self) -> int:
        return hash((self.start, self.stop))

    def __bool__(self) -> bool:
        return self.stop > self.start

    def __call__(self, fraction: float) -> float:
        return self.start + fraction * len(self)

    def __invert__(self) -> "Span":
        return Span(-self.stop, -self.start)

    def __repr__(self) -> str:
        return f"Span({self.start}, {self.stop})"

    def __format__(self, spec: str) -> str:
        if spec == "math":
            return f"[{self.start}, {self.stop})"
        return format(repr(self), spec)
