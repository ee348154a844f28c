"""The money of one run."""

import threading


class Budget:
    """Implements a purse. Threads may use it at once; what is under way is not counted before it is spent, so that as
    many questions as are asked at the same time may go beyond the limit by their own price.

    Args:
        most: USD of the whole run.
    """

    def __init__(self, most: float) -> None:
        self._most = most
        self._spent = 0.0
        self._lock = threading.Lock()

    @property
    def spent(self) -> float:
        """USD so far."""
        with self._lock:
            return self._spent

    def allows(self, usd: float) -> bool:
        """Whether that much is left."""
        with self._lock:
            return self._spent + usd <= self._most

    def spend(self, usd: float) -> None:
        """It is gone."""
        with self._lock:
            self._spent += usd
