"""Runs commands in this process, with a wiring that does nothing but answer."""

import json
import os
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import qeforge
from qeforge.cli.main import run
from qeforge.config import Config
from qeforge.domain.report import RunReport
from qeforge.wiring import Unfinished


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def envelope(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Ended]


class FakeWiring(types.ModuleType):
    """Answers what it was told to; remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__("qeforge.wiring")
        self.answer: Any = RunReport(modules=(), seconds=0.0)
        self.configs: list[Config] = []
        self.arguments: list[tuple[Any, ...]] = []

    def _reply(self, config: Config, *arguments: Any, **more: Any) -> Any:
        self.configs.append(config)
        self.arguments.append(arguments)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer(*arguments, **more) if callable(self.answer) else self.answer

    generate = list_targets = score = check = list_suspects = doctor = _reply
    Unfinished = Unfinished


@pytest.fixture
def wiring(monkeypatch: pytest.MonkeyPatch) -> FakeWiring:
    fake = FakeWiring()
    monkeypatch.setitem(sys.modules, "qeforge.wiring", fake)
    monkeypatch.setattr(qeforge, "wiring", fake, raising=False)
    return fake


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project as the current folder, and an environment without settings."""
    for name in [name for name in os.environ if name.startswith(("QEFORGE_", "_QEFORGE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "data"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[tool.qeforge]\n")
    (folder / "shop.py").write_text("def total(): return 1\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def cli(project: Path, wiring: FakeWiring, capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*args: str) -> Ended:
        code = run(args)
        return Ended(code, *capsys.readouterr())

    return call
