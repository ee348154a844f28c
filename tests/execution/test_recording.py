"""A project's tests, run once while their calls are recorded: also tests that do not want to be watched."""

import sys
from pathlib import Path

import pytest

from qeforge.execution.interpreter import find_interpreter
from qeforge.execution.pytest_run import SuiteRun, run_suite

CODE = """
class Box:
    def __init__(self, value):
        self.value = value

    def add(self, more):
        self.value += more
        return self.value


def show(value):
    return value
"""

CONFTEST = """
import pytest
from shop import Box

@pytest.fixture
def box():
    return Box(3)
"""

TESTS = """
import os, sys
import pytest
from shop import Box, show


class Angry:
    def __repr__(self):
        raise SystemExit("no")

    def __eq__(self, other):
        raise KeyboardInterrupt

    def __getattribute__(self, name):
        raise RuntimeError(name)


class Endless:
    def __iter__(self):
        while True:
            yield self

    def __repr__(self):
        while True:
            pass


def test_fixture(box):
    assert box.add(4) == 7


def test_failing():
    show("of a failing test")
    assert False


def test_angry():
    show(Angry())
    show([Angry(), Endless()])
    show("after the angry ones")


def test_own_profiler():
    sys.setprofile(lambda *heard: None)
    show("unheard")
    sys.setprofile(None)


def test_circle():
    circle = []
    circle.append(circle)
    show(circle)
    show("x" * 10_000_000)


def test_busy():
    for number in range(400_000):
        show(0)


def test_files():
    with pytest.raises(OSError):
        os.unlink(__file__)


def test_death():
    os._exit(3)


def test_last():
    show("after a death")
"""


def recorded(root: Path) -> SuiteRun:
    (root / "shop.py").write_text(CODE)
    (root / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    tests = root / "tests"
    tests.mkdir()
    (tests / "conftest.py").write_text(CONFTEST)
    path = tests / "test_shop.py"
    path.write_text(TESTS)
    run = run_suite(
        [path],
        interpreter=find_interpreter(Path(sys.executable), root),
        module=None,
        rootdir=root,
        lenient=True,
        paths=[root],
        packages=["shop"],
    )
    assert path.read_text() == TESTS
    return run


@pytest.mark.slow
def test_hostile_tests_do_no_harm_while_they_are_recorded(tmp_path: Path) -> None:
    run = recorded(tmp_path)
    results = {name.partition("::")[2]: result for name, result in run.results.items()}
    assert results.pop("test_failing") == "failed"
    assert results.pop("test_death") == "error"
    assert set(results.values()) == {"passed"}
    assert len(results) == 7
    shown = [each.arguments[0].value.source for each in run.recipes if each.target == "shop:show"]
    assert shown == ["'after the angry ones'", "0", "'after a death'"]


@pytest.mark.slow
def test_objects_that_fixtures_build_are_recorded(tmp_path: Path) -> None:
    [add] = [recipe for recipe in recorded(tmp_path).recipes if recipe.target == "shop:Box.add"]
    assert add.receiver is not None
    assert (add.receiver.source, add.receiver.imports) == ("Box(3)", ("from shop import Box",))
