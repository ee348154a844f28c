"""Trap: constructors that no one wrote, with factories, keyword-only and derived fields, and a check that refuses."""

from dataclasses import KW_ONLY, InitVar, dataclass, field, replace
from typing import ClassVar


@dataclass(order=True)
class Priority:
    """Compared by weight alone."""

    weight: int
    label: str = field(compare=False, default="")


@dataclass
class Job:
    """A piece of work with others that it waits for."""

    name: str
    _: KW_ONLY
    priority: Priority = field(default_factory=lambda: Priority(1, "normal"))
    needs: list["Job"] = field(default_factory=list)
    tries: int = 0
    scale: InitVar[int] = 1
    cost: int = field(init=False, default=0)

    limit: ClassVar[int] = 3

    def __post_init__(self, scale: int) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"not a name: {self.name!r}")
        self.cost = scale * (1 + len(self.needs))

    def ready(self, done: set[str]) -> bool:
        """Whether all it waits for is done."""
        return all(job.name in done for job in self.needs)

    def retry(self) -> "Job":
        """The same job, tried once more; asked for more often it raises."""
        if self.tries >= self.limit:
            raise RuntimeError(f"{self.name} was tried {self.tries} times")
        return replace(self, tries=self.tries + 1, scale=1)

    def total_cost(self) -> int:
        """Its own and that of all it waits for."""
        return self.cost + sum(job.total_cost() for job in self.needs)


@dataclass(frozen=True, slots=True)
class Point:
    """Frozen and slotted: assignment raises."""

    x: float
    y: float = 0.0

    def moved(self, dx: float = 0.0, dy: float = 0.0) -> "Point":
        """Another point."""
        return Point(self.x + dx, self.y + dy)

    def quadrant(self) -> int:
        """1 to 4, 0 on an axis."""
        if self.x == 0 or self.y == 0:
            return 0
        if self.x > 0:
            return 1 if self.y > 0 else 4
        return 2 if self.y > 0 else 3
