"""Importing the module under test, once, with its import-time arcs and the real reason when it fails."""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

from .guard import Expired, Guard
from .tracer import Arc, Tracer


class Imported(NamedTuple):
    """The module, and the arcs that its own body took."""

    module: ModuleType
    arcs: set[Arc]


class ImportFailure(Exception):
    """Why it cannot be imported, in one line."""


def extend_path(first: Sequence[str], last: Sequence[str]) -> None:
    """Put folders in front of `sys.path`, in that order, and others behind it unless they are there already."""
    sys.path[:0] = [entry for entry in first if entry]
    sys.path.extend(entry for entry in last if entry not in sys.path)


def load(name: str, path: str, tracer: Tracer, guard: Guard, cpu_seconds: float) -> Imported:
    """Import the module and make sure that it is the file at `path`. Raises ImportFailure."""
    importlib.invalidate_caches()
    tracer.start()
    guard.arm(cpu_seconds)
    try:
        module = importlib.import_module(name)
    except Expired:
        raise ImportFailure(f"importing it took more than {cpu_seconds:g} s of CPU time") from None
    except BaseException as error:  # modules raise anything, SystemExit included
        raise ImportFailure(_reason(error, path)) from None
    finally:
        guard.disarm()
        arcs = tracer.stop()
        tracer.settle()
    if sys.modules.get(name) is not module or not isinstance(module, ModuleType):
        raise ImportFailure("it replaces itself in sys.modules with another object")
    found = getattr(module, "__file__", None)
    if found is None or os.path.realpath(found) != os.path.realpath(path):
        raise ImportFailure(f"import {name} finds {found or 'a module without a file'} instead")
    return Imported(module, arcs)


def _reason(error: BaseException, path: str) -> str:
    if isinstance(error, SystemExit):
        text = f"it exits on import (SystemExit: {error.code})"
    else:
        try:
            message = " ".join(str(error).split())
        except BaseException:
            message = ""
        text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame.filename)]
    if isinstance(error, SyntaxError) and error.filename:
        return f"{text} ({_short(error.filename, path)})"
    return f"{text} ({_short(places[-1].filename, path)}:{places[-1].lineno})" if places else text


def _is_machinery(filename: str) -> bool:
    return filename.startswith("<frozen") or os.path.dirname(filename) in (
        os.path.dirname(__file__),
        os.path.dirname(importlib.__file__),
    )


def _short(filename: str, path: str) -> str:
    """The file's name as seen from the folder above the module's own."""
    try:
        relative = os.path.relpath(filename, os.path.dirname(os.path.dirname(path)))
    except ValueError:
        return filename
    return filename if relative.startswith("..") else relative
