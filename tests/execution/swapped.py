"""A module with functions of every kind, loaded in this process."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

SOURCE = '''from __future__ import annotations

import functools
import re

cache = {}


def outer(value: Unknown = 1):
    """Documented."""
    def inner(x): return x + value
    return inner(2) + re.sub("a", "1", "0") .count("0")


class Box:
    seen = []

    @staticmethod
    def triple(x):
        return x * 3

    @property
    def name(self):
        return "böx" + str(1)


def made(n):
    return lambda x: x + n


add_one = made(1)


@functools.lru_cache
def slow(n):
    return n * 10


def remember(n):
    cache[n] = n
    return cache
'''


@contextmanager
def loaded(folder: Path) -> Iterator[ModuleType]:
    """`swapped_module`, importable until the end."""
    path = folder / "swapped_module.py"
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("swapped_module", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[spec.name]
