from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from qeforge.execution.worker.pytest_state import ModuleState
from tests.execution.swapped import loaded


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    with loaded(tmp_path) as module:
        yield module


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
