"""Process-wide state that candidates of one batch must not hand on to each other."""

import builtins
import os
import shutil
import signal
import sys
import threading
from types import ModuleType
from typing import Any

from .state import PackageState

_ENDING_SECONDS = 0.05
"""For a thread that has done its work to be gone."""


class Isolation:
    """Remembers the state of this process and brings it back after each candidate.

    `changed` tells whether the last candidate left something else in the package than it found, caches aside.
    What the modules of the package keep is brought back as far as `state` can; only a fresh fork forgets the rest.
    """

    def __init__(self, module: ModuleType) -> None:
        self.changed = False
        self._module = module
        self._state = PackageState(module.__name__.partition(".")[0])
        self._builtins = vars(builtins)
        self._saved_builtins = dict(self._builtins)
        self._cwd = os.getcwd()
        self._furniture = frozenset(os.listdir("."))
        self._argv = list(sys.argv)
        self._path = list(sys.path)
        self._environ = dict(os.environ)
        self._raw_environ = dict(_raw_environ())
        self._recursion = sys.getrecursionlimit()
        self._threads = threading.active_count()
        self._known = set(threading.enumerate())
        self._alarm = getattr(signal, "alarm", None)

    @property
    def complete(self) -> bool:
        """Whether the package keeps nothing that would be left behind."""
        return self._state.complete

    def accept_builtins(self) -> None:
        """What the harness has put among the builtins since belongs there."""
        self._saved_builtins = dict(self._builtins)

    def restore_builtins(self) -> None:
        """Only these, before anything else of the harness runs: it needs `len` and `isinstance` as they were."""
        self._builtins.update(self._saved_builtins)

    def restore(self, *, folder: bool = True) -> bool:
        """Bring everything back; False when something is left that only the end of the process removes.

        Without `folder` only the place is checked, not what lies there.
        """
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
        self.changed = not self._state.restore()
        if self._builtins != self._saved_builtins:
            for name in [name for name in self._builtins if name not in self._saved_builtins]:
                del self._builtins[name]
        return self._restore_folder(empty=folder) and threading.active_count() <= self._threads

    def lingers(self) -> bool:
        """Whether a thread was started that keeps its process alive: a test run that has it never ends. Those of an
        executor end with the process, and what is just ending is waited for."""
        executors = getattr(sys.modules.get("concurrent.futures.thread"), "_threads_queues", ())
        for thread in threading.enumerate():
            if not thread.daemon and thread not in self._known and thread not in executors:
                thread.join(_ENDING_SECONDS)
                if thread.is_alive():
                    return True
        return False

    def _restore_folder(self, *, empty: bool) -> bool:
        try:
            if os.getcwd() != self._cwd:
                os.chdir(self._cwd)
            for name in set(os.listdir(".")) - self._furniture if empty else ():
                if os.path.isdir(name) and not os.path.islink(name):
                    shutil.rmtree(name)
                else:
                    os.unlink(name)
        except OSError:
            return False
        return True


def _raw_environ() -> dict[Any, Any]:
    """The environment as `os.environ` keeps it, undecoded: cheap to compare."""
    data: dict[Any, Any] = getattr(os.environ, "_data", None) or dict(os.environ)
    return data
