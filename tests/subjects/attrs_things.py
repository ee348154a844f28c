"""Trap: attrs classes, whose constructors convert and validate, and whose private fields lose the underscore."""

import attrs
from attrs import define, field, frozen, validators


@define
class Basket:
    """Things to buy."""

    owner: str = field(converter=str.strip, validator=validators.min_len(1))
    items: list[str] = attrs.Factory(list)
    _limit: int = field(default=3, validator=validators.gt(0), kw_only=True)

    def add(self, item: str) -> int:
        """How many there are now; raises when it is full."""
        if len(self.items) >= self._limit:
            raise OverflowError(f"{self.owner} can carry {self._limit}")
        self.items.append(item)
        return len(self.items)

    @property
    def full(self) -> bool:
        """Whether nothing more fits."""
        return len(self.items) == self._limit


@frozen(order=True)
class Release:
    """Ordered by its numbers; the name does not count."""

    major: int = field(converter=int)
    minor: int = field(converter=int, default=0)
    name: str = field(default="", eq=False, order=False)

    @minor.validator
    def _small(self, attribute: "attrs.Attribute[int]", value: int) -> None:
        if not 0 <= value < 100:
            raise ValueError(f"{attribute.name} must be below 100, not {value}")

    def bumped(self, part: str = "minor") -> "Release":
        """The next release."""
        if part == "major":
            return attrs.evolve(self, major=self.major + 1, minor=0)
        if part == "minor":
            return attrs.evolve(self, minor=self.minor + 1)
        raise ValueError(f"no part is called {part!r}")
