"""The file of the index for big stores: made, mapped, kept in step, and made anew whenever something is wrong."""

import builtins
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qeforge.errors import UnavailableError
from qeforge.memory import index as index_module
from qeforge.memory.embedder import LexicalEmbedder
from qeforge.memory.exact import ExactIndex, open_exact
from qeforge.memory.index import HnswIndex, Label, open_hnsw, problem_with
from qeforge.memory.indexes import NAME, SMALL, discard, open_index
from qeforge.memory.store import StoreError
from tests.memory.vectors import StoredRows, some_vectors

DIMENSIONS = 16
LABEL = Label(embedder="test", dimensions=DIMENSIONS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / NAME


@pytest.fixture
def rows() -> StoredRows:
    return StoredRows(dict(enumerate(some_vectors(300, DIMENSIONS), start=1)))


def opened(path: Path, rows: StoredRows, **changes: Any) -> HnswIndex:
    return open_hnsw(path, **{"embedder": "test", "dimensions": DIMENSIONS, "rows": rows, **changes})


def test_what_was_saved_is_there_without_asking_the_store(path: Path, rows: StoredRows) -> None:
    first = opened(path, rows)
    assert (rows.read, len(first)) == (300, 300)
    again = opened(path, rows)
    assert (rows.read, len(again)) == (300, 300)
    for key in (1, 150, 300):
        assert again.search(rows.stored[key], 3) == first.search(rows.stored[key], 3)


def test_only_the_difference_is_read_from_the_store(path: Path, rows: StoredRows) -> None:
    opened(path, rows)
    del rows.stored[17]
    rows.stored |= {301: some_vectors(1, DIMENSIONS, seed=5)[0]}
    rows.read = 0
    index = opened(path, rows)
    assert rows.read == 1
    assert index.census == rows.census()
    assert index.search(rows.stored[301], 1)[0][0] == 301
    rows.read = 0
    assert opened(path, rows).census == rows.census()
    assert rows.read == 0


def test_changes_are_kept_when_it_is_saved(path: Path, rows: StoredRows) -> None:
    index = opened(path, rows)
    before = path.read_bytes()
    fresh = some_vectors(1, DIMENSIONS, seed=5)[0]
    index.add([900], [fresh])
    assert path.read_bytes() == before
    index.save()
    rows.stored[900] = fresh
    rows.read = 0
    assert opened(path, rows).search(fresh, 1)[0][0] == 900
    assert rows.read == 0


def test_a_mapped_file_may_go_away(path: Path, rows: StoredRows) -> None:
    opened(path, rows)
    index = opened(path, rows)
    discard(path.parent)
    assert not path.exists()
    index.remove([1])
    index.add([2], [rows.stored[3]])
    assert len(index) == 299
    index.save()
    assert problem_with(path, LABEL) is None


def damaged(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda found: b"",
    "cut short": lambda found: found[:-1],
    "cut to half": lambda found: found[: len(found) // 2],
    "cut in the middle": lambda found: found[: len(found) // 3] + found[-400:],
    "one bit": lambda found: found[:5000] + bytes([found[5000] ^ 1]) + found[5001:],
    "the first bytes": lambda found: bytes(100) + found[100:],
    "something else": lambda found: b"SQLite format 3\0" * 100,
    "a label that is none": lambda found: found[:-26] + b"]" + found[-25:],
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_made_anew(path: Path, rows: StoredRows, change: Callable[[bytes], bytes]) -> None:
    opened(path, rows)
    whole = path.read_bytes()
    damaged(path, change)
    assert problem_with(path, LABEL) is not None
    rows.read = 0
    index = opened(path, rows)
    assert rows.read == 300
    assert index.search(rows.stored[40], 1)[0][0] == 40
    assert path.read_bytes() == whole  # the same vectors in the same order


@pytest.mark.parametrize("changes", [{"embedder": "other"}, {"scalar": "f16"}])
def test_another_embedder_or_scalar_has_another_file(path: Path, rows: StoredRows, changes: dict[str, str]) -> None:
    opened(path, rows)
    rows.read = 0
    index = opened(path, rows, **changes)
    assert rows.read == 300
    assert index.search(rows.stored[40], 1)[0][0] == 40
    [[name, value]] = changes.items()
    assert problem_with(path, LABEL) == f"{name} is {value!r}, not {getattr(LABEL, name)!r}"


def test_other_dimensions_have_another_file(path: Path, rows: StoredRows) -> None:
    opened(path, rows)
    wider = StoredRows(dict(enumerate(some_vectors(20, 32))))
    index = opened(path, wider, dimensions=32)
    assert len(index) == 20
    assert problem_with(path, LABEL) == "dimensions is 32, not 16"


def test_a_file_is_looked_at_in_pieces_where_it_is_big(
    path: Path, rows: StoredRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "_LOOKED_AT", 4096)
    monkeypatch.setattr(index_module, "_PIECE", 512)
    opened(path, rows)
    assert problem_with(path, LABEL) is None
    for where in (0, 100, path.stat().st_size - 450):
        whole = path.read_bytes()
        path.write_bytes(whole[:where] + bytes([whole[where] ^ 1]) + whole[where + 1 :])
        assert problem_with(path, LABEL) == "it is damaged"
        path.write_bytes(whole)


def test_what_is_wrong_is_said(path: Path, rows: StoredRows) -> None:
    assert problem_with(path, LABEL) == "there is none"
    path.write_text("hello")
    assert problem_with(path, LABEL) == "it is no index, or its end is missing"
    path.unlink()
    path.mkdir()
    assert problem_with(path, LABEL) == "Is a directory"


def test_the_graph_is_made_anew_where_much_was_removed(path: Path, rows: StoredRows) -> None:
    opened(path, rows)
    before = path.stat().st_size
    kept = {key: rows.stored[key] for key in range(1, 101)}
    index = opened(path, StoredRows(kept))
    assert path.stat().st_size < before * 0.45
    assert [index.search(vector, 1)[0][0] for vector in kept.values()] == list(kept)
    index.remove(list(kept))
    index.save()
    assert len(opened(path, StoredRows({}))) == 0


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path, rows: StoredRows) -> None:
    (tmp_path / "file").write_text("in the way")
    index = opened(tmp_path / "file" / NAME, rows)
    assert index.search(rows.stored[40], 1)[0][0] == 40
    with pytest.raises(StoreError, match="cannot be written") as caught:
        index.save()
    assert (caught.value.slug, caught.value.hint) == ("index", "nothing was lost: it is made anew from the store")


def test_a_failed_save_leaves_the_old_file(path: Path, rows: StoredRows, monkeypatch: pytest.MonkeyPatch) -> None:
    index = opened(path, rows)
    before = path.read_bytes()
    index.add([900], some_vectors(1, DIMENSIONS, seed=5))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        index.save()
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [NAME]
    monkeypatch.undo()
    index.save()
    assert problem_with(path, LABEL) is None
    assert path.read_bytes() != before


def _keeps_saving(path: Path, seed: int) -> None:
    rows = StoredRows(dict(enumerate(some_vectors(50 + seed, DIMENSIONS, seed=seed))))
    for _ in range(15):
        index = opened(path, rows)
        index.add([1000 + seed], some_vectors(1, DIMENSIONS, seed=seed))
        index.save()


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_processes_may_save_at_the_same_time(path: Path, rows: StoredRows) -> None:
    start = multiprocessing.get_context("spawn").Process
    others = [start(target=_keeps_saving, args=(path, seed)) for seed in (1, 2)]
    for other in others:
        other.start()
    for other in others:
        other.join(60)
    assert [other.exitcode for other in others] == [0, 0]
    assert problem_with(path, LABEL) is None
    assert opened(path, rows).census == rows.census()


def test_where_usearch_is_missing_the_line_says_what_to_install(
    path: Path, rows: StoredRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("usearch"):
            raise ImportError(name)
        return really(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnavailableError, match="usearch is not installed") as caught:
        opened(path, rows)
    assert caught.value.hint == "pip install 'qeforge[memory]'"


def many(count: int, embedder: LexicalEmbedder) -> StoredRows:
    return StoredRows(dict(enumerate(embedder.embed([f"name_{number}" for number in range(count)]))))


def test_a_small_store_needs_no_file(tmp_path: Path) -> None:
    embedder = LexicalEmbedder(16)
    (tmp_path / NAME).write_text("left over")
    index = open_index(tmp_path, embedder=embedder, rows=many(SMALL, embedder))
    assert isinstance(index, ExactIndex)
    assert len(index) == SMALL
    assert not (tmp_path / NAME).exists()


def test_a_big_store_has_one_where_usearch_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = LexicalEmbedder(16)
    rows = many(SMALL + 1, embedder)
    index = open_index(tmp_path, embedder=embedder, rows=rows)
    assert isinstance(index, HnswIndex)
    assert problem_with(tmp_path / NAME, Label(embedder="builtin-1-16", dimensions=16)) is None
    monkeypatch.setattr("qeforge.memory.indexes.find_spec", lambda name: None)
    assert isinstance(open_index(tmp_path, embedder=embedder, rows=rows), ExactIndex)


def test_recall_is_that_of_the_exact_search(path: Path) -> None:
    embedder = LexicalEmbedder()
    verbs, nouns = ("read", "write", "parse", "open", "close", "format"), ("file", "url", "date", "row", "header")
    texts = [
        f"{verb}_{noun}_{number}(text, {noun}_{number % 7})" for verb in verbs for noun in nouns for number in range(40)
    ]
    stored = dict(enumerate(embedder.embed(texts)))
    index = opened(path, StoredRows(stored), dimensions=embedder.dimensions)
    exact = open_exact(dimensions=embedder.dimensions, rows=StoredRows(stored))
    wanted = embedder.embed([f"{verb}_the_{noun}(text)" for verb in verbs for noun in nouns])
    hits = 0
    for each in wanted:
        nearness = dict(exact.search(each, len(stored)))
        tenth = sorted(nearness.values(), reverse=True)[9]
        hits += sum(nearness[key] > tenth - 0.001 for key, _ in index.search(each, 10))  # many are alike
    assert hits / (10 * len(wanted)) >= 0.95


def test_nothing_heavy_is_imported_without_a_big_store() -> None:
    program = (
        "import sys, qeforge.memory.indexes, qeforge.memory.embedders, qeforge.memory.index, qeforge.memory.clusters;"
        "print(sorted({'numpy', 'usearch', 'torch', 'sentence_transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_file_of_another_version_of_the_library_is_made_anew(
    path: Path, rows: StoredRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path, rows)
    made = HnswIndex.__init__

    def choosy(self: HnswIndex, path: Path, label: Label, *, mapped: bool = False) -> None:
        if mapped:
            raise RuntimeError("File format may be different, please rebuild")
        made(self, path, label)

    monkeypatch.setattr(HnswIndex, "__init__", choosy)
    assert len(opened(path, rows)) == 300
