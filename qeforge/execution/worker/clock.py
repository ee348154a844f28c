"""Telling values that hold today's date or the present time: a test that pins one fails tomorrow."""

import datetime
import time
from functools import lru_cache
from typing import Any

_NEAR = 2 * 86_400.0  # seconds
_BITS = 64  # of an integer that can be a time, in nanoseconds at the finest
_FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y"),
    *("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%a %b %d"),
)

_time = time.time  # before anything replaces it
_datetime, _date = datetime.datetime, datetime.date


@lru_cache(maxsize=2)
def _around(hour: int) -> tuple[int, tuple[str, ...]]:
    """The year of an hour since the epoch, and its day, the one before and the one after in the usual forms."""
    days = [_datetime.fromtimestamp(hour * 3_600 + shift) for shift in (-86_400, 0, 86_400)]
    return days[1].year, tuple(dict.fromkeys(day.strftime(pattern) for day in days for pattern in _FORMATS))


class Present:
    """What the present looks like in values; `mentioned` is the candidate's own text, whose dates are meant."""

    def __init__(self, mentioned: str = "") -> None:
        self._now = _time()
        year, texts = _around(int(self._now) // 3_600)
        self._today = [text for text in texts if text not in mentioned]
        self._year = None if str(year) in mentioned else year

    def shows_in(self, text: str) -> bool:
        """Whether a text has today's date (yesterday's and tomorrow's, for time zones) in a usual form."""
        return any(day in text for day in self._today)

    def is_in(self, value: Any) -> bool:
        """Whether a single value is, or holds, the present."""
        kind = type(value)
        if kind is str:
            return self.shows_in(value)
        if kind is int:
            if value.bit_length() > _BITS:
                return False
            return value == self._year or self._near(value) or self._near(value / 1e3) or self._near(value / 1e9)
        if kind is float:
            return self._near(value) or self._near(value / 1e3)
        if isinstance(value, _datetime):
            try:
                return self._near(value.timestamp())
            except (OverflowError, ValueError, OSError):
                return False
        if isinstance(value, _date):
            return abs(value.toordinal() - _date.fromtimestamp(self._now).toordinal()) <= 2
        return False

    def _near(self, seconds: float) -> bool:
        return abs(seconds - self._now) < _NEAR
