"""An iterator read in a thread of its own, so that nobody waits for its next item longer than meant.

A time limit on a socket bounds one read of it. It does not bound the look-up of a name, nor a server that keeps saying
that it is alive and nothing else.
"""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

BEAT = 0.25
"""Seconds between two looks at whether somebody still wants to wait."""


class Pump(Generic[T]):
    """Reads `items(stopped)` until it ends, fails, or is stopped.

    Args:
        items: makes the iterator; runs in the thread, like the iterator itself. The event that it is given is set when
            nobody wants more.
        translate: what is raised for what the iterator raised.
        wake: makes a read return that is blocking the iterator; called when the pump is stopped before the end.
    """

    def __init__(
        self,
        items: Callable[[threading.Event], Iterator[T]],
        *,
        translate: Callable[[Exception], Exception],
        wake: Callable[[], None],
    ) -> None:
        self._items = items
        self._translate = translate
        self._wake = wake
        self._stopped = threading.Event()
        self._ended = False
        self._read: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()
        threading.Thread(target=self._run, name="qeforge-pump", daemon=True).start()

    def next(self, seconds: float) -> T | None:
        """The next item; None at the end.

        Raises:
            TimeoutError: none came in time; there may be one later.
            Exception: what ended the iterator, translated.
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

    def finish(self, seconds: float) -> None:
        """Waits for the end that the last item announced, so that what was read from can be used again.

        Stopping at once would hang up a connection that may already serve the next question.

        Args:
            seconds: to wait at most.
        """
        with suppress(Exception):  # late, or trouble behind a whole answer: that makes it no worse
            self.next(seconds)

    def stop(self) -> None:
        """Reads no further; may be called twice."""
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
        # Outside of the handler, so that what is raised does not carry the original, with its request, along.
        self._read.put((None, problem and self._translate(problem)))


def hang_up(sockets: Iterable[socket.socket]) -> None:
    """Ends a read that is waiting on one of them. Closing would not: the reader would wait on."""
    for connection in sockets:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
