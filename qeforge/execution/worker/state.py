"""What the modules of a package keep: brought back to what it was, as far as that can be known.

Names, containers of plain values and function caches can be brought back. Objects of any other kind may hold anything;
a package that keeps one is told (`complete` is False) and left to fresh processes.
"""

import collections
import enum
import functools
import logging
import re
import sys
import types
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

_ATOMS = (
    type(None), bool, int, float, complex, str, bytes, range, slice, type(...), type(NotImplemented), object,
    types.ModuleType, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.GetSetDescriptorType, types.MemberDescriptorType, types.MethodWrapperType, types.GenericAlias,
    types.UnionType, re.Pattern, logging.Logger,
)  # fmt: skip
_ATOM_MODULES = frozenset(
    {
        *("typing", "typing_extensions", "datetime", "decimal", "fractions", "uuid", "pathlib", "pathlib._local"),
        *("operator", "zoneinfo", "__future__", "importlib.machinery", "importlib._bootstrap_external"),
        *("_frozen_importlib", "_frozen_importlib_external"),
    }
)
_ATOM_TYPES = frozenset(
    {
        *(("_collections", "_tuplegetter"), ("inspect", "Signature"), ("inspect", "Parameter"), ("_thread", "lock")),
        *(
            ("_thread", "RLock"),
            ("functools", "singledispatchmethod"),
            ("contextvars", "ContextVar"),
            ("re", "Scanner"),
        ),
    }
)
_COPIES: dict[type, Callable[[Any], Any]] = {
    list: list, set: set, dict: dict, bytearray: bytearray, collections.deque: collections.deque,
    collections.OrderedDict: dict, collections.defaultdict: dict, collections.Counter: dict,
}  # fmt: skip
_MODULES = 60
_ITEMS = 5_000  # of all containers together: comparing them is paid for after every candidate
_OWN_NAMES = frozenset({"__builtins__", "__spec__", "__loader__", "__cached__", "__warningregistry__"})

_MISSING: Any = object()


class PackageState:
    """The state of all loaded modules of one package, now and at `restore`.

    Attributes:
        complete: whether nothing escapes it.
    """

    def __init__(self, package: str) -> None:
        self.complete = True
        self._names: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._classes: list[tuple[type, dict[str, Any]]] = []
        self._containers: list[tuple[Any, Any]] = []
        self._caches: list[Callable[[], object]] = []
        self._live: list[Any] = []
        self._saved: list[Any] = []
        self._package = package
        self._seen: set[int] = set()
        self._items = 0
        modules = [
            module
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] == package and isinstance(module, types.ModuleType)
        ]
        if len(modules) > _MODULES:
            self.complete = False
            return
        for module in modules:
            names = vars(module)
            self._names.append((names, dict(names)))
            self._look_at_all(value for name, value in list(names.items()) if name not in _OWN_NAMES)
        self.complete = self.complete and self._items <= _ITEMS
        pairs = [*self._names, *((vars(cls), members) for cls, members in self._classes), *self._containers]
        self._live, self._saved = [live for live, _ in pairs], [saved for _, saved in pairs]

    def restore(self) -> bool:
        """Bring back what can be; whether nothing had changed, caches aside."""
        for clear in self._caches:
            clear()
        try:
            if self._live == self._saved:  # at the speed of C, as it is nearly always so
                return True
        except Exception:  # a foreign `__eq__`
            pass
        for names, saved in self._names:
            _restore_names(names, saved, names.__setitem__, names.__delitem__)
        for cls, members in self._classes:
            _restore_names(vars(cls), members, partial(_set_member, cls), partial(type.__delattr__, cls))
        for container, content in self._containers:
            if len(container) != len(content) or container != content:
                _refill(container, content)
        return False

    def _look_at_all(self, values: Iterable[Any]) -> None:
        for value in values:
            self._look_at(value)

    def _look_at(self, value: Any) -> None:
        kind = type(value)
        if kind in _ATOMS or kind.__module__ in _ATOM_MODULES or isinstance(value, enum.Enum):
            return
        if (kind.__module__, kind.__qualname__) in _ATOM_TYPES:
            return
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        if kind in (tuple, frozenset):
            self._look_at_all(value)
        elif kind in _COPIES:
            self._keep(value, kind)
        elif isinstance(value, types.FunctionType):
            self._look_at_function(value)
        elif isinstance(value, type):
            self._look_at_class(value)
        elif isinstance(value, (staticmethod, classmethod)):
            self._look_at(value.__func__)
        elif isinstance(value, property):
            self._look_at_all((value.fget, value.fset, value.fdel))
        elif isinstance(value, functools.cached_property):
            self._look_at(value.func)
        elif isinstance(value, functools.partial):
            self._look_at_all((value.func, value.args, value.keywords))
        elif callable(getattr(value, "cache_clear", None)):
            self._caches.append(value.cache_clear)
            self._look_at(value.__wrapped__)
        elif isinstance(value, tuple) and hasattr(kind, "_fields"):
            self._look_at_all(value)
        elif kind is types.MappingProxyType:
            self._look_at_all(value.values())
        elif self._is_plain_object(value):
            names = vars(value)
            self._names.append((names, dict(names)))
            self._look_at_all(list(names.values()))
        else:
            self.complete = False

    def _is_plain_object(self, value: Any) -> bool:
        """Whether it is an object of the package's own making that keeps everything in its `__dict__`."""
        return isinstance(getattr(value, "__dict__", None), dict) and all(
            base is object
            or base.__module__ in ("abc", "typing")
            or (base.__module__.partition(".")[0] == self._package and "__slots__" not in vars(base))
            for base in type(value).__mro__
        )

    def _keep(self, value: Any, kind: type) -> None:
        self._containers.append((value, _COPIES[kind](value)))
        self._items += len(value)
        if self._items <= _ITEMS and kind is not bytearray:
            self._look_at_all(value)
            if isinstance(value, dict):
                self._look_at_all(value.values())

    def _look_at_function(self, function: types.FunctionType) -> None:
        self._look_at_all(function.__defaults__ or ())
        self._look_at_all((function.__kwdefaults__ or {}).values())
        self._look_at_all(vars(function).values())
        for cell in function.__closure__ or ():
            try:
                self._look_at(cell.cell_contents)
            except ValueError:  # an empty cell
                continue

    def _look_at_class(self, cls: type) -> None:
        if cls.__module__.partition(".")[0] != self._package or issubclass(cls, enum.Enum):
            return
        members = dict(vars(cls))
        self._classes.append((cls, members))
        hidden = (
            "__dict__",
            "__weakref__",
            "__annotations__",
            "__dataclass_fields__",
            "__dataclass_params__",
            "_abc_impl",
        )
        self._look_at_all(value for name, value in members.items() if name not in hidden)


def _restore_names(
    current: Any, saved: dict[str, Any], put: Callable[[str, Any], object], remove: Callable[[str], object]
) -> None:
    for name in [name for name in current if name not in saved]:
        remove(name)
    for name, value in saved.items():
        if current.get(name, _MISSING) is not value:
            put(name, value)


def _set_member(cls: type, name: str, value: Any) -> None:
    if name not in ("__dict__", "__weakref__"):
        type.__setattr__(cls, name, value)


def _refill(container: Any, saved: Any) -> None:
    container.clear()
    if isinstance(container, (list, bytearray, collections.deque)):
        container.extend(saved)
    else:
        container.update(saved)
