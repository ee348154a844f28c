"""Trap: the interesting code runs on leaving the block, and differs when an exception leaves it."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class Attempt:
    """Counts failures and swallows up to `allowed` of them."""

    def __init__(self, allowed: int = 1) -> None:
        self.allowed = allowed
        self.failures = 0
        self.active = False

    def __enter__(self) -> "Attempt":
        if self.active:
            raise RuntimeError("already inside")
        self.active = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.active = False
        if kind is None or not issubclass(kind, Exception):
            return False
        self.failures += 1
        return self.failures <= self.allowed


@contextmanager
def replaced(mapping: dict[str, int], key: str, value: int) -> Iterator[dict[str, int]]:
    """Put a value into a mapping for the length of a block."""
    missing = key not in mapping
    before = mapping.get(key)
    mapping[key] = value
    try:
        yield mapping
    finally:
        if missing:
            del mapping[key]
        else:
            mapping[key] = before if before is not None else 0


@contextmanager
def translated(message: str) -> Iterator[None]:
    """Turn a KeyError inside the block into a ValueError."""
    try:
        yield
    except KeyError as error:
        raise ValueError(f"{message}: {error.args[0]}") from error


def add_all(numbers: list[int], attempt: Attempt) -> int:
    """The sum, with one `Attempt` around each addition."""
    total = 0
    for number in numbers:
        with attempt:
            if number < 0:
                raise ValueError("negative")
            total += number
    return total
