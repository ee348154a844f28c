"""Runs a suite with plain pytest in the sandbox: what passes, what fails, and what each test reaches."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qeforge.domain.observation import Arc
from qeforge.domain.recipe import Recipe
from qeforge.domain.target import SourceModule
from qeforge.execution.interpreter import Interpreter
from qeforge.execution.observed_calls import recipe_of
from qeforge.execution.pytest_options import pytest_arguments
from qeforge.execution.pytest_process import Message, PytestProcess, pytest_process, require_pytest, run_folder

_START_SECONDS = 30.0  # to import pytest and its plugins, and to collect
_MOST_RESTARTS = 20  # after crashes and hangs; a suite with more is not worth the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """What one run of a suite did, crashes and all.

    A test's id is `path::name`, the path relative to the project's root, or to the common folder of the suite for
    files outside of the project.

    Args:
        results: `passed`, `failed`, `error`, `skipped` or `xfailed` by test id; a file that cannot be collected is an
            `error` under its path.
        messages: one line for each test that failed.
        arcs: of the module under test, importing it included.
        per_test: the arcs that ran during each test, its fixtures included.
        import_arcs: those that ran before the first test.
        durations: seconds of each test, its fixtures included.
        seconds: wall time of the whole run, starting the interpreter included.
        crashed: one line about tests that ended the process or hung, and about a run that did not get to its end;
            empty when there is nothing to tell.
        layers: names of the sandbox's active layers.
        recipes: calls of the recorded packages' callables during tests that passed, in the order in which they ran.
    """

    results: Mapping[str, str]
    messages: Mapping[str, str] = field(default_factory=dict)
    arcs: frozenset[Arc] = frozenset()
    per_test: Mapping[str, frozenset[Arc]] = field(default_factory=dict)
    import_arcs: frozenset[Arc] = frozenset()
    durations: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    crashed: str = ""
    layers: tuple[str, ...] = ()
    recipes: tuple[Recipe, ...] = ()

    def with_result(self, *outcomes: str) -> tuple[str, ...]:
        """Ids of the tests that ended in one of these ways, in the order in which they ran."""
        return tuple(name for name, outcome in self.results.items() if outcome in outcomes)


def run_suite(
    files: Sequence[Path],
    *,
    interpreter: Interpreter,
    module: SourceModule | None,
    rootdir: Path,
    conftests: Sequence[Path] = (),
    hash_seed: int = 0,
    reverse: bool = False,
    rewrite: bool = True,
    timeout: float = 60.0,
    test_timeout: float = 10.0,
    sandbox: bool = True,
    lenient: bool = False,
    paths: Sequence[Path] = (),
    packages: Sequence[str] = (),
) -> SuiteRun:
    """Runs test files with the target's pytest and the project's configuration; writes only to a scratch folder.

    A test that ends the process or hangs is an `error`; the rest is run again without it.

    Args:
        files: test files, read in place.
        module: whose arcs to collect; None for none.
        rootdir: the project's root.
        conftests: conftest files of folders that do not contain `files`, whose fixtures are to be seen.
        hash_seed: `PYTHONHASHSEED`.
        reverse: last test first.
        rewrite: False leaves assertions as they are written, which saves most of the time that a suite takes; a
            failure's message then says less.
        timeout: seconds of wall time for everything.
        test_timeout: seconds of wall time for one test.
        sandbox: False to run without refusals.
        lenient: let tests start programs and use loopback, where namespaces make that harmless.
        paths: folders to import from, besides the module's own root.
        packages: top-level packages whose calls are to be recorded.

    Raises:
        UnavailableError: the interpreter has no pytest.
    """
    require_pytest(interpreter)
    started = time.monotonic()
    record = _Record()
    with run_folder() as scratch:
        job = suite_job(
            files,
            interpreter=interpreter,
            module=module,
            rootdir=rootdir,
            conftests=conftests,
            scratch=scratch,
            sandbox=sandbox,
            lenient=lenient,
            paths=paths,
        )
        job["record"] = list(packages)
        job["arguments"] += [] if rewrite else ["--assert=plain"]
        deadline = started + timeout
        for _ in range(_MOST_RESTARTS):
            job |= {"reverse": reverse, "skip": sorted(record.results)}
            with pytest_process(interpreter, job, scratch, hash_seed=hash_seed) as worker:
                if record.follow(worker, deadline=deadline, test_timeout=test_timeout):
                    break
        else:
            record.troubles.append("too many tests crashed; the rest was not run")
    return record.finish(time.monotonic() - started)


def suite_job(
    files: Sequence[Path],
    *,
    interpreter: Interpreter,
    module: SourceModule | None,
    rootdir: Path,
    conftests: Sequence[Path],
    scratch: Path,
    sandbox: bool,
    lenient: bool,
    paths: Sequence[Path],
) -> dict[str, Any]:
    """What the worker has to know, in JSON's types."""
    resolved = [file.resolve() for file in files]
    root = rootdir.resolve()
    inside = all(file.is_relative_to(root) for file in resolved)
    return {
        "policy": {
            "enabled": sandbox,
            "scratch": str(scratch),
            "cwd": str(root) if inside else "",
            "project": [str(root), *(str(file.parent) for file in resolved)],
            "lenient": lenient,
        },
        "files": [str(file) for file in resolved],
        "base": os.path.commonpath([file.parent for file in resolved]) if resolved else str(root),
        "arguments": pytest_arguments(root, scratch),
        "module_path": str(module.path.resolve()) if module is not None else "",
        "first_paths": [str(path) for path in ([module.import_root] if module is not None else []) + list(paths)],
        "last_paths": [str(path) for path in interpreter.search_path],
        "conftests": [str(path.resolve()) for path in conftests],
        "reverse": False,
        "skip": [],
        "mutants": None,
        "record": [],
    }


class _Record:
    """Collects messages over restarts."""

    def __init__(self) -> None:
        self.results: dict[str, str] = {}
        self.troubles: list[str] = []
        self._messages: dict[str, str] = {}
        self._per_test: dict[str, frozenset[Arc]] = {}
        self._import_arcs: frozenset[Arc] = frozenset()
        self._durations: dict[str, float] = {}
        self._layers: tuple[str, ...] = ()
        self._recipes: dict[Recipe, None] = {}

    def follow(self, worker: PytestProcess, *, deadline: float, test_timeout: float) -> bool:
        """Reads one worker's messages to their end; False when another one has to run what is left."""
        running = ""
        collected = False
        while True:
            left = deadline - time.monotonic()
            try:
                message = worker.next(min(left, test_timeout if collected else max(_START_SECONDS, test_timeout)))
            except TimeoutError:
                if running and left > test_timeout:
                    self._lose(running, f"did not end within {test_timeout:g} s")
                    return False
                self.troubles.append("the time for the suite is up" if collected else "collecting the tests hangs")
                return True
            if message is None:
                if running:
                    self._lose(running, worker.death())
                    return False
                self.troubles.append(worker.death())
                return True
            match message["type"]:
                case "collected":
                    collected = True
                case "start":
                    running = message["id"]
                case "result":
                    running = ""
                    self._take(message)
                case "calls":
                    self._recipes.update((recipe_of(call), None) for call in message["calls"])
                case "done" | "broken":
                    if "message" in message:
                        self.troubles.append(message["message"])
                    elif message["code"] > 2 and not self.results:
                        self.troubles.append(_EXIT_CODES.get(message["code"], f"pytest ended with {message['code']}"))
                    return True
                case "layers":
                    self._layers = tuple(message["layers"])
                case "arcs":
                    self._import_arcs = _arcs(message)

    def finish(self, seconds: float) -> SuiteRun:
        """Everything that was collected."""
        return SuiteRun(
            results=self.results,
            messages=self._messages,
            arcs=self._import_arcs.union(*self._per_test.values()),
            per_test=self._per_test,
            import_arcs=self._import_arcs,
            durations=self._durations,
            seconds=seconds,
            crashed="; ".join(self.troubles),
            layers=self._layers,
            recipes=tuple(self._recipes),
        )

    def _take(self, message: Message) -> None:
        name = message["id"]
        self.results[name] = message["outcome"]
        if message["message"]:
            self._messages[name] = message["message"]
        if "seconds" in message:
            self._per_test[name] = _arcs(message)
            self._durations[name] = message["seconds"]

    def _lose(self, name: str, reason: str) -> None:
        self.results[name] = "error"
        self._messages[name] = reason
        self.troubles.append(f"{name}: {reason}")


_EXIT_CODES = {
    3: "pytest failed with an internal error",
    4: "pytest does not accept the project's configuration",
    5: "no tests were found",
}


def _arcs(message: Message) -> frozenset[Arc]:
    return frozenset((start, end) for start, end in message["arcs"])
