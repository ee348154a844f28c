"""pytest's `monkeypatch` fixture from the standard library alone, for interpreters without pytest."""

import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

_MISSING: Any = object()


class MonkeyPatch:
    """Changes attributes, items, environment variables, `sys.path` and the working folder, and takes it all back."""

    def __init__(self) -> None:
        self._attributes: list[tuple[Any, str, Any]] = []
        self._items: list[tuple[MutableMapping[Any, Any], Any, Any]] = []
        self._cwd: str | None = None
        self._path: list[str] | None = None

    @contextmanager
    def context(self) -> Iterator["MonkeyPatch"]:
        """A patcher of its own that is undone at the end of the block."""
        inner = MonkeyPatch()
        try:
            yield inner
        finally:
            inner.undo()

    def setattr(self, target: Any, name: Any, value: Any = _MISSING, raising: bool = True) -> None:
        """Set `target.name`, or the attribute at a dotted path when called as `setattr("a.b.c", value)`."""
        if value is _MISSING:
            if not isinstance(target, str):
                raise TypeError(
                    "use setattr(target, name, value) or setattr(target, value) with target a dotted string"
                )
            value = name
            target, name = _resolve(target, raising)
        old = getattr(target, name, _MISSING)
        if raising and old is _MISSING:
            raise AttributeError(f"{target!r} has no attribute {name!r}")
        if isinstance(target, type):
            old = vars(target).get(name, _MISSING)
        self._attributes.append((target, name, old))
        setattr(target, name, value)

    def delattr(self, target: Any, name: Any = _MISSING, raising: bool = True) -> None:
        """Delete `target.name`, or the attribute at a dotted path."""
        if name is _MISSING:
            target, name = _resolve(target, raising)
        if not hasattr(target, name):
            if raising:
                raise AttributeError(name)
            return
        old = vars(target).get(name, _MISSING) if isinstance(target, type) else getattr(target, name)
        self._attributes.append((target, name, old))
        delattr(target, name)

    def setitem(self, dic: MutableMapping[Any, Any], name: Any, value: Any) -> None:
        """Set `dic[name]`."""
        self._items.append((dic, name, dic.get(name, _MISSING)))
        dic[name] = value

    def delitem(self, dic: MutableMapping[Any, Any], name: Any, raising: bool = True) -> None:
        """Delete `dic[name]`."""
        if name not in dic:
            if raising:
                raise KeyError(name)
            return
        self._items.append((dic, name, dic[name]))
        del dic[name]

    def setenv(self, name: str, value: str, prepend: str | None = None) -> None:
        """Set an environment variable; `prepend` joins it in front of the old value with that separator."""
        text = str(value)
        if prepend and name in os.environ:
            text = text + prepend + os.environ[name]
        self.setitem(os.environ, name, text)

    def delenv(self, name: str, raising: bool = True) -> None:
        """Delete an environment variable."""
        self.delitem(os.environ, name, raising=raising)

    def syspath_prepend(self, path: Any) -> None:
        """Put a folder first on `sys.path`."""
        if self._path is None:
            self._path = sys.path[:]
        sys.path.insert(0, str(path))

    def chdir(self, path: Any) -> None:
        """Change the working folder."""
        if self._cwd is None:
            self._cwd = os.getcwd()
        os.chdir(path)

    def undo(self) -> None:
        """Take everything back, the last change first."""
        for target, name, old in reversed(self._attributes):
            if old is not _MISSING:
                setattr(target, name, old)
            elif hasattr(target, name):
                delattr(target, name)
        for dic, key, old in reversed(self._items):
            if old is not _MISSING:
                dic[key] = old
            else:
                dic.pop(key, None)
        self._attributes, self._items = [], []
        if self._path is not None:
            sys.path[:], self._path = self._path, None
        if self._cwd is not None:
            os.chdir(self._cwd)
            self._cwd = None


def _resolve(path: str, raising: bool) -> tuple[Any, str]:
    if not isinstance(path, str) or "." not in path:
        raise TypeError(f"must be absolute import path string, not {path!r}")
    owner, _, name = path.rpartition(".")
    parts = owner.split(".")
    found = __import__(parts[0])
    walked = parts[0]
    for part in parts[1:]:
        walked += f".{part}"
        if not hasattr(found, part):
            __import__(walked)
        found = getattr(found, part)
    if raising and not hasattr(found, name):
        raise AttributeError(f"{found!r} has no attribute {name!r}")
    return found, name
