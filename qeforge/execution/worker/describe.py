"""What the imported module is made of: callables with resolved types, classes and how to make them, constants."""

import functools
import sys
from collections.abc import Iterable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from . import naming
from .classes import describe_class, is_abstract, subclasses
from .render import quick_source
from .signatures import describe_callable

_CONSTANT = 500  # characters


def describe(module: ModuleType) -> dict[str, Any]:
    """The module as `protocol.facts_from_wire` takes it."""
    mentioned: dict[type, None] = {}
    callables = [
        describe_callable(name, function, module, mentioned)
        for name, function in vars(module).items()
        if _is_own_function(function, module)
    ]
    own = [cls for cls in _classes(vars(module).values()) if cls.__module__ == module.__name__]
    facts: dict[str, dict[str, Any]] = {}
    for cls in _with_nested(own, module):
        fact = describe_class(cls, module, mentioned)
        callables += fact["own"]
        facts[fact["path"]] = fact
    package = module.__name__.partition(".")[0]
    imported = [cls for cls in _classes(vars(module).values()) if cls.__module__.partition(".")[0] == package]
    unread: dict[type, None] = {}
    for cls in (*imported, *list(mentioned)):
        if _is_worth_describing(cls):
            fact = describe_class(cls, module, unread)
            facts.setdefault(fact["path"], fact)
    known = [cls for cls in (*own, *imported, *mentioned) if _is_worth_describing(cls)]
    return {
        "module": module.__name__,
        "callables": callables,
        "classes": [{key: value for key, value in fact.items() if key != "own"} for fact in facts.values()],
        "constants": _constants(module),
        "subclasses": {
            naming.dotted(cls): found for cls in known if is_abstract(cls) and (found := subclasses(cls, package))
        },
        "version": list(sys.version_info[:2]),
    }


def _is_own_function(obj: Any, module: ModuleType) -> bool:
    if isinstance(obj, type) or not callable(obj) or getattr(obj, "__module__", None) != module.__name__:
        return False
    if isinstance(obj, (FunctionType, BuiltinFunctionType, functools.partial)):
        return True
    return callable(getattr(obj, "__wrapped__", None))


def _classes(values: Iterable[Any]) -> list[type]:
    return list(dict.fromkeys(value for value in values if isinstance(value, type)))


def _with_nested(classes: list[type], module: ModuleType) -> list[type]:
    found = list(classes)
    for cls in found:
        found += [
            inner
            for inner in _classes(vars(cls).values())
            if inner.__module__ == module.__name__
            and inner.__qualname__ == f"{cls.__qualname__}.{inner.__name__}"
            and inner not in found
        ]
    return found


def _is_worth_describing(cls: type) -> bool:
    return (
        cls.__module__ not in ("builtins", "typing", "collections.abc", "types") and "<locals>" not in cls.__qualname__
    )


def _constants(module: ModuleType) -> dict[str, str]:
    found = {}
    for name, value in vars(module).items():
        if not (name.startswith("__") and name.endswith("__")):
            source = quick_source(value, _CONSTANT)
            if source is not None:
                found[name] = source
    return found
