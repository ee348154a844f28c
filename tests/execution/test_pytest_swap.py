import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from qeforge.execution.worker.pytest_state import ModuleState
from qeforge.execution.worker.pytest_swap import Edit, Swapper, apply_edit, restore

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


def edit(line: int, original: str, replacement: str) -> Edit:
    column = SOURCE.splitlines()[line - 1].index(original)
    return Edit(line, column, line, column + len(original), replacement)


def swapper(module: ModuleType) -> Swapper:
    assert module.__file__
    return Swapper(SOURCE, module.__file__)


@pytest.mark.parametrize(
    ("line", "original", "replacement", "expression", "before", "after"),
    [
        (12, "2", "5", "module.outer()", 4, 7),
        (11, "+", "-", "module.outer()", 4, 2),
        (12, '"0")', '"1")', "module.outer()", 4, 3),
        (20, "3", "4", "module.Box.triple(2)", 6, 8),
        (24, "1", "2", "module.Box().name", "böx1", "böx2"),
        (24, "str", "len", "module.slow(1)", 10, 10),
        (28, "x + n", "x - n", "module.add_one(1)", 2, 0),
        (36, "10", "11", "module.slow.__wrapped__(1)", 10, 11),
    ],
)
def test_functions_are_changed_where_they_are_and_back(
    module: ModuleType, line: int, original: str, replacement: str, expression: str, before: object, after: object
) -> None:
    assert eval(expression) == before
    changed = swapper(module).swap(edit(line, original, replacement))
    assert changed
    assert eval(expression) == after
    restore(changed)
    assert eval(expression) == before


@pytest.mark.parametrize(
    ("line", "original", "replacement"),
    [
        (6, "{}", "[]"),  # runs at import
        (9, "1", "2"),  # a default
        (16, "[]", "[1]"),  # a class attribute
        (31, "1", "2"),
        (34, "functools.lru_cache", ""),  # a decorator
    ],
)
def test_what_runs_at_import_needs_a_fresh_one(module: ModuleType, line: int, original: str, replacement: str) -> None:
    assert swapper(module).swap(edit(line, original, replacement)) is None


def test_a_change_that_does_not_compile_is_told(module: ModuleType) -> None:
    with pytest.raises(SyntaxError):
        swapper(module).swap(edit(20, "3", "3 3"))


def test_a_change_of_what_a_living_closure_holds_is_undone(module: ModuleType) -> None:
    assert swapper(module).swap(edit(28, "x + n", "x + 1")) is None
    assert module.add_one(1) == 2


def test_edits_may_span_lines() -> None:
    assert apply_edit("a = (1,\n     2)\nb\n", Edit(1, 4, 2, 7, "0")) == "a = 0\nb\n"
    assert apply_edit("x = 1\n", Edit(5, 4, 5, 5, "2"), first_line=5) == "x = 2\n"


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
