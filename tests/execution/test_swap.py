from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from qeforge.execution.worker.swap import Edit, Incompetent, LiveFunctions, ScopeCode, SourceText, Swap
from tests.execution.swapped import SOURCE, loaded


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    with loaded(tmp_path) as module:
        yield module


def edit(line: int, original: str, replacement: str) -> Edit:
    column = SOURCE.splitlines()[line - 1].index(original)
    return Edit(line, column, line, column + len(original), replacement)


def swap(module: ModuleType, edit: Edit) -> Swap | None:
    assert module.__file__
    source, live = SourceText(module.__file__), LiveFunctions(module.__file__)
    scope = source.scope_of(edit)
    if scope is None:
        return None
    new = ScopeCode(source, scope, edit)
    return live.swap({old: code for one in live.of(scope) for old, code in new.build(one).items()})


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
    changed = swap(module, edit(line, original, replacement))
    assert changed
    changed.enter()
    assert eval(expression) == after
    changed.leave()
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
    assert swap(module, edit(line, original, replacement)) is None


def test_a_change_that_does_not_compile_is_told(module: ModuleType) -> None:
    with pytest.raises(Incompetent):
        swap(module, edit(20, "3", "3 3"))


def test_a_living_closure_keeps_the_variables_that_the_change_no_longer_uses(module: ModuleType) -> None:
    changed = swap(module, edit(28, "x + n", "x + 7"))
    assert changed
    changed.enter()
    assert module.add_one(1) == 8
    assert module.made(5)(1) == 8
    changed.leave()
    assert module.add_one(1) == 2


def test_edits_may_span_lines() -> None:
    assert Edit(1, 4, 2, 7, "0").apply(["a = (1,", "     2)", "b"]) == ["a = 0", "b"]
    assert Edit(5, 4, 5, 5, "2").apply(["x = 1"], 5) == ["x = 2"]


def test_only_line_ends_end_lines(tmp_path: Path) -> None:
    path = tmp_path / "feeds.py"
    path.write_bytes('x = 1\r\n\x0cdef f():\n    "\u2028 \x0c"\n    return 2\n'.encode())
    source = SourceText(str(path))
    names: dict[str, Callable[[], int]] = {}
    exec(source.module_code(Edit(4, 11, 4, 12, "3")), names)
    assert names["f"]() == 3
