from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.report import Check, CheckState
from qeforge.domain.target import SkippedModule
from qeforge.errors import InterpreterError
from qeforge.execution.interpreter import Interpreter
from qeforge.execution.judge import open_judge
from qeforge.execution.worker.sandbox import Policy
from qeforge.refinement import doctor
from qeforge.refinement.doctor import examine
from tests.refinement.tasks import interpreter


class Layered:
    """A judge that only has layers."""

    def __init__(self, *layers: str) -> None:
        self.layers = layers

    def __enter__(self) -> "Layered":
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "data"))
    find(monkeypatch, lambda *_: interpreter())
    monkeypatch.setattr(doctor, "open_judge", lambda *_: Layered("audit"))


def find(monkeypatch: pytest.MonkeyPatch, finder: Callable[..., Interpreter]) -> None:
    monkeypatch.setattr(doctor, "find_interpreter", finder)


def checks(tmp_path: Path, *, sandbox: bool = True) -> dict[str, Check]:
    return {check.name: check for check in examine(None, tmp_path, sandbox=sandbox)}


def test_a_layer_is_there_or_it_is_missing(tmp_path: Path) -> None:
    found = checks(tmp_path)
    assert found["sandbox: audit"].state is CheckState.OK
    assert found["sandbox: landlock"].state is CheckState.MISSING


@pytest.mark.slow
def test_every_layer_that_takes_hold_here_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "data"))
    layers: list[str] = []

    def opened(*arguments: Any) -> Any:
        judge: Any = open_judge(*arguments)
        layers.extend(judge.layers)
        return judge

    monkeypatch.setattr(doctor, "open_judge", opened)
    found = checks(tmp_path)
    assert layers
    assert {name for name in found if found[name].state is CheckState.OK} >= {f"sandbox: {name}" for name in layers}


def test_every_layer_that_a_policy_can_switch_on_is_reported(tmp_path: Path) -> None:
    found = checks(tmp_path)
    several = {"namespaces": "user-namespace", "mounts": "read-only-mounts"}
    for layer in Policy(enabled=True, scratch="/").layers:
        assert f"sandbox: {several.get(layer, layer)}" in found


def test_a_worker_that_cannot_start_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skipped = SkippedModule(path=Path("probe.py"), reason="the interpreter died of SIGSYS")
    monkeypatch.setattr(doctor, "open_judge", lambda *_: skipped)
    assert checks(tmp_path)["sandbox"].state is CheckState.BROKEN
    assert checks(tmp_path)["sandbox"].detail == "the interpreter died of SIGSYS"


def test_a_sandbox_that_is_switched_off_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(doctor, "open_judge")
    assert checks(tmp_path, sandbox=False)["sandbox"].detail == "switched off"


def test_without_an_interpreter_nothing_else_can_be_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Interpreter:
        raise InterpreterError("no Python at x", hint="--python PATH")

    find(monkeypatch, refuse)
    [only] = checks(tmp_path).values()
    assert (only.name, only.state, only.detail, only.hint) == (
        "interpreter",
        CheckState.BROKEN,
        "no Python at x",
        "--python PATH",
    )


def test_a_missing_pytest_comes_with_the_command_that_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = interpreter(has_pytest=False)
    find(monkeypatch, lambda *_: bare)
    found = checks(tmp_path)["pytest"]
    assert (found.state, found.hint) == (CheckState.MISSING, f"{bare.path} -m pip install pytest")


def test_a_data_folder_that_cannot_be_made_breaks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "file"))
    found = checks(tmp_path)["data folder"]
    assert found.state is CheckState.MISSING
    assert str(tmp_path / "file") in found.detail


def test_optional_parts_say_what_they_are_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "torch" else object())
    found = checks(tmp_path)
    assert (found["torch"].state, found["usearch"].state) == (CheckState.MISSING, CheckState.OK)
    assert "pattern memory" in found["usearch"].detail


@pytest.mark.parametrize(("able", "state"), [(True, CheckState.OK), (False, CheckState.MISSING)])
def test_it_says_whether_llama_cpp_can_use_a_graphics_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, able: bool, state: CheckState
) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda package: object())
    monkeypatch.setattr(doctor, "offloads", lambda: able)
    assert checks(tmp_path)["graphics card"].state is state


def test_without_llama_cpp_there_is_nothing_to_say_about_graphics_cards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda package: None)
    assert "graphics card" not in checks(tmp_path)
