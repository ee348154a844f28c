"""Trying again, later each time."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

T = TypeVar('T')
logger = logging.getLogger(__name__)


class Retryable(Exception):
    """A failure that may pass. `after` is how long the server asks to wait, in seconds."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


def backoff(
    tries: int,
    first: float = 0.5,
    longest: float = 30.0,
    jitter: Callable[[], float] = random.random,
) -> Iterator[float]:
    """Pauses between `tries` tries, in seconds: they double up to `longest`.

    `jitter` gives a number in [0, 1); the pause shrinks by up to half of itself with it, so that
    many clients do not come back at the same moment.
    """
    pause = first
    for _ in range(tries):
        yield min(pause, longest) * (1 - jitter() / 2)
        pause *= 2


async def retry(
    operation: Callable[[], Awaitable[T]],
    pauses: Iterator[float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """What `operation` gives, tried again after each of `pauses` while it raises `Retryable`.

    The last failure is raised when the pauses are used up.
    """
    while True:
        try:
            return await operation()
        except Retryable as failure:
            pause = next(pauses, None)
            if pause is None:
                raise
            if failure.after is not None:
                pause = max(pause, failure.after)
            logger.info('%s; trying again in %.1f s', failure, pause)
            await sleep(pause)
