"""Trap: most of the code is inside functions that other functions return; it runs only when the result is called."""

import functools
from collections.abc import Callable


def make_scaler(factor: float, *, clamp: float | None = None) -> Callable[[float], float]:
    """Multiply by `factor`, never above `clamp`."""

    def scale(value: float) -> float:
        scaled = value * factor
        if clamp is not None and scaled > clamp:
            return clamp
        return scaled

    return scale


def make_counter(start: int = 0) -> tuple[Callable[[], int], Callable[[], None]]:
    """Two functions that share one number."""
    count = start

    def bump() -> int:
        nonlocal count
        count += 1
        return count

    def reset() -> None:
        nonlocal count
        count = start

    return bump, reset


def compose(*steps):
    """One function that applies `steps` in turn."""
    if not steps:
        return lambda value: value

    def run(value):
        for step in steps:
            if value is None:
                return None
            value = step(value)
        return value

    return run


def remember(limit):
    """A decorator that keeps the last `limit` results."""

    def decorate(function):
        kept = {}

        @functools.wraps(function)
        def wrapper(argument):
            if argument in kept:
                return kept[argument]
            result = function(argument)
            if len(kept) >= limit:
                kept.pop(next(iter(kept)))
            kept[argument] = result
            return result

        wrapper.kept = kept
        return wrapper

    return decorate


@remember(2)
def square(number: int) -> int:
    """Decorated: the code object behind the name is the wrapper's."""
    if number < 0:
        raise ValueError("no negative numbers")
    return number * number
