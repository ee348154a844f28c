"""Another present for the code under test, so that what depends on the date shows.

Only the functions of `time` move. `datetime.now` asks the system itself, and a stand-in for its class would not be the
class that values have; there the time zones of the confirming workers, a day apart, do the work, and `clock` the rest.
"""

import time
from collections.abc import Callable
from typing import Any

_DAY = 86_400


def install(days: float) -> None:
    """Move the clock of the `time` module, before the target is imported."""
    seconds = days * _DAY
    now, now_ns = time.time, time.time_ns
    localtime, gmtime, strftime, ctime, asctime = time.localtime, time.gmtime, time.strftime, time.ctime, time.asctime

    def moved(original: Callable[..., Any], position: int, present: Callable[[], Any]) -> Callable[..., Any]:
        """A function that gets the moved present where it is called without a time."""

        def function(*arguments: Any) -> Any:
            if len(arguments) == position or (len(arguments) == position + 1 and arguments[position] is None):
                arguments = (*arguments[:position], present())
            return original(*arguments)

        return function

    def moved_now() -> float:
        return now() + seconds

    def moved_now_ns() -> int:
        return now_ns() + int(seconds) * 10**9

    def moved_local() -> time.struct_time:
        return localtime(moved_now())

    replaced: dict[str, Callable[..., Any]] = {
        "time": moved_now,
        "time_ns": moved_now_ns,
        "localtime": moved(localtime, 0, moved_now),
        "gmtime": moved(gmtime, 0, moved_now),
        "ctime": moved(ctime, 0, moved_now),
        "asctime": moved(asctime, 0, moved_local),
        "strftime": moved(strftime, 1, moved_local),
    }
    for name, function in replaced.items():
        function.__name__ = function.__qualname__ = name
        function.__module__ = "time"
        setattr(time, name, function)
