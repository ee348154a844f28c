import json
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.cli.main import run
from qeforge.learning.snapshots import ADAPTER, Snapshots, folder_of, identity_of
from tests.learning.test_snapshots import RECORD
from tests.providers.gguf_files import gguf


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshots:
    """Two snapshots of a model that has a header and nothing else."""
    model = tmp_path / "small.gguf"
    model.write_bytes(gguf({"general.architecture": "llama", "llama.block_count": 2}))
    data = tmp_path / "data"
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(data))
    monkeypatch.setenv("QEFORGE_LOCAL_MODEL", str(model))
    monkeypatch.chdir(tmp_path)
    store = Snapshots(folder_of(data / "learning", "small", identity_of(model)))
    for parent in ("", "0001"):
        with store.changing(), store.making() as new:
            (new / ADAPTER).write_bytes(f"after {parent}".encode())
            store.keep(new, replace(RECORD, name=store.next_name(new), parent=parent))
    return store


def test_history_marks_what_is_in_use(store: Snapshots, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["learn", "history"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[:2] for row in rows if "micro" in row] == [["0001", "micro"], ["*", "0002"]]


def test_rollback_goes_back_and_forth(store: Snapshots, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, active in (([], "0001"), ([], ""), (["0002"], "0002")):
        assert run(["learn", "rollback", *arguments]) == 0
        used = store.active()
        assert (used.name if used else "") == active
    assert run(["learn", "off"]) == 0
    assert store.active() is None
    assert len(store.records()) == 2
    assert run(["learn", "rollback"]) == 2
    assert "the bare model is in use" in capsys.readouterr().err
    assert run(["learn", "rollback", "0009"]) == 2
    assert "no snapshot '0009'" in capsys.readouterr().err


def test_status_says_what_there_is(store: Snapshots, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["learn", "status", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["active"]["name"] == "0002"
    assert (data["snapshots"], data["examples"], data["train"]) == (2, 0, 0)


def test_an_adapter_is_exported(store: Snapshots, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["learn", "export", str(tmp_path / "out.gguf"), "--snapshot", "0001"]) == 0
    assert (tmp_path / "out.gguf").read_bytes() == b"after "
    assert run(["learn", "export", str(tmp_path / "missing" / "out.gguf")]) == 3
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["micro", "consolidate"])
def test_without_examples_nothing_is_trained(
    store: Snapshots, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["learn", command]) == 3
    assert "too little to learn from: 0 accepted answers" in capsys.readouterr().err


def test_a_server_cannot_learn(
    store: Snapshots, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QEFORGE_LOCAL_URL", "http://127.0.0.1:9")
    assert run(["learn", "micro"]) == 3
    assert "cannot learn" in capsys.readouterr().err


def test_a_file_that_is_none_is_told(store: Snapshots, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["learn", "import", "nowhere.gguf"]) == 2
    assert "nowhere.gguf: no such file" in capsys.readouterr().err


def test_a_bench_without_seeds_or_questions_says_what_is_missing(
    store: Snapshots, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["learn", "bench", "--seeds", "0"]) == 0
    assert "no held-out target in these projects was asked about" in capsys.readouterr().err
    store.use("")
    assert run(["learn", "bench", "--seeds", "0"]) == 0
    assert "no adapter is in use" in capsys.readouterr().err
