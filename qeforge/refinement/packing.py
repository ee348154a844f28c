"""Domain values as plain JSON data and back, by their type hints: a new field of a report needs no line here."""

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
_PLAIN = (str, int, float, bool, type(None))


def pack(value: object) -> Any:
    """A dataclass of plain values, paths, enumerations, tuples, sets, mappings and other such dataclasses as JSON data.

    Sets come sorted by their text, so that equal values are packed alike in every process.

    Raises:
        TypeError: something else is in it.
    """
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple | list):
        return [pack(item) for item in value]
    if isinstance(value, frozenset | set):
        return sorted((pack(item) for item in value), key=repr)
    if isinstance(value, Mapping):
        return {str(pack(key)): pack(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: pack(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be packed")


def unpack(kind: type[T], data: Any) -> T:
    """The value of type `kind` that was packed as `data`; fields that are missing get their defaults.

    Raises:
        ValueError: `data` is not of that type.
    """
    try:
        return typing.cast(T, _unpack(kind, data))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no {kind.__name__}: {error}") from error


def _unpack(kind: Any, data: Any) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if data is None and type(None) in arguments:
            return None
        return _unpack(next(one for one in arguments if one is not type(None)), data)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_unpack(arguments[0], item) for item in data)
        return tuple(_unpack(one, item) for one, item in zip(arguments, data, strict=True))
    if origin is frozenset:
        return frozenset(_unpack(arguments[0], item) for item in data)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {_unpack(arguments[0], key): _unpack(arguments[1], item) for key, item in data.items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _unpack(hints[name], item) for name, item in data.items()})  # type: ignore[operator]
    if issubclass(kind, enum.Enum | Path):
        return kind(data)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if type(data) is not kind:
        raise ValueError(f"{data!r} is no {kind.__name__}")
    return data
