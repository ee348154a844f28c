"""A limit on CPU time inside a process, so that pure-Python loops end cheaply and at the same point on a busy machine.

Loops in C never look at signals; the server's watch ends those from outside (`children`).
"""

import signal
from collections.abc import Callable
from types import FrameType

_AGAIN = 0.05  # seconds of CPU between two tries to end code that swallows the first
_PATIENCE = 10  # tries before giving up on it

_SIGNAL = getattr(signal, "SIGPROF", None)
_TIMER = getattr(signal, "ITIMER_PROF", 0)
_set_timer = getattr(signal, "setitimer", None)


class Expired(BaseException):
    """The CPU time is used up. No `except Exception` of the code under test can hold it."""


class Guard:
    """Raises `Expired` in the main thread when armed for too long.

    Args:
        stubborn: called when the code under test has swallowed it `_PATIENCE` times; it must end the process.
    """

    def __init__(self, stubborn: Callable[[], None]) -> None:
        self._stubborn = stubborn
        self._armed = False
        self._raised = 0

    @property
    def fired(self) -> bool:
        """Whether the time ran out since it was last armed, swallowed or not."""
        return self._raised > 0

    def arm(self, seconds: float) -> None:
        """Allow that much CPU time from now on. Does nothing where the platform has no such timer."""
        self._raised = 0
        self._armed = True
        if _set_timer is not None and _SIGNAL is not None:
            signal.signal(_SIGNAL, self._expire)
            _set_timer(_TIMER, seconds, _AGAIN)

    def disarm(self) -> None:
        """Take the limit away."""
        self._armed = False
        if _set_timer is not None:
            _set_timer(_TIMER, 0)

    def _expire(self, signum: int, frame: FrameType | None) -> None:
        if not self._armed:
            return
        self._raised += 1
        if self._raised > _PATIENCE:
            self._stubborn()
        raise Expired
