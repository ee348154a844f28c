"""Process-wide state that candidates of one batch must not hand on to each other."""

import builtins
import copy
import os
import shutil
import signal
import sys
import threading
from types import ModuleType
from typing import Any

_MISSING: Any = object()
_SMALL = 300  # items of a container that is worth looking through after every candidate


class Isolation:
    """Remembers the state of this process and brings it back after each candidate.

    Of what the module keeps, its names, the contents of its small containers and its caches are brought back; what
    lives deeper inside objects is not undone: only a fresh fork forgets that.
    """

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._names = dict(vars(module))
        self._containers = [(kept, copy.copy(kept)) for kept in self._names.values() if _is_small(kept)]
        self._caches = [clear for kept in self._names.values() if (clear := getattr(kept, "cache_clear", None))]
        self._builtins = dict(vars(builtins))
        self._cwd = os.getcwd()
        self._argv = list(sys.argv)
        self._path = list(sys.path)
        self._environ = dict(os.environ)
        self._raw_environ = dict(_raw_environ())
        self._recursion = sys.getrecursionlimit()
        self._threads = threading.active_count()
        self._alarm = getattr(signal, "alarm", None)

    def restore_builtins(self) -> None:
        """Only these, before anything else of the harness runs: it needs `len` and `isinstance` as they were."""
        current = vars(builtins)
        current.update(self._builtins)

    def restore(self) -> bool:
        """Bring everything back; False when something is left that only the end of the process removes."""
        sys.setrecursionlimit(self._recursion)
        if sys.gettrace() is not None:
            sys.settrace(None)
        sys.setprofile(None)
        if self._alarm is not None:
            self._alarm(0)
        sys.argv = list(self._argv)
        if sys.path != self._path:
            sys.path[:] = self._path
        if _raw_environ() != self._raw_environ:
            os.environ.clear()
            os.environ.update(self._environ)
        sys.modules[self._module.__name__] = self._module
        _restore_names(vars(self._module), self._names)
        _restore_names(vars(builtins), self._builtins)
        for kept, saved in self._containers:
            _restore_content(kept, saved)
        for clear in self._caches:
            clear()
        return self._restore_folder() and threading.active_count() <= self._threads

    def _restore_folder(self) -> bool:
        try:
            if os.getcwd() != self._cwd:
                os.chdir(self._cwd)
            for name in os.listdir("."):
                if os.path.isdir(name) and not os.path.islink(name):
                    shutil.rmtree(name)
                else:
                    os.unlink(name)
        except OSError:
            return False
        return True


def _is_small(kept: Any) -> bool:
    return type(kept) in (list, dict, set) and len(kept) <= _SMALL


def _restore_content(kept: Any, saved: Any) -> None:
    if isinstance(kept, dict):
        if list(map(id, kept.values())) != list(map(id, saved.values())) or kept.keys() != saved.keys():
            kept.clear()
            kept.update(saved)
    elif isinstance(kept, list):
        if list(map(id, kept)) != list(map(id, saved)):
            kept[:] = saved
    elif kept != saved:
        kept.clear()
        kept.update(saved)


def _raw_environ() -> dict[Any, Any]:
    """The environment as `os.environ` keeps it, undecoded: cheap to compare."""
    data: dict[Any, Any] = getattr(os.environ, "_data", None) or dict(os.environ)
    return data


def _restore_names(current: dict[str, Any], saved: dict[str, Any]) -> None:
    if len(current) == len(saved) and all(current.get(name, _MISSING) is value for name, value in saved.items()):
        return
    for name in [name for name in current if name not in saved]:
        del current[name]
    for name, value in saved.items():
        if current.get(name, _MISSING) is not value:
            current[name] = value
