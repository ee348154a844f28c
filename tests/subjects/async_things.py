"""Trap: coroutines, async generators and async context managers do nothing until a loop drives them.

Some wait on the clock, one never finishes, one cancels itself.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


async def total_of(numbers: list[int], delay: float = 0.0) -> int:
    """The sum of the even ones, after a pause for each odd one."""
    total = 0
    for number in numbers:
        if number % 2:
            await asyncio.sleep(delay)
        else:
            total += number
    return total


async def first_success(attempts: list[Callable[[], Awaitable[str]]]) -> str:
    """The first answer that is no error."""
    for attempt in attempts:
        try:
            return await attempt()
        except OSError:
            continue
    raise LookupError("every attempt failed")


async def countdown(start: int) -> AsyncIterator[int]:
    """From `start` down to one."""
    if start > 1000:
        raise ValueError("too far to count")
    while start > 0:
        yield start
        start -= 1


@asynccontextmanager
async def session(name: str, *, strict: bool = False) -> AsyncIterator[dict[str, str]]:
    """A session that is open inside the block; `strict` lets errors through."""
    state = {"name": name, "status": "open"}
    try:
        yield state
    except ValueError:
        if strict:
            raise
        state["status"] = "failed"
    finally:
        if state["status"] == "open":
            state["status"] = "closed"


class Mailbox:
    """A queue with an end."""

    def __init__(self, size: int = 2) -> None:
        self.size = size
        self.items: list[str] = []

    async def put(self, item: str) -> bool:
        """Whether there was room."""
        await asyncio.sleep(0)
        if len(self.items) >= self.size:
            return False
        self.items.append(item)
        return True

    async def __aiter__(self) -> AsyncIterator[str]:
        while self.items:
            yield self.items.pop(0)


async def wait_for_ever() -> None:
    """Never returns."""
    await asyncio.Event().wait()


async def give_up() -> None:
    """Cancels the task that runs it."""
    raise asyncio.CancelledError
