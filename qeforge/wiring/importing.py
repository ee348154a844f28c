"""Whether a plain `pytest` finds the package under test, as qeforge's own check does."""

from collections.abc import Iterator, Sequence
from os.path import relpath
from pathlib import Path

from qeforge.analysis.project import find_project, pytest_paths
from qeforge.domain.report import Action, ModuleReport
from qeforge.errors import InterpreterError
from qeforge.execution.interpreter import find_module
from qeforge.refinement.task import ModuleTask

_CONFIGURATIONS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
_THERE = frozenset({Action.WRITTEN, Action.WOULD_WRITE, Action.UNCHANGED})


def import_note(tasks: Sequence[ModuleTask], reports: Sequence[ModuleReport]) -> str:
    """One line on what a plain `pytest` needs to import what the suites import; empty where it needs nothing."""
    suites = {(report.module, report.suite) for report in reports if report.action in _THERE}
    lost: dict[str, ModuleTask] = {}
    known: set[str] = set()
    for task in tasks:
        top = task.module.name.partition(".")[0]
        if top in known or (task.module.name, task.suite) not in suites:
            continue
        known.add(top)
        if not _is_found(task, top):
            lost[top] = task
    if not lost:
        return ""
    first = next(iter(lost.values()))
    some = ", ".join(list(lost)[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    return f"a plain pytest does not find {some}: {_advice(first)}"


def _is_found(task: ModuleTask, top: str) -> bool:
    wanted = task.module.import_root.resolve()
    if wanted in {folder.resolve() for folder in (*task.interpreter.search_path, *_added(task))}:
        return True
    if any("sys.path" in _text(conftest) for conftest in task.conftests):
        return True  # nobody can tell without running it
    try:
        place = find_module(task.interpreter, top)
    except InterpreterError:
        return True  # the suites are written; this is no reason to end the run
    if place is None:
        return False
    place = place.resolve()  # an installed copy may be below `wanted` as well, in the project's own environment
    return place.parent == wanted or place.is_relative_to(wanted / top)


def _added(task: ModuleTask) -> Iterator[Path]:
    """Folders that pytest puts on `sys.path` for a suite: those of `pythonpath`, and those in which it finds the
    outermost package of the suite and of each conftest."""
    if task.suite.is_relative_to(task.root):
        yield from pytest_paths(task.root)
    if find_project(task.module.path).import_mode == "importlib":
        return
    for file in (task.suite, *task.conftests):
        folder = file.parent
        while (folder / "__init__.py").is_file() and folder != folder.parent:
            folder = folder.parent
        yield folder


def _advice(task: ModuleTask) -> str:
    root = task.root.resolve()
    named = any((root / name).is_file() for name in ("setup.py", "setup.cfg", "pyproject.toml"))
    install = f"`{task.interpreter.path} -m pip install -e {relpath(root)}`"
    if not task.suite.is_relative_to(task.root):
        return f"{install}, or PYTHONPATH={task.module.import_root}"
    folder = relpath(task.module.import_root.resolve(), root)
    elsewhere = any((root / name).is_file() for name in _CONFIGURATIONS)
    where = "pytest" if elsewhere else f"pytest ([tool.pytest.ini_options] in {relpath(root / 'pyproject.toml')})"
    setting = f'set pythonpath = ["{folder}"] for {where}'
    return f"{install}, or {setting}" if named else setting


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
