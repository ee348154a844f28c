"""Leaves a provider alone that keeps failing, and tries it again later (Nygard, "Release It!", 2007)."""

import threading
from collections import deque
from datetime import UTC, datetime, timedelta

import pybreaker

FAILURES, WINDOW, REST = 5, 60.0, 30.0
"""Failures in a row within that many seconds open the circuit; after a rest of so many seconds one probe may pass."""


class Breaker:
    """The circuit of one provider. Threads may use it at once.

    The states are pybreaker's; as it would hold its lock for as long as a question takes, it is told afterwards.
    """

    def __init__(self) -> None:
        self._storage = _Recent()
        self._breaker = pybreaker.CircuitBreaker(fail_max=FAILURES, reset_timeout=REST, state_storage=self._storage)
        self._lock = threading.Lock()
        self._probing = False

    def closed(self) -> bool:
        """Whether the provider may be asked now."""
        with self._lock:
            return self._may_pass()

    def enter(self) -> bool:
        """The same for somebody who asks at once: of those who come after a rest only the first may."""
        with self._lock:
            if not self._may_pass():
                return False
            self._probing = self._breaker.current_state != pybreaker.STATE_CLOSED
            return True

    def succeeded(self) -> None:
        """It answered."""
        with self._lock:
            self._probing = False
            self._breaker.call(bool)

    def failed(self) -> None:
        """It did not, for a reason that may pass."""
        with self._lock:
            self._probing = False
            try:
                self._breaker.call(_fail)
            except (_Failure, pybreaker.CircuitBreakerError):
                return

    def left(self) -> None:
        """Whoever entered came back without an answer that tells anything of the provider."""
        with self._lock:
            self._probing = False

    def _may_pass(self) -> bool:
        if self._breaker.current_state == pybreaker.STATE_CLOSED:
            return True
        opened = self._storage.opened_at
        rested = opened is None or datetime.now(UTC) >= opened + timedelta(seconds=REST)
        return rested and not self._probing


class _Failure(Exception):
    pass


def _fail() -> None:
    raise _Failure


class _Recent(pybreaker.CircuitMemoryStorage):
    """Counts failures of the last minute only."""

    def __init__(self) -> None:
        super().__init__(pybreaker.STATE_CLOSED)
        self._times: deque[datetime] = deque(maxlen=FAILURES)

    def increment_counter(self) -> None:
        """One more failure, now."""
        self._times.append(datetime.now(UTC))

    def reset_counter(self) -> None:
        """None any more."""
        self._times.clear()

    @property
    def counter(self) -> int:
        """Failures within the window."""
        since = datetime.now(UTC) - timedelta(seconds=WINDOW)
        return sum(time >= since for time in self._times)
