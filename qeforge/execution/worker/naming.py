"""Names by which a test can import a class, a function or a module."""

import builtins
import sys
from types import ModuleType
from typing import Any

_MISSING = object()


def dotted(obj: Any) -> str:
    """Where a class or function lives, as text: builtins bare, else module and qualified name."""
    module = getattr(obj, "__module__", None)
    name = str(getattr(obj, "__qualname__", None) or getattr(obj, "__name__", "") or type(obj).__name__)
    if module == "builtins" or not isinstance(module, str):
        return name
    return f"{public_module(module, name, obj)}.{name}"


def ancestors(cls: type) -> list[str]:
    """The dotted names of the bases of a class in resolution order, itself and `object` left out."""
    return [dotted(base) for base in cls.__mro__[1:] if base is not object]


def importable(obj: Any) -> tuple[str, str] | None:
    """An import statement (empty for builtins) and the expression that then gives this very object, or None."""
    if isinstance(obj, ModuleType):
        name = obj.__name__
        return (f"import {name}", name) if sys.modules.get(name) is obj and _is_path(name) else None
    module = getattr(obj, "__module__", None)
    qualname = getattr(obj, "__qualname__", None)
    if not isinstance(qualname, str) or not _is_path(qualname):
        return None
    if getattr(builtins, qualname, _MISSING) is obj:
        return "", qualname
    if not isinstance(module, str):
        return None
    module = public_module(module, qualname, obj)
    if not _is_path(module) or resolve(module, qualname) is not obj:
        return None
    return f"from {module} import {qualname.partition('.')[0]}", qualname


def public_module(module: str, qualname: str, obj: Any) -> str:
    """The module that users import it from: `io` for what says `_io`, a package for what its private module defines."""
    if not any(part.startswith("_") for part in module.split(".")):
        return module
    for candidate in (module.lstrip("_"), *_public_parents(module)):
        if candidate and candidate != module and resolve(candidate, qualname) is obj:
            return candidate
    return module


def resolve(module: str, qualname: str) -> Any:
    """What a loaded module has under a qualified name; a private marker that is nothing else when it has not."""
    found: Any = sys.modules.get(module, _MISSING)
    for part in qualname.split("."):
        if found is _MISSING:
            break
        try:
            found = getattr(found, part, _MISSING)
        except Exception:
            return _MISSING
    return found


def _public_parents(module: str) -> list[str]:
    parts = module.split(".")
    whole = [".".join(parts[:size]) for size in range(len(parts) - 1, 0, -1)]
    return [name for name in whole if not any(part.startswith("_") for part in name.split("."))]


def _is_path(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))
