"""A queue with workers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')


@dataclass
class Outcome(Generic[Item, Result]):
    """What became of the items: results by position, and the errors of those that failed."""

    results: dict[int, Result] = field(default_factory=dict)
    errors: dict[int, Exception] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.errors

    def in_order(self) -> list[Result]:
        """Results in the order of the items, failures left out."""
        return [self.results[position] for position in sorted(self.results)]


async def run_all(
    items: Iterable[Item],
    work: Callable[[Item], Awaitable[Result]],
    workers: int = 4,
    stop_after: int | None = None,
) -> Outcome[Item, Result]:
    """Do `work` on every item, `workers` at a time.

    One failure does not stop the others; `stop_after` failures do: the rest of the queue is
    then left undone.
    """
    if workers < 1:
        raise ValueError(f'at least one worker is needed, not {workers}')
    queue: asyncio.Queue[tuple[int, Item]] = asyncio.Queue()
    for numbered in enumerate(items):
        queue.put_nowait(numbered)
    outcome: Outcome[Item, Result] = Outcome()

    async def worker() -> None:
        while not queue.empty():
            if stop_after is not None and len(outcome.errors) >= stop_after:
                return
            position, item = queue.get_nowait()
            try:
                outcome.results[position] = await work(item)
            except Exception as error:
                outcome.errors[position] = error

    await asyncio.gather(*(worker() for _ in range(min(workers, queue.qsize()))))
    return outcome
