import shutil
import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.report import Action, ModuleReport
from qeforge.domain.target import SourceModule
from qeforge.execution.interpreter import Interpreter, find_interpreter
from qeforge.refinement.task import ModuleTask
from qeforge.wiring.importing import import_note
from tests.refinement import tasks

SUITE = "from wares import shelf\n\n\ndef test_price():\n    assert shelf.price() == 1\n"


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleTask:
    package = tmp_path / "src" / "wares"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "shelf.py").write_text("def price():\n    return 1\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_shelf.py").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    file = package / "shelf.py"
    module = SourceModule(
        name="wares.shelf", path=file, import_root=package.parent, source=file.read_text(), targets=()
    )
    return tasks.task(module, tmp_path)


def note(task: ModuleTask, action: Action = Action.WRITTEN) -> str:
    report = ModuleReport(module=task.module.name, path=task.module.path, action=action, suite=task.suite)
    return import_note([task], [report])


def plain_pytest_passes(root: Path) -> bool:
    """As a person runs it: nothing but pytest's own command, in the project's folder."""
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    environment = {"PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=root, capture_output=True, env=environment, check=False).returncode == 0


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({}, 'set pythonpath = ["src"] for pytest ([tool.pytest.ini_options] in pyproject.toml)'),
        ({"pytest.ini": "[pytest]\n"}, 'set pythonpath = ["src"] for pytest'),
        ({"pyproject.toml": "[project]\nname = 'wares'\n"}, "-m pip install -e .`, or set pythonpath"),
        ({"pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['lib']\n"}, "-m pip install -e .`, or set"),
    ],
)
def test_what_plain_pytest_does_not_find_is_said(settings: dict[str, str], advice: str, task: ModuleTask) -> None:
    for name, text in settings.items():
        (task.root / name).write_text(text)
    said = note(task)
    assert said.startswith("a plain pytest does not find wares: ")
    assert advice in said
    assert not plain_pytest_passes(task.root)


@pytest.mark.parametrize(
    "settings",
    [
        {"pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['src']\n"},
        {"pytest.ini": "[pytest]\npythonpath = src\n"},
        {"conftest.py": "import sys\nsys.path.insert(0, 'src')\n"},
    ],
)
def test_nothing_is_said_where_plain_pytest_finds_it(settings: dict[str, str], task: ModuleTask) -> None:
    for name, text in settings.items():
        (task.root / name).write_text(text)
    conftest = task.root / "conftest.py"
    assert note(replace(task, conftests=(conftest,) if conftest.is_file() else ())) == ""
    assert plain_pytest_passes(task.root)


def test_the_folder_of_a_conftest_and_of_a_package_of_tests_counts(task: ModuleTask) -> None:
    module = replace(task.module, import_root=task.root)
    assert note(replace(task, module=module)) != ""
    assert note(replace(task, module=module, conftests=(task.root / "conftest.py",))) == ""
    (task.suite.parent / "__init__.py").touch()
    assert note(replace(task, module=module)) == ""


def test_an_installed_package_is_found_and_another_copy_of_it_is_not(task: ModuleTask) -> None:
    root = task.module.import_root
    assert note(replace(task, interpreter=replace(task.interpreter, search_path=(root,)))) == ""
    there = replace(task.module, name="json.tool", import_root=Path(subprocess.__file__).parent)
    assert note(replace(task, module=there, interpreter=here())) == ""
    assert "does not find json" in note(replace(task, module=replace(there, import_root=root), interpreter=here()))


@pytest.mark.parametrize("packed", [True, False])
def test_a_copy_in_the_environment_inside_of_the_project_is_another(packed: bool, task: ModuleTask) -> None:
    root, package = task.root, task.module.import_root / "wares"
    flat = root / "wares" if packed else root / "wares.py"
    shutil.move(package if packed else package / "shelf.py", flat)
    venv.create(root / ".venv", with_pip=False, symlinks=sys.platform != "win32")
    found = find_interpreter(root / ".venv", root)
    site, *_ = [folder for folder in found.search_path if folder.is_relative_to(root)]
    task = replace(task, interpreter=found, module=replace(task.module, name="wares", import_root=root))
    (shutil.copytree if packed else shutil.copy)(flat, site / flat.name)
    assert "does not find wares" in note(task)
    shutil.rmtree(site / flat.name) if packed else (site / flat.name).unlink()
    (site / "editable.pth").write_text(f"{root}\n")
    assert note(task) == ""


@pytest.mark.parametrize("name", ["wares.py", "wares.so", "wares", "wares/__init__.py"])
def test_a_module_at_its_place_is_found(name: str, task: ModuleTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qeforge.wiring.importing.find_module", lambda *_: task.module.import_root / name)
    assert note(task) == ""


def here() -> Interpreter:
    """This interpreter, as one that knows its folders by finders alone."""
    return replace(find_interpreter(Path(sys.executable), Path.cwd()), search_path=())


def test_suites_that_are_not_there_need_nothing(task: ModuleTask) -> None:
    assert note(task, Action.SKIPPED) == ""


def test_for_suites_outside_of_the_project_the_variable_is_named(task: ModuleTask, tmp_path: Path) -> None:
    away = tmp_path.parent / f"{tmp_path.name}-away" / "test_shelf.py"
    assert f"PYTHONPATH={task.module.import_root}" in note(replace(task, suite=away))


def test_an_interpreter_that_is_gone_ends_nothing(task: ModuleTask) -> None:
    gone = replace(task.interpreter, path=task.root / "gone", search_path=())
    assert note(replace(task, interpreter=gone)) == ""
