import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qeforge.config import Config
from qeforge.learning.consolidate import EVERY
from qeforge.learning.snapshots import ADAPTER
from qeforge.memory.examples import SqliteExamples
from qeforge.memory.store import NAME, Store
from qeforge.wiring import learning
from tests.learning.test_snapshots import RECORD
from tests.learning.tiny import examples
from tests.providers.gguf_files import gguf


@pytest.fixture
def surroundings(tmp_path: Path) -> tuple[Config, dict[str, str]]:
    model = tmp_path / "small.gguf"
    model.write_bytes(gguf({"general.architecture": "llama", "llama.block_count": 2}))
    return Config(local_model=str(model), learn_auto=True), {"QEFORGE_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    found: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **more: found.append(command))
    return found


def kept(environ: dict[str, str], count: int, *, at: float) -> None:
    store = SqliteExamples(Store(Path(environ["QEFORGE_DATA_DIR"]) / NAME))
    for one in examples(train=count, held=1):
        store.record(replace(one, at=at))


def test_a_consolidation_begins_by_itself_when_it_is_time_and_that_is_wanted(
    surroundings: tuple[Config, dict[str, str]], begun: list[list[str]]
) -> None:
    config, environ = surroundings
    assert learning.consolidate_when_due(config, environ) == ""
    kept(environ, EVERY - 1, at=10.0)
    assert learning.consolidate_when_due(config, environ) == ""
    kept(environ, EVERY, at=11.0)
    assert learning.consolidate_when_due(replace(config, learn_auto=False), environ) == ""
    assert begun == []
    assert "consolidating in the background" in learning.consolidate_when_due(config, environ)
    assert begun[0][1:] == ["-m", "qeforge.cli", "learn", "consolidate"]
    store = learning.snapshots(config, environ)
    with store.changing(), store.making() as new:
        (new / ADAPTER).write_bytes(b"x")
        store.keep(new, replace(RECORD, name=store.next_name(new), kind="base", at=12.0))
    assert learning.consolidate_when_due(config, environ) == ""


def test_a_run_uses_what_is_in_use_at_each_question(surroundings: tuple[Config, dict[str, str]]) -> None:
    config, environ = surroundings
    path = Path(config.local_model)
    assert learning.learned_by(environ, path, path.stem).adapter() is None
    store = learning.snapshots(config, environ)
    with store.changing():
        pass
    used: Any = learning.learned_by(environ, path, path.stem)
    assert (used.adapter(), used.told) == (None, "")
    with store.changing(), store.making() as new:
        (new / ADAPTER).write_bytes(b"x")
        store.keep(new, replace(RECORD, name=store.next_name(new)))
    assert used.adapter() == store.folder / "0001" / ADAPTER
    assert learning.learned_by(environ, path, path.stem).told == "with what it learned up to 0001"
    store.use("")
    assert used.adapter() is None
