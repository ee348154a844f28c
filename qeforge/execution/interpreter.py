"""Finds the Python that the project under test runs on, and asks it what it is."""

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qeforge.config.surroundings import child_environment
from qeforge.errors import InterpreterError
from qeforge.execution.process import kill_tree

OLDEST = (3, 10)
PROBE_SECONDS = 10.0

# Only the last line counts: a `.pth` file or `sitecustomize` may print, too. Python 2 must get as far as its version.
_PROBE = """
import json, sys
def has(name):
    try:
        from importlib import util
        return util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
print()
print(json.dumps({
    "executable": sys.executable,
    "version": list(sys.version_info[:3]),
    "prefix": sys.prefix,
    "path": sys.path,
    "pytest": has("pytest"),
    "coverage": has("coverage"),
    "hypothesis": has("hypothesis"),
}))
"""


# Finders that an editable installation registers are asked, too; `sys.path` alone does not know them.
_FIND = """
from importlib.util import find_spec
try:
    spec = find_spec({name!r})
except (ImportError, ValueError):
    spec = None
places = [] if spec is None else [spec.origin] if spec.has_location else list(spec.submodule_search_locations or [])
print()
print(places[0] if places else "")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python that answered.

    Args:
        path: its executable, as it names itself.
        version: major, minor, micro.
        search_path: existing entries of its `sys.path` in a normal start, the working folder left out.
        has_pytest: whether pytest can be imported there.
        has_coverage: whether coverage can.
        prefix: `sys.prefix`: the virtual environment's folder, where it is one.
        has_hypothesis: whether hypothesis can be imported there.
    """

    path: Path
    version: tuple[int, int, int]
    search_path: tuple[Path, ...]
    has_pytest: bool
    has_coverage: bool
    prefix: Path
    has_hypothesis: bool = False


def find_interpreter(explicit: Path | None, project_root: Path) -> Interpreter:
    """The project's interpreter: `explicit`, else the active environment, else one in the project, else this one.

    `explicit` may be an executable, a command on PATH, or the folder of a virtual environment. Answers are kept for
    the life of this process.

    Raises:
        InterpreterError: the first one that is there is no Python, does not answer, or is older than 3.10.
    """
    if explicit is not None:
        return _probe(_executable(explicit), f"--python {explicit}")
    for folder, origin in _environments(project_root):
        executable = _python_in(folder)
        if executable is not None:
            return _probe(executable, origin)
    return _probe(Path(sys.executable), "the interpreter that runs qeforge")


def find_module(interpreter: Interpreter, name: str) -> Path | None:
    """Where the interpreter finds a top-level module or package by itself: its file, or the folder of a package without
    one. None when it does not. Nothing of it is imported.

    Raises:
        InterpreterError: the interpreter does not answer.
    """
    answer = _run(interpreter.path, str(interpreter.path), _FIND.format(name=name))
    place = answer.strip().rpartition("\n")[2]
    return Path(place) if place else None


def _environments(project_root: Path) -> Iterator[tuple[Path, str]]:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if value := os.environ.get(variable):
            yield Path(value), f"{variable}={value}"
    for name in (".venv", "venv"):
        yield project_root / name, f"the project's {name}"


def _executable(explicit: Path) -> Path:
    if explicit.is_dir():
        found = _python_in(explicit)
        if found is None:
            raise InterpreterError(
                f"--python {explicit}: a folder without bin/python",
                hint="name an interpreter, or the folder of a virtual environment",
            )
        return found
    if not explicit.exists():
        on_path = shutil.which(explicit) if explicit.name == str(explicit) else None
        if on_path is None:
            raise InterpreterError(
                f"--python {explicit}: there is no such file", hint="name an interpreter with --python PATH"
            )
        return Path(on_path)
    return explicit


def _python_in(folder: Path) -> Path | None:
    """The interpreter of an environment's folder. Links are not followed: they are what makes it an environment."""
    for relative in ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe"):
        candidate = folder / relative
        if candidate.is_file():
            return candidate
    return None


def _probe(executable: Path, origin: str) -> Interpreter:
    return _ask(Path.cwd() / executable, origin, os.environ.get("PYTHONPATH", ""))


@functools.cache
def _ask(executable: Path, origin: str, python_path: str) -> Interpreter:
    answer = _run(executable, origin)
    try:
        facts = json.loads(answer.strip().splitlines()[-1])
        major, minor, micro = (int(part) for part in facts["version"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise InterpreterError(
            f"{origin}: {executable} is not a Python interpreter", hint="name one with --python PATH"
        ) from None
    if (major, minor) < OLDEST:
        raise InterpreterError(
            f"{origin}: {executable} is Python {major}.{minor}, and {OLDEST[0]}.{OLDEST[1]} is the oldest that works",
            hint="name a newer one with --python PATH",
        )
    return Interpreter(
        path=Path(facts["executable"] or executable),
        version=(major, minor, micro),
        search_path=tuple(dict.fromkeys(Path(entry) for entry in facts["path"] if entry and Path(entry).exists())),
        has_pytest=bool(facts["pytest"]),
        has_coverage=bool(facts["coverage"]),
        prefix=Path(facts["prefix"]),
        has_hypothesis=bool(facts["hypothesis"]),
    )


def _run(executable: Path, origin: str, program: str = _PROBE) -> str:
    """The program's output. Run from the root folder, so that nothing nearby can be imported."""
    try:
        process = subprocess.Popen(
            [executable, "-B", "-c", program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd=executable.anchor,
            env=child_environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise InterpreterError(
            f"{origin}: {executable} cannot be run: {error.strerror}", hint="name a Python interpreter"
        ) from None
    with process:
        try:
            output, errors = process.communicate(timeout=PROBE_SECONDS)
        except subprocess.TimeoutExpired:
            kill_tree(process.pid)
            raise InterpreterError(
                f"{origin}: {executable} did not answer within {PROBE_SECONDS:g} s",
                hint="is it a Python interpreter?",
            ) from None
    if process.returncode:
        said = (errors.strip().splitlines() or ["it said nothing"])[-1]
        raise InterpreterError(
            f"{origin}: {executable} is not a Python interpreter (exit {process.returncode}: {said[:200]})",
            hint="name one with --python PATH",
        )
    return output
