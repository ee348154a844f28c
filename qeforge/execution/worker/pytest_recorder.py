"""A pytest plugin that tells, test by test, what happened and which lines of the module under test ran."""

import functools
import os
import sys
import time
import types
from collections.abc import Callable, Generator, Sequence
from typing import Any

import pytest

from .calls import CallRecorder
from .tracer import Tracer

_MESSAGE = 500  # characters of a failure that are kept


def test_id(node: Any, base: str) -> str:
    """`path::name`, the path relative to pytest's root folder, or to `base` for files outside of it.

    Unlike pytest's own node id it is the same wherever the root folder lies relative to the file.
    """
    path = _real(str(getattr(node, "path", None) or node.fspath))
    root = _real(str(getattr(node.config, "rootpath", None) or node.config.rootdir))
    inside = path.startswith(root + os.sep)
    file = os.path.relpath(path, root if inside else base).replace(os.sep, "/")
    name = node.nodeid.partition("::")[2]
    return f"{file}::{name}" if name else file


_real = functools.lru_cache(maxsize=None)(os.path.realpath)


def add_conftests(config: Any, paths: Sequence[str]) -> None:
    """Makes fixtures and hooks of conftest files visible to tests that lie elsewhere.

    pytest confines a conftest file to its own folder by the module's `__file__`, so a copy of its names without one is
    what gets registered.
    """
    for number, path in enumerate(paths):
        name = f"qeforge_conftest_{number}"
        module = types.ModuleType(name)
        module.__file__ = path
        sys.modules[name] = module
        folder = os.path.dirname(path)
        if folder not in sys.path:
            sys.path.append(folder)
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec")
        exec(code, vars(module))
        public = types.ModuleType(name)
        vars(public).update({key: value for key, value in vars(module).items() if key != "__file__"})
        config.pluginmanager.register(public, name)


class Recorder:
    """Sends `start` and `result` for each test, `collected` and import-time `arcs` once.

    Args:
        send: takes a message's fields.
        tracer: None when no module is under test.
        base: see `test_id`.
        skip: ids of tests not to run.
        reverse: last test first.
        conftests: further conftest files whose fixtures are to be seen.
        only: ids of tests to run, in this order; None for all.
        calls: records how the project's callables are called; None to record nothing.
    """

    def __init__(
        self,
        send: Callable[..., None],
        tracer: Tracer | None,
        *,
        base: str,
        skip: frozenset[str] = frozenset(),
        reverse: bool = False,
        conftests: Sequence[str] = (),
        only: Sequence[str] | None = None,
        calls: CallRecorder | None = None,
    ) -> None:
        self._send = send
        self._tracer = tracer
        self._base = os.path.realpath(base)
        self._skip = skip
        self._reverse = reverse
        self._conftests = conftests
        self._only = only
        self._calls = calls
        self._reports: list[Any] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: Any) -> None:
        """Brings the further conftest files in before anything is collected."""
        add_conftests(config, self._conftests)

    def pytest_collection_finish(self) -> None:
        """Hypothesis, where a test has imported it, draws the same inputs in every run with the same hash seed.

        Its option would do the same, and make each run import it, which takes longer than many a suite.
        """
        core = sys.modules.get("hypothesis.core")
        if core is not None and getattr(core, "global_force_seed", "") is None:
            core.global_force_seed = int(os.environ.get("PYTHONHASHSEED", "0"))  # type: ignore[attr-defined]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: Any) -> Generator[None, Any, None]:
        """A file that cannot be collected is a result of its own."""
        outcome = yield
        report = outcome.get_result()
        if report.failed:
            message = one_line(report)
            self._send(type="result", id=test_id(collector, self._base), outcome="error", message=message)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Chooses and orders the tests."""
        ids = {item: test_id(item, self._base) for item in items}
        if self._only is not None:
            by_id = {name: item for item, name in ids.items()}
            items[:] = [by_id[name] for name in self._only if name in by_id]
        items[:] = [item for item in items if ids[item] not in self._skip]
        if self._reverse:
            items.reverse()
        if self._tracer is not None:
            self._send(type="arcs", arcs=sorted(self._tracer.stop()))
        self._send(type="collected", ids=[ids[item] for item in items])

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        """Setup, call and teardown of one test."""
        name = test_id(item, self._base)
        self._send(type="start", id=name)
        self._reports = []
        if self._calls is not None:
            self._calls.begin()
        if self._tracer is not None:
            self._tracer.start()
        started = time.perf_counter()
        yield
        seconds = time.perf_counter() - started
        arcs = sorted(self._tracer.stop()) if self._tracer is not None else []
        outcome, message = verdict(self._reports)
        self._send(type="result", id=name, outcome=outcome, message=message, arcs=arcs, seconds=seconds)
        calls = self._calls.end(outcome == "passed") if self._calls is not None else []
        if calls:
            self._send(type="calls", calls=calls)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self) -> Generator[None, Any, None]:
        """What fixtures build is listened to: tests use it."""
        yield from self._listened()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self) -> Generator[None, Any, None]:
        """The test itself is listened to."""
        yield from self._listened()

    def _listened(self) -> Generator[None, Any, None]:
        listening = self._calls is not None and self._calls.start()
        yield
        if listening and self._calls is not None:
            self._calls.stop()

    def id_of(self, item: Any) -> str:
        """The id under which a test's messages go out."""
        return test_id(item, self._base)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """One phase of the running test."""
        self._reports.append(report)


def verdict(reports: Sequence[Any]) -> tuple[str, str]:
    """A test's outcome over its phases, and the first failure's message."""
    for report in reports:
        if report.failed:
            return ("failed" if report.when == "call" else "error"), one_line(report)
    for report in reports:
        if report.skipped:
            return ("xfailed" if hasattr(report, "wasxfail") else "skipped"), ""
    return ("passed", "") if reports else ("error", "the test did not run")


def one_line(report: Any) -> str:
    """What went wrong, without the traceback."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(getattr(crash, "message", "") or report.longrepr or "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    # A collection error comes as a whole traceback, whose last line says it.
    line = lines[0] if crash is not None else lines[-1]
    return line.removeprefix("E ").strip()[:_MESSAGE]
