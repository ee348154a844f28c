"""Whether trying one mutant has left anything behind in the module that the next one would meet."""

import functools
import gc
import sys
import threading
from collections import deque
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from .tracer import FileMatch

_CONTAINERS = (dict, list, set, bytearray, deque)
_LRU = type(functools.lru_cache(lambda: None))


class ModuleState:
    """The module's globals, its classes' attributes and its global objects' attributes, each by identity and size.

    Made before any test has run. Deeper changes are not seen; a kill that they might cause is checked by running the
    test once more without the mutant.

    Args:
        path: the module's file.
    """

    def __init__(self, path: str) -> None:
        matches = FileMatch(path)
        self._modules = [
            module
            for module in list(sys.modules.values())
            if isinstance(module, ModuleType) and isinstance(module.__dict__.get("__file__"), str)
            if matches(module.__dict__["__file__"])
        ]
        self._clear: list[Callable[[], None]] = [
            item.cache_clear
            for item in gc.get_objects()
            if type(item) is _LRU and isinstance(item.__wrapped__, FunctionType)
            if matches(item.__wrapped__.__code__.co_filename)
        ]
        self._threads = threading.active_count()
        self._before = self._fingerprint()

    def is_clean(self) -> bool:
        """Empties the module's `lru_cache`s; True when everything else is as it was."""
        for clear in self._clear:
            clear()
        return threading.active_count() <= self._threads and self._fingerprint() == self._before

    def _fingerprint(self) -> list[Any]:
        found: list[Any] = []
        for module in self._modules:
            names = vars(module)
            found.append(_sizes(names))
            for value in list(names.values()):
                if getattr(type(value), "__module__", None) == module.__name__:
                    found.append(_sizes(getattr(value, "__dict__", None) or {}))
                elif isinstance(value, type) and value.__module__ == module.__name__:
                    found.append(_sizes(vars(value)))
        return found


def _sizes(names: Any) -> list[Any]:
    return [(name, id(value), len(value) if isinstance(value, _CONTAINERS) else -1) for name, value in names.items()]
