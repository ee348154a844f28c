"""Trap: nothing happens before the first `next`; some never end, some take values, some return one."""

from collections.abc import Generator, Iterable, Iterator


def chunks(items: list[int], size: int) -> Iterator[list[int]]:
    """Pieces of at most `size`."""
    if size < 1:
        raise ValueError("a chunk holds one item at least")
    for start in range(0, len(items), size):
        yield items[start : start + size]


def fibonacci() -> Iterator[int]:
    """Without an end."""
    first, second = 0, 1
    while True:
        yield first
        first, second = second, first + second


def running_mean() -> Generator[float, float | None, int]:
    """Send numbers, receive their mean so far; returns how many there were when it gets None."""
    total, count = 0.0, 0
    mean = 0.0
    while True:
        number = yield mean
        if number is None:
            return count
        total += number
        count += 1
        mean = total / count


def flatten(tree):
    """Leaves of nested lists; strings are leaves."""
    for node in tree:
        if isinstance(node, (list, tuple)):
            yield from flatten(node)
        else:
            yield node


def until_blank(lines: Iterable[str]) -> Iterator[str]:
    """Lines up to the first blank one; says so when it is closed early."""
    try:
        for line in lines:
            if not line.strip():
                return
            yield line.rstrip("\n")
    finally:
        print("closed")


class Tree:
    """Iterated in order, made of other trees."""

    def __init__(self, value: int, left: "Tree | None" = None, right: "Tree | None" = None) -> None:
        self.value, self.left, self.right = value, left, right

    def __iter__(self) -> Iterator[int]:
        if self.left:
            yield from self.left
        yield self.value
        if self.right:
            yield from self.right
