import os
import stat
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from qeforge.errors import InterpreterError
from qeforge.execution import interpreter
from qeforge.execution.interpreter import find_interpreter
from tests.execution.sandboxed import other_interpreters

pytestmark = pytest.mark.skipif(os.name == "nt", reason="stand-in interpreters are shell scripts")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    interpreter._ask.cache_clear()
    yield
    interpreter._ask.cache_clear()


def environment(folder: Path) -> Path:
    venv.create(folder, with_pip=False, symlinks=True)
    return folder


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_without_anything_it_is_the_one_that_runs(tmp_path: Path) -> None:
    found = find_interpreter(None, tmp_path)
    assert found.path == Path(sys.executable)
    assert found.version == sys.version_info[:3]
    assert found.has_pytest
    assert Path(sys.prefix) == found.prefix
    assert Path(pytest.__file__).parent.parent in found.search_path


def test_the_search_path_holds_existing_entries_and_not_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "gone"), str(tmp_path.parent)]))
    found = find_interpreter(None, tmp_path)
    assert tmp_path not in found.search_path
    assert tmp_path.parent in found.search_path
    assert all(path.exists() for path in found.search_path)


def test_explicit_wins_over_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(environment(tmp_path / "active")))
    environment(tmp_path / ".venv")
    assert find_interpreter(Path(sys.executable), tmp_path).path == Path(sys.executable)


def test_the_active_environment_wins_over_the_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(tmp_path / ".venv")
    monkeypatch.setenv("VIRTUAL_ENV", str(environment(tmp_path / "active")))
    assert find_interpreter(None, tmp_path).prefix == tmp_path / "active"


def test_an_active_conda_environment_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_PREFIX", str(environment(tmp_path / "conda")))
    assert find_interpreter(None, tmp_path).prefix == tmp_path / "conda"


@pytest.mark.parametrize("name", [".venv", "venv"])
def test_the_projects_environment_is_found(name: str, tmp_path: Path) -> None:
    found = find_interpreter(None, environment(tmp_path / name).parent)
    assert found.prefix == tmp_path / name
    assert not found.has_pytest


def test_a_deleted_active_environment_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "gone"))
    assert find_interpreter(None, tmp_path).path == Path(sys.executable)


def test_an_environments_folder_can_be_named(tmp_path: Path) -> None:
    assert find_interpreter(environment(tmp_path / "env"), tmp_path).prefix == tmp_path / "env"


def test_a_command_on_the_path_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "my-python", f'exec {sys.executable} "$@"')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_interpreter(Path("my-python"), tmp_path).version == sys.version_info[:3]


def failure(path: Path) -> InterpreterError:
    with pytest.raises(InterpreterError) as caught:
        find_interpreter(path, path.parent)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 3
    return caught.value


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    assert "there is no such file" in str(failure(tmp_path / "python"))


def test_a_folder_that_is_no_environment(tmp_path: Path) -> None:
    assert "without bin/python" in str(failure(tmp_path))


def test_a_file_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("x")
    assert "cannot be run" in str(failure(tmp_path / "notes"))


@pytest.mark.parametrize(
    "text", ["exit 3", "echo hello", "true", "echo '{}'", """echo '{"version": "new"}'"""], ids=lambda text: text
)
def test_a_program_that_is_no_python(text: str, tmp_path: Path) -> None:
    assert "is not a Python interpreter" in str(failure(script(tmp_path / "program", text)))


def test_what_a_broken_interpreter_said_is_told(tmp_path: Path) -> None:
    assert "no module named site" in str(failure(script(tmp_path / "python", "echo no module named site >&2; exit 1")))


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "PROBE_SECONDS", 0.3)
    mark = tmp_path / "alive"
    hanging = script(tmp_path / "python", f"(sleep 1; touch {mark}) & sleep 60")
    assert "did not answer within 0.3 s" in str(failure(hanging))
    subprocess.run(["sleep", "1.2"], check=True)
    assert not mark.exists()


def test_an_old_version_is_named(tmp_path: Path) -> None:
    answer = '{"executable": "", "version": [3, 8, 1], "prefix": "/", "path": [], "pytest": false, "coverage": false}'
    old = failure(script(tmp_path / "python", f"echo '{answer}'"))
    assert "is Python 3.8, and 3.10 is the oldest" in str(old)
    assert old.hint


def test_noise_at_startup_does_not_matter(tmp_path: Path) -> None:
    noisy = script(tmp_path / "python", f'echo welcome; exec {sys.executable} "$@"')
    assert find_interpreter(noisy, tmp_path).version == sys.version_info[:3]


def test_the_answer_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    counting = script(tmp_path / "python", f'echo x >> {log}; exec {sys.executable} "$@"')
    assert find_interpreter(counting, tmp_path) == find_interpreter(counting, tmp_path)
    assert log.read_text().count("x") == 1


@pytest.mark.parametrize("path", other_interpreters())
def test_other_versions_answer(path: str, tmp_path: Path) -> None:
    found = find_interpreter(Path(path), tmp_path)
    assert found.version[:2] in ((3, 10), (3, 12), (3, 13))
