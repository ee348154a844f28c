"""Values as seen from outside: source that makes an equal one, else the public state that a test can look at.

A snapshot travels as `[type name, source or None, imports, [[suffix, snapshot], …], text or None]`.

Iterators and generators are left alone, as looking would use them up: they get a type name and nothing else.
"""

import enum
import io
import types
from collections.abc import Mapping, Sequence, Set
from typing import Any

from . import naming
from .clock import Present
from .guard import Expired
from .render import MAX_ITEMS, Renderer, has_address, quick_source, rebuild

Snapshot = list[Any]

_DEPTH = 4  # of attributes in attributes
_SHOWN = 5  # items of a container that is looked into
_TEXT = 300  # characters of `str()`
_PLAIN = (type(None), bool, int, float, complex, str, bytes)


def brief(value: Any) -> Snapshot:
    """Type and, for a small literal, source, for a member of an enum its name; runs no foreign code."""
    member = object.__getattribute__(value, "__dict__").get("_name_") if type(type(value)) is enum.EnumMeta else None
    return [naming.dotted(type(value)), quick_source(value), [], [], member]


class Snapshotter:
    """Takes snapshots of what one candidate made.

    Args:
        package: top-level package of the module under test; properties of its classes count as public state.
        tmp_path: the folder behind the test's `tmp_path`, None without.
        private: the folder that no stable text may show.
        present: how the present is told.
    """

    def __init__(self, *, package: str, tmp_path: str | None, private: str, present: Present) -> None:
        self._package = package
        self._tmp_path = tmp_path
        self._private = private
        self._present = present
        self.volatile = False
        """Whether anything seen so far holds the present time or the sandbox's own folder."""

    def take(self, value: Any, depth: int = 0) -> Snapshot:
        """The whole value: by source if possible, by attributes otherwise."""
        source, imports = self._source(value)
        if source is not None:
            self._watch_text(source)
            return [naming.dotted(type(value)), source, imports, [], None]
        return [naming.dotted(type(value)), None, [], self._attributes(value, depth), self._text(value)]

    def state(self, value: Any) -> Snapshot:
        """What a test would look at after something happened to the value: objects by attributes even where source
        would do, containers and plain values by source."""
        if _is_container(value) or isinstance(value, _PLAIN):
            return self.take(value)
        attributes = self._attributes(value, 0)
        return self.take(value) if not attributes else [naming.dotted(type(value)), None, [], attributes, None]

    def _source(self, value: Any) -> tuple[str | None, list[str]]:
        renderer = Renderer(self._tmp_path, self._watch)
        try:
            source = renderer.render(value)
            imports = sorted(renderer.imports)
            if renderer.checked or self._same(value, rebuild(source, imports, self._names())):
                return source, imports
        except Expired:
            raise
        except BaseException:  # foreign `__repr__`, `__eq__`, constructors: anything can come
            pass
        return None, []

    def _same(self, value: Any, rebuilt: Any) -> bool:
        if (
            type(rebuilt) is not type(value) and type(value).__name__ != "_CallList"
        ):  # a mock's calls equal a plain list
            return False
        if rebuilt == value:
            return True
        # NaN equals nothing, itself included
        return "nan" in repr(value).lower() and Renderer(self._tmp_path).render(value) == Renderer(
            self._tmp_path
        ).render(rebuilt)

    def _names(self) -> dict[str, Any]:
        if self._tmp_path is None:
            return {}
        import pathlib

        return {"tmp_path": pathlib.Path(self._tmp_path)}

    def _text(self, value: Any) -> str | None:
        kind = type(value)
        plain = all(getattr(kind, method) is getattr(object, method) for method in ("__str__", "__repr__"))
        if plain or isinstance(value, (Mapping, types.ModuleType)):
            return None
        try:
            text = str(value)
        except Expired:
            raise
        except BaseException:
            return None
        if not isinstance(text, str) or len(text) > _TEXT or has_address(text) or self._private in text:
            return None
        self._watch_text(text)
        return text

    def _attributes(self, value: Any, depth: int) -> list[list[Any]]:
        if depth >= _DEPTH:
            return []
        found: list[list[Any]] = []
        for suffix, item in self._parts(value):
            snapshot = self.take(item, depth + 1)
            if snapshot[1] is not None or snapshot[3] or snapshot[4] is not None:
                found.append([suffix, snapshot])
        return found

    def _parts(self, value: Any) -> list[tuple[str, Any]]:
        special = _special_parts(value)
        if special is not None:
            return special
        parts = [(f".{name}", item) for name, item in public_state(value, self._package)]
        try:
            parts += _contents(value)
        except Expired:
            raise
        except BaseException:
            pass
        return parts[: 2 * MAX_ITEMS]

    def _watch(self, value: Any) -> None:
        if not self.volatile and self._present.is_in(value):
            self.volatile = True

    def _watch_text(self, text: str) -> None:
        if not self.volatile:
            self.volatile = self._private in text or self._present.shows_in(text)


def _is_container(value: Any) -> bool:
    return type(value).__module__ in ("builtins", "collections") and isinstance(
        value, (Mapping, Set, Sequence, bytearray)
    )


def _special_parts(value: Any) -> list[tuple[str, Any]] | None:
    """Parts of objects whose state is not in attributes; None for all others."""
    kind = type(value)
    if isinstance(value, (io.StringIO, io.BytesIO)):
        return [] if value.closed else [(".getvalue()", value.getvalue())]
    if kind.__module__ == "re" and kind.__name__ == "Match":
        return [(".group()", value.group()), (".groups()", value.groups()), (".span()", value.span())]
    if any(base.__module__ == "unittest.mock" and base.__name__ == "NonCallableMock" for base in kind.__mro__):
        return [(".mock_calls", value.mock_calls)]
    if isinstance(value, (types.ModuleType, types.FunctionType, types.GeneratorType, types.CoroutineType)):
        return []
    return None


def _contents(value: Any) -> list[tuple[str, Any]]:
    """Length and first items of what has them; of a text its beginning and its end."""
    if isinstance(value, type) or not hasattr(type(value), "__len__"):
        return []
    size = len(value)
    parts: list[tuple[str, Any]] = [("len()", size)]
    if isinstance(value, Mapping):
        for key in list(value)[:_SHOWN]:
            source = quick_source(key)
            if source is not None:
                parts.append((f"[{source}]", value[key]))
    elif isinstance(value, (str, bytes, bytearray)):
        parts += [("[:40]", value[:40]), ("[-20:]", value[-20:])] if size else []
    elif isinstance(value, Sequence) and size:
        parts += [(f"[{index}]", value[index]) for index in range(min(size, _SHOWN))]
        if size > _SHOWN:
            parts.append(("[-1]", value[-1]))
    return parts


def public_state(value: Any, package: str) -> list[tuple[str, Any]]:
    """Public attributes that hold data: the instance's own, slots, and properties of classes of `package`."""
    if isinstance(value, type):
        return []
    found: dict[str, Any] = {}
    if isinstance(value, BaseException):
        found["args"] = value.args
    stored = getattr(value, "__dict__", None)
    if isinstance(stored, dict):
        for name, item in list(stored.items()):
            if isinstance(name, str) and name.isidentifier() and not name.startswith("_") and not callable(item):
                found[name] = item
    for cls in type(value).__mro__:
        slots = vars(cls).get("__slots__", ())
        names = (slots,) if isinstance(slots, str) else tuple(slots)
        if cls.__module__.partition(".")[0] == package:
            names += tuple(name for name, member in vars(cls).items() if isinstance(member, property))
        for name in names:
            if isinstance(name, str) and not name.startswith("_") and name not in found:
                item = _read(value, name)
                if item is not _UNREADABLE and not callable(item):
                    found[name] = item
    return list(found.items())


_UNREADABLE: Any = object()


def _read(value: Any, name: str) -> Any:
    try:
        return getattr(value, name)
    except Expired:
        raise
    except BaseException:
        return _UNREADABLE
