from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.target import SourceModule, Span
from qeforge.engine.failures import Failures
from qeforge.engine.plan import Plan
from tests.engine.test_operands import TARGET

_PLAN = Plan(target=replace(TARGET, span=Span(line=1, end_line=9)))


def failures(source: str) -> Failures:
    return Failures(SourceModule(name="pkg.mod", path=Path("mod.py"), import_root=Path(), source=source, targets=()))


def guarded(statement: str, error: str, before: str = "import os, subprocess") -> str:
    return f"{before}\ndef f(path):\n    try:\n        {statement}\n    except {error}:\n        return None\n"


@pytest.mark.parametrize(
    ("statement", "error", "expected"),
    [
        ("os.remove(path)", "OSError", 'monkeypatch.setattr("os.remove", Mock(side_effect=OSError("boom")))'),
        (
            "subprocess.run(path)",
            "subprocess.CalledProcessError",
            'monkeypatch.setattr("subprocess.run", Mock(side_effect=subprocess.CalledProcessError(1, ["cmd"])))',
        ),
        (
            "open(path)",
            "OSError",
            'monkeypatch.setattr("pkg.mod.open", Mock(side_effect=OSError("boom")), raising=False)',
        ),
        ("import yaml", "ImportError", 'monkeypatch.setitem(sys.modules, "yaml", None)'),
    ],
)
def test_what_is_called_in_a_try_fails_as_the_handler_expects(statement: str, error: str, expected: str) -> None:
    [plan] = failures(guarded(statement, error)).provoke(_PLAN, {4}, set())

    assert plan.world == (expected,)
    assert "monkeypatch" in plan.world_fixtures


def test_a_name_imported_from_elsewhere_is_replaced_where_it_is_looked_up() -> None:
    source = guarded("remove(path)", "OSError", before="from os import remove")

    [plan] = failures(source).provoke(_PLAN, {4}, set())

    assert plan.world[0].startswith('monkeypatch.setattr("pkg.mod.remove", ')


@pytest.mark.parametrize(
    ("statement", "lines", "known"),
    [
        ("os.remove(path)", {2}, set()),  # the call was not reached
        ("os.remove(path)", {4}, {6}),  # the handler has run already
        ("os.stat(path)", {4}, set()),  # the test itself needs it
        ("os.path.exists(path)", {4}, set()),
        ("path.unlink()", {4}, set()),  # of an object that nothing is known of
    ],
)
def test_what_needs_no_failure_or_may_have_none_is_left_alone(statement: str, lines: set[int], known: set[int]) -> None:
    assert failures(guarded(statement, "OSError")).provoke(_PLAN, lines, known) == []


def test_a_failure_is_tried_a_few_times_only() -> None:
    found = failures(guarded("os.remove(path)", "OSError"))

    assert [len(found.provoke(_PLAN, {4}, set())) for _ in range(4)] == [1, 1, 0, 0]


def test_one_failure_at_a_time() -> None:
    found = failures(guarded("os.remove(path)", "OSError"))

    [failing] = found.provoke(_PLAN, {4}, set())

    assert found.provoke(failing, {4}, set()) == []
