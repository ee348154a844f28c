import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from qeforge.execution.worker.pytest_state import ModuleState

SOURCE = """import functools

cache = {}


class Box:
    seen = []


def outer():
    return 4


@functools.lru_cache
def slow(n):
    return n * 10


def remember(n):
    cache[n] = n
    return cache
"""


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    path = tmp_path / "swapped_module.py"
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("swapped_module", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    yield loaded
    del sys.modules[spec.name]


def test_state_is_clean_until_something_is_left(module: ModuleType) -> None:
    assert module.__file__
    state = ModuleState(module.__file__)
    module.outer()
    assert state.is_clean()
    module.remember(1)
    assert not state.is_clean()
    module.cache.clear()
    assert state.is_clean()
    module.Box.seen.append(1)
    assert not state.is_clean()


def test_caches_are_emptied(module: ModuleType) -> None:
    assert module.__file__
    state = ModuleState(module.__file__)
    module.slow(1)
    assert state.is_clean()
    assert module.slow.cache_info().currsize == 0
