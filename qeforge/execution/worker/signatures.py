"""Callables as `inspect.signature` sees them, with resolved types."""

import contextlib
import inspect
import types
from typing import Any

from .render import Renderer, Unrenderable, quick_source
from .typerefs import ANY, Resolver, names_of

_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional-only",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional-or-keyword",
    inspect.Parameter.VAR_POSITIONAL: "var-positional",
    inspect.Parameter.KEYWORD_ONLY: "keyword-only",
    inspect.Parameter.VAR_KEYWORD: "var-keyword",
}


def describe_callable(
    qualname: str,
    obj: Any,
    module: types.ModuleType,
    mentioned: dict[type, None],
    *,
    owner: type | None = None,
    bound: bool = False,
) -> list[Any]:
    """`[qualname, parameters, return type, flavour]`.

    Args:
        qualname: under which it is known.
        obj: the function, unbound.
        module: whose names annotations are read with when the function does not tell.
        mentioned: takes the classes that its types mention.
        owner: its class, if it has one.
        bound: whether the first parameter is `self` or `cls`, to be left out.
    """
    resolver = Resolver(names_of(obj, module), owner)
    signature = signature_of(obj)
    parameters: list[Any] = []
    returns = ANY
    if signature is not None:
        found = list(signature.parameters.values())
        if bound and found and found[0].kind in (
            inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD,
        ):  # fmt: skip
            found = found[1:]
        parameters = [describe_parameter(parameter, resolver) for parameter in found]
        returns = resolver.resolve(signature.return_annotation)
    mentioned.update(resolver.classes)
    return [qualname, parameters, returns, flavour(obj)]


def describe_parameter(parameter: inspect.Parameter, resolver: Resolver) -> list[Any]:
    """`[name, kind, type, has default, default's source or None]`."""
    has_default = parameter.default is not parameter.empty
    return [
        parameter.name,
        _KINDS[parameter.kind],
        resolver.resolve(parameter.annotation),
        has_default,
        literal(parameter.default) if has_default else None,
    ]


def signature_of(obj: Any) -> inspect.Signature | None:
    """Its signature, through decorators that tell; None for builtins that do not have one."""
    try:
        return inspect.signature(obj)
    except (TypeError, ValueError, NameError, AttributeError, RecursionError):
        return None


def literal(value: Any) -> str | None:
    """Source of a value that needs no import, None for others."""
    source = quick_source(value, 500)
    if source is not None:
        return source
    renderer = Renderer()
    try:
        source = renderer.render(value)
    except Unrenderable:
        return None
    except Exception:  # foreign `__repr__` and the like
        return None
    return source if renderer.checked and not renderer.imports else None


def flavour(obj: Any) -> str:
    """What calling it gives."""
    try:
        inner = inspect.unwrap(obj)
    except ValueError:
        inner = obj
    code = getattr(obj, "__code__", None)
    managed = code is not None and code.co_filename == contextlib.__file__ and inner is not obj
    if inspect.isasyncgenfunction(inner):
        return "async context manager" if managed else "async generator"
    if inspect.isgeneratorfunction(inner):
        return "context manager" if managed else "generator"
    return "coroutine" if inspect.iscoroutinefunction(inner) else "plain"
