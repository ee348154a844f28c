"""A limit on CPU time inside a process, so that pure-Python loops end cheaply and at the same point on a busy machine.

Loops in C never look at signals; the server's watch ends those from outside (`children`).
"""

import _signal  # type: ignore[import-not-found]  # `signal` wraps every answer in an enum, at more than a small run costs
from types import FrameType

_AGAIN = 0.05  # seconds of CPU between two tries to end code that swallows the first

_SIGNAL = getattr(_signal, "SIGPROF", None)
_TIMER = getattr(_signal, "ITIMER_PROF", 0)
_set_timer = getattr(_signal, "setitimer", None)


class Expired(BaseException):
    """The CPU time is used up. No `except Exception` of the code under test can hold it."""


class Guard:
    """Raises `Expired` in the main thread when armed for too long, again and again: code that swallows it does not get
    far, and is ended by the watch."""

    def __init__(self) -> None:
        self._armed = False
        self._fired = False

    @property
    def fired(self) -> bool:
        """Whether the time ran out since it was last armed, swallowed or not."""
        return self._fired

    def arm(self, seconds: float) -> None:
        """Allow that much CPU time from now on. Does nothing where the platform has no such timer."""
        self._fired = False
        self._armed = True
        if _set_timer is not None and _SIGNAL is not None:
            _signal.signal(_SIGNAL, self._expire)
            _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (_SIGNAL,))
            _set_timer(_TIMER, seconds, _AGAIN)

    def disarm(self) -> None:
        """Take the limit away."""
        self._armed = False
        if _set_timer is not None:
            _set_timer(_TIMER, 0)

    def _expire(self, signum: int, frame: FrameType | None) -> None:
        if not self._armed:
            return
        self._fired = True
        raise Expired
