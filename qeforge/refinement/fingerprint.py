"""What decides a module's suite, as a digest: when it is the same, so is the suite."""

import hashlib
import json
import platform
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import qeforge
from qeforge.refinement.packing import pack
from qeforge.refinement.task import ModuleTask

_APART = frozenset({
    *("module", "interpreter", "suite", "force", "dry_run", "keep", "recipes", "reached", "consulting", "recalled"),
})  # fmt: skip
"""Fields of a task that are looked at for themselves, that decide what is done with a suite and not what is in it, that
are drawn from what counts already, or that only tell where to look first; every other one counts as it is."""

_SETTINGS_FILES = (
    *("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"),
    *("ruff.toml", ".ruff.toml", ".coveragerc"),
)
_TOOLS = ("pytest", "ruff", "black", "coverage")
"""Tables of a `pyproject.toml` that say how tests are run, laid out and measured; the rest changes too often."""


def place_of(task: ModuleTask, dependencies: Mapping[str, str]) -> str:
    """A module under the circumstances of a task, whatever its own text: 40 hexadecimal digits.

    Circumstances are the settings, what the module imports, the interpreter and what is installed there, the content of
    existing tests, of conftests and of the configuration of pytest, formatter and coverage, and qeforge itself.

    Args:
        task: the work.
        dependencies: digests of modules that it imports, by name.
    """
    module = task.module
    given = {f.name: _told(getattr(task, f.name)) for f in fields(task) if f.name not in _APART}
    return _digest(
        {
            "module": [module.name, str(module.path), str(module.import_root)],
            "suite": str(task.suite),
            "given": given,
            "models": list(task.consulting.identity) if task.consulting else [],
            "dependencies": dict(dependencies),
            "interpreter": pack(task.interpreter),
            "installed": [installed(path) for path in task.interpreter.search_path],
            "configuration": dict(_configuration(task.suite)),
            "qeforge": _self(),
        }
    )


def key_of(place: str, task: ModuleTask, old: str) -> str:
    """A module's text at a place: 40 hexadecimal digits.

    Args:
        place: from `place_of`.
        task: the work.
        old: the suite that it starts from; counts only where tests in it are kept.
    """
    return _digest([place, task.module.source, old if task.merge else ""])


def _told(value: object) -> Any:
    """A task's field as JSON data; of files their content counts, too."""
    if isinstance(value, Path):
        return [str(value), _content(value)]
    if isinstance(value, tuple | list):
        return [_told(item) for item in value]
    return pack(value)


def _content(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    except OSError:
        return "unreadable"


def _configuration(suite: Path) -> Iterator[tuple[str, str]]:
    for folder in suite.absolute().parents:
        for name in _SETTINGS_FILES:
            if text := _content(folder / name):
                yield str(folder / name), text
        project = folder / "pyproject.toml"
        if project.is_file():
            yield str(project), _tables(project)


def _tables(file: Path) -> str:
    try:
        tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
        return _digest([tool.get(name) for name in _TOOLS])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError):
        return _content(file)


@cache
def installed(folder: Path) -> tuple[str, ...]:
    """Names with versions of what is installed in a folder on an interpreter's search path; read once."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return ()
    return tuple(sorted(name for name in names if name.endswith((".dist-info", ".egg-info", ".egg-link", ".pth"))))


@cache
def _self() -> str:
    """qeforge with what it reads and lays out code with. Its own files count, for a version in the making."""
    root = Path(qeforge.__file__).parent
    code = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        code.update(path.read_bytes())
    tools = [f"{name} {_version(name)}" for name in ("ruff", "coverage")]
    machine = [*sys.version_info[:3], sys.platform, platform.machine()]
    return _digest([qeforge.__version__, code.hexdigest(), tools, machine])


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _digest(data: object) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:40]
