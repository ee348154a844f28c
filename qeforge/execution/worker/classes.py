"""Classes: what kind they are, and what it takes to make an instance."""

import dataclasses
import enum
import functools
import inspect
import typing
from types import FunctionType, ModuleType
from typing import Any

from . import naming
from .signatures import describe_callable, describe_parameter, signature_of
from .typerefs import Resolver, names_of

_FACTORY_NAMES = ("from_", "create", "parse", "make", "build", "load", "of", "default", "new", "empty", "get_instance")
_SUBCLASSES = 10
_METHODS = 80


def describe_class(cls: type, module: ModuleType, mentioned: dict[type, None]) -> dict[str, Any]:
    """The class as `protocol` takes it; under `own` also the callables that it defines itself, private ones too."""
    kind = kind_of(cls)
    own = [
        describe_callable(f"{cls.__qualname__}.{name}", function, module, mentioned, owner=cls, bound=bound)
        for name, function, bound in _callables(cls)
    ]
    methods = list(own)
    known = {method[0] for method in methods}
    package = cls.__module__.partition(".")[0]
    for base in cls.__mro__[1:]:
        if base.__module__.partition(".")[0] == package and len(methods) < _METHODS:
            for name, function, bound in _callables(base):
                if f"{cls.__qualname__}.{name}" not in known:
                    known.add(f"{cls.__qualname__}.{name}")
                    methods.append(
                        describe_callable(
                            f"{cls.__qualname__}.{name}", function, module, mentioned, owner=cls, bound=bound
                        )
                    )
    properties = _properties(cls, package)
    return {
        "path": f"{naming.public_module(cls.__module__, cls.__qualname__, cls)}:{cls.__qualname__}",
        "kind": kind,
        "constructor": _constructor(cls, kind, module, mentioned),
        "ancestors": naming.ancestors(cls),
        "abstract": sorted(getattr(cls, "__abstractmethods__", None) or ()),
        "members": list(cls.__members__) if isinstance(cls, enum.EnumMeta) else [],
        "factories": [name for name in vars(cls) if _is_factory(cls, name, own)],
        "methods": [
            method for method in methods if not _is_dunder(method[0]) and method[0].rpartition(".")[2] not in properties
        ],
        "properties": properties,
        "own": own,
    }


def kind_of(cls: type) -> str:
    """A `domain.facts.ClassKind`."""
    if isinstance(cls, enum.EnumMeta):
        return "enum"
    if issubclass(cls, BaseException):
        return "exception"
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return "namedtuple"
    if typing.is_typeddict(cls):
        return "typeddict"
    if "__attrs_attrs__" in vars(cls):
        return "attrs"
    if dataclasses.is_dataclass(cls):
        return "dataclass"
    if any(base.__name__ == "BaseModel" and base.__module__.startswith("pydantic") for base in cls.__mro__):
        return "pydantic"
    return "protocol" if vars(cls).get("_is_protocol") else "class"


def is_abstract(cls: type) -> bool:
    """Whether no instance of the class itself can be made, or should be."""
    return bool(getattr(cls, "__abstractmethods__", None)) or bool(vars(cls).get("_is_protocol"))


def subclasses(cls: type, package: str) -> list[str]:
    """Dotted names of loaded, concrete, importable subclasses; those of `package` first."""
    found: dict[type, None] = {}
    waiting: list[type] = [cls]
    while waiting and len(found) < 200:
        direct: list[type] = type.__subclasses__(waiting.pop())
        for sub in direct:
            if sub not in found:
                found[sub] = None
                waiting.append(sub)
    names = [naming.dotted(sub) for sub in found if not is_abstract(sub) and naming.importable(sub) is not None]
    return sorted(names, key=lambda name: (name.partition(".")[0] != package, name))[:_SUBCLASSES]


def _constructor(cls: type, kind: str, module: ModuleType, mentioned: dict[type, None]) -> list[Any]:
    if kind in ("enum", "protocol"):
        return []
    names = dict(names_of(cls, module))
    for base in reversed(cls.__mro__):
        initializer = vars(base).get("__init__")
        if isinstance(initializer, FunctionType):
            names.update(initializer.__globals__)
    resolver = Resolver(names, cls)
    if kind == "typeddict":
        required: frozenset[str] = getattr(cls, "__required_keys__", frozenset())
        parameters = [
            [name, "keyword-only", resolver.resolve(annotation), name not in required, None]
            for name, annotation in _annotations(cls).items()
        ]
    else:
        signature = signature_of(cls)
        parameters = [
            describe_parameter(parameter, resolver)
            for parameter in (signature.parameters.values() if signature else ())
        ]
    mentioned.update(resolver.classes)
    return parameters


def _annotations(cls: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        found.update(getattr(base, "__annotations__", {}))
    return found


def _callables(cls: type) -> list[tuple[str, Any, bool]]:
    """`(name as written, function, whether its first parameter is bound)` of what the class itself defines."""
    found: list[tuple[str, Any, bool]] = []
    for key, member in list(vars(cls).items()):
        prefix = f"_{cls.__name__.lstrip('_')}__"
        name = key[len(prefix) - 2 :] if key.startswith(prefix) and not key.endswith("__") else key
        if isinstance(member, staticmethod):
            found.append((name, member.__func__, False))
        elif isinstance(member, classmethod):
            found.append((name, member.__func__, True))
        elif isinstance(member, property):
            if member.fget is not None:
                found.append((name, member.fget, True))
        elif isinstance(member, functools.cached_property):
            found.append((name, member.func, True))
        elif isinstance(member, FunctionType) or (callable(member) and hasattr(member, "__wrapped__")):
            found.append((name, member, True))
    return [item for item in found if _is_written(item[1])]


def _is_written(function: Any) -> bool:
    """Whether it stands in a file: `dataclass`, `namedtuple` and `attrs` make others up."""
    try:
        code = getattr(inspect.unwrap(function), "__code__", None)
    except ValueError:
        return False
    return code is not None and not code.co_filename.startswith("<")


def _properties(cls: type, package: str) -> list[str]:
    names: dict[str, None] = {}
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] == package:
            for name, member in vars(base).items():
                if isinstance(member, (property, functools.cached_property)) and not name.startswith("_"):
                    names[name] = None
    return list(names)


def _is_factory(cls: type, name: str, own: list[list[Any]]) -> bool:
    member = vars(cls)[name]
    if name.startswith("_") or not isinstance(member, (classmethod, staticmethod)):
        return False
    for qualname, _, returns, flavour in own:
        if qualname == f"{cls.__qualname__}.{name}" and flavour == "plain":
            if returns[0] == "Any":
                return isinstance(member, classmethod) and name.startswith(_FACTORY_NAMES)
            return bool(returns[0] == naming.dotted(cls))
    return False


def _is_dunder(qualname: str) -> bool:
    name = qualname.rpartition(".")[2]
    return name.startswith("__") and name.endswith("__")
