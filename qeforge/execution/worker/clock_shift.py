"""Another present for the code under test, so that what depends on the date shows.

The functions of `time` move, and so do `now`, `utcnow` and `today` of `datetime`. Their classes are replaced for that
by stand-ins that make values of the real ones and count as them. Where code looks closer than that (`type(value) is
date`, pickles), what it does differs here, and no test pins it.
"""

import datetime
import time
from collections.abc import Callable
from typing import Any

_DAY = 86_400
_reals: dict[Any, Any] = {}
"""By stand-in, the class that it stands for."""


def real(found: Any) -> Any:
    """The class that a stand-in stands for; what is no stand-in as it is."""
    return _reals.get(found, found) if isinstance(found, type) else found


def install(days: float) -> None:
    """Move the clock of the `time` module, before the target is imported."""
    seconds = days * _DAY
    _move_classes(datetime.timedelta(days=days))
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


def _move_classes(shift: datetime.timedelta) -> None:
    real_date, real_datetime = datetime.date, datetime.datetime

    class Stand(type):
        """What is an instance or a subclass of the real class is one of the stand-in."""

        def __instancecheck__(cls, instance: Any) -> bool:
            meant = _reals.get(cls)
            return type.__instancecheck__(cls, instance) if meant is None else isinstance(instance, meant)

        def __subclasscheck__(cls, subclass: Any) -> bool:
            meant = _reals.get(cls)
            return type.__subclasscheck__(cls, subclass) if meant is None else issubclass(subclass, meant)

    def make(cls: Any, *arguments: Any, **keywords: Any) -> Any:
        meant = _reals.get(cls)
        if meant is not None:
            return meant(*arguments, **keywords)
        return next(base for base in cls.__mro__ if base in _reals.values()).__new__(cls, *arguments, **keywords)

    def now(cls: Any, tz: Any = None) -> Any:
        return real_datetime.now(tz) + shift

    def utcnow(cls: Any) -> Any:
        return now(cls, datetime.timezone.utc).replace(tzinfo=None)

    def today(cls: Any) -> Any:  # the real one asks `time.time`, or does not, as the version has it
        return now(cls) if issubclass(cls, real_datetime) else now(cls).date()

    for original in (real_date, real_datetime):
        members = {"__new__": make, "__module__": "datetime", "__doc__": original.__doc__, "today": classmethod(today)}
        if original is real_datetime:
            members |= {"now": classmethod(now), "utcnow": classmethod(utcnow)}
        stand = Stand(original.__name__, (original,), members)
        _reals[stand] = original
        setattr(datetime, original.__name__, stand)
