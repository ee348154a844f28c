"""Annotations resolved as far as this interpreter can: `[name, args, values]`, see `domain.facts.TypeRef`.

A callable's args are its parameters' types followed by its return type; `[..., R]` for `Callable[..., R]`.
"""

import builtins
import inspect
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from . import naming
from .render import quick_source

Ref = list[Any]

ANY: Ref = ["Any", [], []]
_NONE: Ref = ["None", [], []]
_ELLIPSIS: Ref = ["...", [], []]
_DEPTH = 8
_WRAPPERS = {"Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InitVar"}
_BY_NAME: dict[str, Ref] = {
    "Any": ANY, "NoReturn": ANY, "Never": ANY, "LiteralString": ["str", [], []], "AnyStr": ["str", [], []],
    "TypeGuard": ["bool", [], []], "TypeIs": ["bool", [], []],
}  # fmt: skip


class Resolver:
    """Resolves annotations as seen from one module.

    Args:
        names: globals that annotations written as text may use.
        owner: the class that `Self` means, None outside of classes.

    Attributes:
        classes: every class that a resolved annotation mentioned, by identity of appearance.
    """

    def __init__(self, names: Mapping[str, Any], owner: type | None = None) -> None:
        self._names = names
        self._owner = owner
        self.classes: dict[type, None] = {}

    def resolve(self, annotation: Any, depth: int = 0) -> Ref:
        """The type an annotation means; `Any` for what cannot be resolved."""
        if depth > _DEPTH or annotation is inspect.Parameter.empty or annotation is object:
            return ANY
        if annotation is None or annotation is type(None):
            return _NONE
        if annotation is ...:
            return _ELLIPSIS
        if isinstance(annotation, typing.ForwardRef):
            annotation = annotation.__forward_arg__
        if isinstance(annotation, str):
            return self.resolve(self._evaluate(annotation), depth + 1)
        if isinstance(annotation, typing.TypeVar):
            return self._variable(annotation, depth)
        supertype = getattr(annotation, "__supertype__", None)
        if supertype is not None:
            return self.resolve(supertype, depth + 1)
        if type(annotation).__name__ == "TypeAliasType":
            return self.resolve(annotation.__value__, depth + 1)
        origin = typing.get_origin(annotation)
        if origin is not None:
            return self._generic(annotation, origin, typing.get_args(annotation), depth)
        return self._plain(annotation)

    def _plain(self, annotation: Any) -> Ref:
        name = getattr(annotation, "_name", None) or getattr(annotation, "__name__", None)
        if annotation is typing.NamedTuple:
            return ["typing.NamedTuple", [], []]
        if name == "Self" and self._owner is not None:
            return self._class(self._owner)
        if isinstance(annotation, type):
            return ANY if annotation is typing.Any else self._class(annotation)
        if getattr(annotation, "__module__", "") in ("typing", "typing_extensions") and name in _BY_NAME:
            return _BY_NAME[name]
        return ["callable", [], []] if name == "Callable" else ANY

    def _class(self, cls: type, args: list[Ref] | None = None) -> Ref:
        if cls.__module__ == "collections.abc" and cls.__name__ == "Callable":
            return ["callable", args or [], []]
        self.classes[cls] = None
        return [naming.dotted(cls), args or [], []]

    def _generic(self, annotation: Any, origin: Any, args: tuple[Any, ...], depth: int) -> Ref:
        name = getattr(origin, "_name", None) or getattr(origin, "__name__", "")
        if origin is typing.Union or origin is types.UnionType:
            return self._union([self.resolve(arg, depth + 1) for arg in args])
        if origin is typing.Literal or name == "Literal":
            return ["literal", [], [source for source in map(_literal, args) if source is not None]]
        if hasattr(annotation, "__metadata__"):
            return self.resolve(annotation.__origin__, depth + 1)
        if name in _WRAPPERS:
            return self.resolve(args[0], depth + 1) if args else ANY
        if name in _BY_NAME:
            return _BY_NAME[name]
        if name == "Callable":
            return ["callable", list(self._callable_args(args, depth)), []]
        if isinstance(origin, type):
            return self._class(origin, [self.resolve(arg, depth + 1) for arg in args])
        return self.resolve(getattr(origin, "__value__", ANY), depth + 1)

    def _callable_args(self, args: tuple[Any, ...], depth: int) -> Iterator[Ref]:
        for arg in args:
            if isinstance(arg, list):
                yield from (self.resolve(item, depth + 1) for item in arg)
            else:
                yield self.resolve(arg, depth + 1)

    def _variable(self, variable: typing.TypeVar, depth: int) -> Ref:
        if variable.__constraints__:
            return self._union([self.resolve(item, depth + 1) for item in variable.__constraints__])
        return self.resolve(variable.__bound__, depth + 1) if variable.__bound__ is not None else ANY

    def _union(self, refs: list[Ref]) -> Ref:
        flat: list[Ref] = []
        for ref in refs:
            for item in ref[1] if ref[0] == "union" else [ref]:
                if item not in flat:
                    flat.append(item)
        return flat[0] if len(flat) == 1 else ["union", flat, []]

    def _evaluate(self, text: str) -> Any:
        """What a written annotation means; unknown names (imported for type checkers only) count as `Any`."""
        try:
            return eval(text, {}, _Names(self._names))  # type: ignore[arg-type, unused-ignore]
        except Exception:
            return typing.Any


class _Names(dict[str, Any]):
    """Names of a module, of `builtins` and `typing`; `Any` for all others."""

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            return getattr(builtins, name)
        return getattr(typing, name, typing.Any)


def _literal(value: Any) -> str | None:
    source = quick_source(value)
    if source is None and hasattr(type(value), "__members__"):
        found = naming.importable(type(value))
        return f"{found[1]}.{value.name}" if found else None
    return source


def names_of(obj: Any, module: types.ModuleType) -> Mapping[str, Any]:
    """The globals that a function's or class's annotations were written with."""
    function = inspect.unwrap(obj) if callable(obj) and not isinstance(obj, type) else obj
    found = getattr(function, "__globals__", None)
    if isinstance(found, dict):
        return found
    defining = sys.modules.get(str(getattr(obj, "__module__", "")), module)
    names = dict(vars(defining))
    if isinstance(obj, type):
        names.update(vars(obj))
    return names
