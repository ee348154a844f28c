"""Work done in this very process, where forking is missing: the parent watches, and replaces a process that is lost."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .children import Channel, Failure, Limits, Task
from .frames import encode


class _Relay(Channel):
    """Hands reports over instead of sending them."""

    def __init__(self, deliver: Callable[[int, bytes], bool], open_items: list[int]) -> None:
        super().__init__(-1)
        self._deliver = deliver
        self._open_items = open_items

    def send(self, index: int, message: Any) -> None:
        """Report on an item."""
        if self._deliver(index, index.to_bytes(4, "big") + encode(message)) and index in self._open_items:
            self._open_items.remove(index)


class Inline:
    """Runs items one after the other; the same face as `children.Nursery`."""

    forks = False

    def perform(
        self,
        items: Iterable[int],
        task: Task,
        *,
        limits: Limits,
        deliver: Callable[[int, bytes], bool],
        failed: Callable[[int, Failure, int], None],
        ready: Callable[[Sequence[int]], None] = lambda items: None,
        batch: int = 1,
        parallel: int = 1,
    ) -> None:
        """Run all items; nothing is watched, so nothing is reported as failed."""
        open_items = list(items)
        while open_items:
            ready(open_items)
            task(list(open_items), _Relay(deliver, open_items))
