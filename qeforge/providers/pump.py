"""An iterator read in a thread of its own, so that nobody waits for its next item longer than meant.

A time limit on a socket bounds one read of it. It does not bound the look-up of a name, nor a server that keeps saying
that it is alive and nothing else.
"""

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Pump(Generic[T]):
    """Reads `items()` until it ends, fails, or is stopped.

    Args:
        items: makes the iterator; runs in the thread, like the iterator itself. It asks the event that it is given
            whether it should still begin.
        wake: makes a read that is blocking the iterator return; called once, when the pump is stopped early.
    """

    def __init__(self, items: Callable[[threading.Event], Iterator[T]], *, wake: Callable[[], None]) -> None:
        self._items = items
        self._wake = wake
        self._stopped = threading.Event()
        self._ended = False
        self._read: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()
        threading.Thread(target=self._run, name="qeforge-pump", daemon=True).start()

    def next(self, seconds: float) -> T | None:
        """The next item; None at the end.

        Raises:
            TimeoutError: none came in time; there may be one later.
            Exception: what ended the iterator.
        """
        if self._ended:
            return None
        try:
            item, problem = self._read.get(timeout=max(0.0, seconds))
        except Empty:
            raise TimeoutError from None
        self._ended = item is None
        if problem is not None:
            raise problem
        return item

    def stop(self) -> None:
        """Reads no further."""
        self._stopped.set()
        if not self._ended:
            self._ended = True
            self._wake()

    def _run(self) -> None:
        problem = None
        try:
            for item in self._items(self._stopped):
                if self._stopped.is_set():
                    break
                self._read.put((item, None))
        except Exception as raised:
            problem = raised
        self._read.put((None, problem))
