"""Fixtures by name, as pytest would give them: `tmp_path`, `monkeypatch`, and those of the project's conftests."""

import inspect
import os
import pathlib
import runpy
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from .monkeypatch import MonkeyPatch

OPAQUE = frozenset({"capsys", "caplog", "recwarn", "capfd", "capsysbinary", "capfdbinary"})
"""Used by assertions only; the judge captures without them."""


class FixtureError(Exception):
    """A fixture that cannot be had here, and why."""


class Definition(NamedTuple):
    """One fixture function of a conftest."""

    function: Callable[..., Any]
    autouse: bool
    parametrized: bool


class Fixtures:
    """The fixtures of the project's conftests: by name, the innermost definition last."""

    def __init__(self) -> None:
        self._found: dict[str, list[Definition]] = {}
        self.problems: list[str] = []
        """Conftests that could not be run, one line each."""

    def load(self, conftests: Sequence[str]) -> None:
        """Run conftest files, outermost first, and take in their fixtures."""
        for path in conftests:
            folder = os.path.dirname(path)
            if folder not in sys.path:
                sys.path.insert(0, folder)
            try:
                names = runpy.run_path(path, run_name="conftest")
            except BaseException as error:  # a conftest may do anything, `pytest.skip` at module level included
                self.problems.append(f"{path}: {type(error).__name__}: {error}")
                continue
            for name, value in names.items():
                found = _definition(name, value)
                if found is not None:
                    self._found.setdefault(found[0], []).append(found[1])

    def names(self) -> list[str]:
        """Fixtures that a test may ask for."""
        return sorted(name for name, found in self._found.items() if not found[-1].parametrized)

    def autouse(self) -> list[str]:
        """Fixtures that every test gets."""
        return [name for name, found in self._found.items() if found[-1].autouse]

    def definitions(self, name: str) -> list[Definition]:
        """All definitions of one name, the innermost last."""
        return self._found.get(name, [])


def _definition(name: str, value: Any) -> tuple[str, Definition] | None:
    marker = getattr(value, "_fixture_function_marker", None) or getattr(value, "_pytestfixturefunction", None)
    if marker is None or not hasattr(marker, "autouse"):
        return None
    function = getattr(value, "_fixture_function", None)
    if function is None:
        function = getattr(getattr(value, "__pytest_wrapped__", None), "obj", value)
    return marker.name or name, Definition(function, bool(marker.autouse), bool(marker.params))


class Setup:
    """The fixtures of one candidate, made when asked for and taken down together."""

    def __init__(self, fixtures: Fixtures, scratch: str) -> None:
        self._fixtures = fixtures
        self._scratch = scratch
        self._values: dict[tuple[str, int], Any] = {}
        self._teardown: list[Callable[[], object]] = []
        self.tmp_path: str | None = None

    def value(self, name: str, level: int = 0) -> Any:
        """The fixture's value; `level` counts how many overriding definitions to pass over. Raises FixtureError."""
        key = (name, level)
        if key not in self._values:
            self._values[key] = self._make(name, level)
        return self._values[key]

    def start_autouse(self) -> None:
        """Make what every test gets."""
        for name in self._fixtures.autouse():
            self.value(name)

    def close(self) -> None:
        """Take everything down, the last made first. Raises what the first failing teardown raises."""
        failure: BaseException | None = None
        while self._teardown:
            try:
                self._teardown.pop()()
            except BaseException as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _make(self, name: str, level: int) -> Any:
        definitions = self._fixtures.definitions(name)
        if level < len(definitions):
            return self._call(name, definitions[-1 - level], level)
        if name == "tmp_path":
            self.tmp_path = os.path.realpath(tempfile.mkdtemp(prefix="test-", dir=os.path.join(self._scratch, "tmp")))
            return pathlib.Path(self.tmp_path)
        if name == "monkeypatch":
            patcher = MonkeyPatch()
            self._teardown.append(patcher.undo)
            return patcher
        raise FixtureError(f"fixture '{name}' not found")

    def _call(self, name: str, definition: Definition, level: int) -> Any:
        if definition.parametrized:
            raise FixtureError(f"fixture '{name}' is parametrized")
        function = definition.function
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise FixtureError(f"fixture '{name}' is asynchronous")
        arguments = {
            parameter.name: self.value(parameter.name, level + 1 if parameter.name == name else 0)
            for parameter in inspect.signature(function).parameters.values()
            if parameter.default is parameter.empty
        }
        if not inspect.isgeneratorfunction(function):
            return function(**arguments)
        running = function(**arguments)
        value = next(running)
        self._teardown.append(lambda: _finish(running))
        return value


def _finish(running: Iterator[Any]) -> None:
    for _ in running:
        raise FixtureError("fixture yields more than once")
