import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.learning.libraries import LearningError
from qeforge.learning.snapshots import ADAPTER, Record, Snapshots, folder_of, identity_of

RECORD = Record(
    name="",
    kind="micro",
    at=1.0,
    parent="",
    model="small",
    rank=2,
    examples=4,
    held_out=1,
    steps=3,
    seconds=1.5,
    before=2.0,
    after=1.0,
    scores={"shop": 0.5},
)


def add(store: Snapshots, content: bytes = b"adapter") -> Record:
    with store.changing(), store.making() as new:
        active = store.active()
        (new / ADAPTER).write_bytes(content)
        record = replace(RECORD, name=store.next_name(new), parent=active.name if active else "")
        store.keep(new, record)
        return record


def test_the_latest_is_in_use_and_knows_what_it_goes_on_from(tmp_path: Path) -> None:
    store = Snapshots(tmp_path / "learned")
    assert store.records() == []
    assert store.active() is None
    first, second = add(store), add(store, b"more")
    assert [one.name for one in store.records()] == ["0001", "0002"]
    assert store.active() == second
    assert store.lineage(second) == [first, second]
    assert store.path(second, ADAPTER).read_bytes() == b"more"
    store.use("0001")
    assert store.active() == first
    store.use("")
    assert store.active() is None
    assert add(store).name == "0003"  # numbers are not used twice


def test_what_fails_while_it_is_made_leaves_nothing(tmp_path: Path) -> None:
    store = Snapshots(tmp_path / "learned")
    before = add(store)

    def interrupted() -> None:
        with store.changing(), store.making() as new:
            (new / ADAPTER).write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.active() == before
    assert sorted(path.name for path in store.folder.iterdir()) == ["0001", "active.json", "lock"]


_KILLED = """
import os, sys
from dataclasses import replace
from pathlib import Path
from tests.learning.test_snapshots import RECORD
from qeforge.learning import snapshots
from qeforge.learning.snapshots import ADAPTER, Snapshots

store = Snapshots(Path(sys.argv[1]))
place, left = sys.argv[2], [0]
flush = snapshots._flush

def flushed(path):
    left[0] += 1
    if left[0] > int(place):
        os.kill(os.getpid(), 9)
    flush(path)

snapshots._flush = flushed
with store.changing(), store.making() as new:
    (new / ADAPTER).write_bytes(b"new")
    store.keep(new, replace(RECORD, name=store.next_name(new), parent="0001"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", range(6))
def test_kill_9_at_any_point_leaves_what_was_in_use_or_the_new_one(tmp_path: Path, place: int) -> None:
    store = Snapshots(tmp_path / "learned")
    before = add(store)
    ended = subprocess.run([sys.executable, "-c", _KILLED, str(store.folder), str(place)], check=False, cwd=Path.cwd())
    assert ended.returncode == -signal.SIGKILL
    active = store.active()
    assert active is not None
    assert active == before or store.path(active, ADAPTER).read_bytes() == b"new"
    after = add(store)  # nothing is locked, and what was half done is swept away
    assert store.active() == after
    assert not list(store.folder.glob("*.new"))


def test_one_process_learns_at_a_time(tmp_path: Path) -> None:
    store = Snapshots(tmp_path / "learned")
    with store.changing(), pytest.raises(LearningError, match="another process is learning"), store.changing():
        pass


def test_a_consolidation_that_came_to_nothing_was_tried(tmp_path: Path) -> None:
    store = Snapshots(tmp_path / "learning")
    with store.changing():
        pass
    assert store.tried() == 0
    with pytest.raises(LearningError), store.changing(consolidates=True):
        raise LearningError("refused")
    assert store.tried() > 0


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(LearningError, match="what was learned before stays"),
        Snapshots(tmp_path / "file" / "x").changing(),
    ):
        pass


@pytest.mark.parametrize("text", ["", "{", "[]", '{"snapshot": 3}', '{"snapshot": "../0001"}', '{"snapshot": "0009"}'])
def test_a_damaged_pointer_means_the_bare_model(tmp_path: Path, text: str) -> None:
    store = Snapshots(tmp_path / "learned")
    add(store)
    (store.folder / "active.json").write_text(text)
    assert store.active() is None
    assert len(store.records()) == 1


def test_a_damaged_record_is_left_out(tmp_path: Path) -> None:
    store = Snapshots(tmp_path / "learned")
    add(store), add(store)
    (store.folder / "0001" / "record.json").write_text(json.dumps({"name": "0001"}))
    assert [one.name for one in store.records()] == ["0002"]
    (store.folder / "0002" / ADAPTER).unlink()
    assert store.records() == []


def test_a_model_file_is_told_from_others(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"a" * 3_000_000)
    other.write_bytes(b"a" * 2_999_999 + b"b")
    assert identity_of(one) != identity_of(other)
    assert identity_of(one) == identity_of(one)
    assert folder_of(tmp_path, "My model/7", identity_of(one)).name.startswith("My-model-7-")
