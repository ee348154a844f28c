"""Models on disk: what is whole has a name, what is not has none, and everybody else's models stay."""

import errno
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from qeforge.errors import ProviderError, QeforgeError, UsageError
from qeforge.providers import shelf as shelf_module
from qeforge.providers.catalogue import Entry, catalogue
from qeforge.providers.shelf import INDEX, Speed, Stored, changing, read_shelf
from qeforge.providers.store import ModelStore, Progress
from tests.providers.hub_server import entry_of, model

ROOT = Path(__file__).parents[2]
DATA = model()
SPEED = Speed(answer=20.0, question=200.0, date="2026-11-23")


def nothing(done: int, total: int) -> None:
    """Nobody looks."""


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "data" / "models")


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Entry:
    """A model of the catalogue that is small enough."""
    tiny = entry_of(DATA)
    monkeypatch.setitem(cast(dict[str, Entry], catalogue()), "tiny", tiny)
    return tiny


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "My Model (v1).gguf"
    path.write_bytes(DATA)
    return path


def sends(data: bytes) -> Callable[[Entry, BinaryIO, Progress], None]:
    """A hub that has that file."""

    def fetch(entry: Entry, into: BinaryIO, progress: Progress) -> None:
        into.write(data[into.tell() :])

    return fetch


def files(store: ModelStore) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir() if not path.name.startswith("."))


def error_of(call: Callable[[], object]) -> QeforgeError:
    with pytest.raises(QeforgeError) as caught:
        call()
    return caught.value


@contextmanager
def full_above(size: int) -> Iterator[None]:
    """No file can grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# -- asking -----------------------------------------------------------------------------------------------------


def test_where_nothing_is_nothing_is_made(store: ModelStore, entry: Entry) -> None:
    assert (store.chosen(), dict(store.shelf().models), store.partial(entry)) == ("", {}, 0)
    assert error_of(store.path_of).slug == "no-model"
    assert error_of(lambda: store.path_of("tiny")).hint == "`qeforge models pull tiny`"
    assert error_of(lambda: store.stored("tiny")).hint == "`qeforge models pull tiny`"
    assert error_of(lambda: store.path_of("smollm2-135m")).hint.startswith("`qeforge models import ")
    assert error_of(lambda: store.path_of("tinny")).hint == "did you mean tiny?"
    assert error_of(lambda: store.path_of("no/such.gguf")).message == "no/such.gguf: no such file"
    assert not store.folder.exists()


def test_a_path_is_a_model_too(store: ModelStore, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(source.parent)
    assert store.path_of(source.name) == source
    assert store.path_of(str(source)) == source


def test_the_first_one_is_chosen_and_stays_so_until_another_is(store: ModelStore, entry: Entry, source: Path) -> None:
    store.pull(entry, sends(DATA), nothing)
    assert store.chosen() == "tiny"
    assert store.path_of() == store.path_of("tiny") == store.folder / "tiny.gguf"
    source.write_bytes(model(seed=1))
    store.add(source, nothing, name="other")
    assert store.chosen() == "tiny"
    store.choose("other")
    assert store.path_of() == store.folder / "other.gguf"
    assert error_of(lambda: store.choose("third")).exit_code == 2
    assert store.chosen() == "other"


# -- pulling ----------------------------------------------------------------------------------------------------


def test_pulled(store: ModelStore, entry: Entry) -> None:
    one = store.pull(entry, sends(DATA), nothing)
    assert files(store) == [INDEX, "tiny.gguf"]
    assert (store.folder / "tiny.gguf").read_bytes() == DATA
    assert (one.verified, one.licence, one.architecture) == (True, "MIT", "qwen2")
    assert one.memory > len(DATA)
    assert store.shelf().models["tiny"] == one


def test_pulled_again_nobody_is_asked(store: ModelStore, entry: Entry) -> None:
    one = store.pull(entry, sends(DATA), nothing)

    def never(entry: Entry, into: BinaryIO, progress: Progress) -> None:
        raise AssertionError

    assert store.pull(entry, never, nothing) == one
    assert files(store) == [INDEX, "tiny.gguf"]


def test_a_cut_leaves_what_came_and_the_next_pull_goes_on(store: ModelStore, entry: Entry) -> None:
    def cut(entry: Entry, into: BinaryIO, progress: Progress) -> None:
        into.write(DATA[:70_000])
        raise ProviderError("cut", slug="cut")

    assert error_of(lambda: store.pull(entry, cut, nothing)).slug == "cut"
    assert store.partial(entry) == 70_000
    assert store.shelf().models == {}
    seen = []

    def rest(entry: Entry, into: BinaryIO, progress: Progress) -> None:
        seen.append(into.tell())
        into.write(DATA[into.tell() :])

    store.pull(entry, rest, nothing)
    assert seen == [70_000]
    assert (store.folder / "tiny.gguf").read_bytes() == DATA
    assert store.partial(entry) == 0


def test_ctrl_c_leaves_what_came(store: ModelStore, entry: Entry) -> None:
    def interrupted(entry: Entry, into: BinaryIO, progress: Progress) -> None:
        into.write(DATA[:70_000])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pull(entry, interrupted, nothing)
    assert store.partial(entry) == 70_000


def test_nothing_that_came_leaves_no_file(store: ModelStore, entry: Entry) -> None:
    def refused(entry: Entry, into: BinaryIO, progress: Progress) -> None:
        raise ProviderError("no", slug="not-found")

    assert error_of(lambda: store.pull(entry, refused, nothing)).slug == "not-found"
    assert files(store) == []


@pytest.mark.parametrize("size", [len(DATA), len(DATA) - 1, 0])
def test_a_wrong_checksum_removes_the_file(store: ModelStore, entry: Entry, size: int) -> None:
    error = error_of(lambda: store.pull(entry, sends(model(seed=1)[:size]), nothing))
    assert (error.slug, error.exit_code) == ("checksum", 3)
    assert entry.sha256[:12] in error.message
    assert files(store) == []


def test_an_unfinished_file_that_is_too_long_is_begun_again(store: ModelStore, entry: Entry) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / f"{entry.sha256[:16]}.part").write_bytes(DATA + b"more")
    store.pull(entry, sends(DATA), nothing)
    assert (store.folder / "tiny.gguf").read_bytes() == DATA


def test_a_full_disk_leaves_no_half_file(store: ModelStore, entry: Entry) -> None:
    store.folder.mkdir(parents=True)
    with full_above(50_000):
        error = error_of(lambda: store.pull(entry, sends(DATA), nothing))
    assert (error.slug, "full" in error.message) == ("disk-full", True)
    assert files(store) == []


def test_a_disk_that_is_too_small_is_told_before_anything_is_loaded(
    store: ModelStore, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qeforge.providers.store._SPARE", 1 << 60)
    asked: list[Entry] = []
    error = error_of(lambda: store.pull(entry, lambda e, into, progress: asked.append(e), nothing))
    assert (error.slug, asked, files(store)) == ("disk-full", [], [])


def test_a_disk_without_room_for_the_index_loses_nothing(
    store: ModelStore, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise ProviderError("full", slug="disk-full")

    with monkeypatch.context() as patch:
        patch.setattr(shelf_module, "_write", full)
        assert error_of(lambda: store.pull(entry, sends(DATA), nothing)).slug == "disk-full"
    assert store.partial(entry) == len(DATA)
    assert store.pull(entry, sends(b""), nothing).verified


def test_no_two_load_one_model_at_a_time(store: ModelStore, entry: Entry) -> None:
    def another(entry: Entry, into: BinaryIO, progress: Progress) -> None:
        error = error_of(lambda: ModelStore(store.folder).pull(entry, sends(DATA), nothing))
        assert (error.slug, "another process" in error.message) == ("busy", True)
        into.write(DATA)

    assert store.pull(entry, another, nothing).verified


def test_a_link_in_place_of_an_unfinished_file_is_not_followed(store: ModelStore, entry: Entry, source: Path) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / f"{entry.sha256[:16]}.part").symlink_to(source)
    error_of(lambda: store.pull(entry, sends(model(seed=2)), nothing))
    assert source.read_bytes() == DATA


# -- importing --------------------------------------------------------------------------------------------------


def test_a_file_of_the_catalogue_is_known_by_its_checksum(store: ModelStore, entry: Entry, source: Path) -> None:
    one, linked = store.add(source, nothing)
    assert (one.name, one.verified, one.licence, linked) == ("tiny", True, "MIT", True)
    assert store.path_of("tiny").stat().st_ino == source.stat().st_ino
    assert source.read_bytes() == DATA


def test_an_unknown_file_is_called_like_itself_and_unverified(store: ModelStore, source: Path) -> None:
    one, _ = store.add(source, nothing)
    assert (one.name, one.verified, one.licence) == ("my-model-v1", False, "")
    assert files(store) == [INDEX, "my-model-v1.gguf"]


def test_a_copy_shares_nothing(store: ModelStore, source: Path) -> None:
    heard: list[tuple[int, int]] = []
    one, linked = store.add(source, lambda done, total: heard.append((done, total)), copy=True)
    source.write_bytes(b"changed")
    assert not linked
    assert heard == [(len(DATA), len(DATA))]
    assert store.path_of(one.name).read_bytes() == DATA


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM])
def test_where_links_cannot_be_it_is_copied(
    store: ModelStore, source: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refused(*arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refused)
    one, linked = store.add(source, nothing)
    assert not linked
    assert store.path_of(one.name).read_bytes() == DATA


def test_a_checksum_from_somebody_trusted_verifies(store: ModelStore, source: Path) -> None:
    digest = sha256(DATA).hexdigest()
    assert error_of(lambda: store.add(source, nothing, sha256="0" * 64)).slug == "checksum"
    assert files(store) == []
    assert store.add(source, nothing, sha256=digest.upper())[0].verified


@pytest.mark.parametrize("data", [b"", b"GGUF", DATA[:30], b"PK\x03\x04" + DATA])
def test_what_is_no_model_is_not_taken(store: ModelStore, source: Path, data: bytes) -> None:
    source.write_bytes(data)
    assert error_of(lambda: store.add(source, nothing)).slug == "broken-model"
    assert not store.folder.exists()


def test_a_full_disk_leaves_no_half_copy(store: ModelStore, source: Path) -> None:
    with full_above(50_000):
        error = error_of(lambda: store.add(source, nothing, copy=True))
    assert error.slug == "disk-full"
    assert files(store) == []
    assert source.read_bytes() == DATA


@pytest.mark.parametrize("name", ["", "Tiny", "a/b", "../a", ".a", "a.gguf", "x" * 65, "a\n"])
def test_names_that_cannot_be(store: ModelStore, source: Path, name: str) -> None:
    if name:
        assert error_of(lambda: store.add(source, nothing, name=name)).slug == "name"
    assert error_of(lambda: store.add(source.parent / "none.gguf", nothing, name=name)).slug in ("no-such-path", "name")


def test_a_name_means_one_model(store: ModelStore, entry: Entry, source: Path) -> None:
    source.write_bytes(model(seed=1))
    assert "the catalogue knows" in error_of(lambda: store.add(source, nothing, name="tiny")).message
    store.add(source, nothing, name="mine")
    store.add(source, nothing, name="mine")  # the same again is no other
    source.unlink()
    source.write_bytes(model(seed=2))
    assert "another model" in error_of(lambda: store.add(source, nothing, name="mine")).message
    assert files(store) == ["mine.gguf", INDEX]
    assert store.path_of("mine").read_bytes() == model(seed=1)


def test_a_file_of_the_folder_itself_can_be_taken_again(store: ModelStore, source: Path) -> None:
    store.add(source, nothing, name="mine")
    (store.folder / INDEX).write_text("{")
    assert error_of(store.shelf).slug == "store-damaged"
    (store.folder / INDEX).unlink()
    store.add(store.folder / "mine.gguf", nothing)
    assert files(store) == ["mine.gguf", INDEX]
    assert store.path_of("mine").read_bytes() == DATA


def test_what_a_killed_process_left_is_swept_away(
    store: ModelStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / "dead.new").write_bytes(b"half")
    store.add(source, nothing, name="first")
    assert "dead.new" in files(store)  # somebody may be at it
    monkeypatch.setattr("qeforge.providers.store._ABANDONED", -60.0)
    store.add(source, nothing, name="first")
    assert files(store) == ["first.gguf", INDEX]


# -- checking ---------------------------------------------------------------------------------------------------


def test_a_file_that_was_changed_is_not_used(store: ModelStore, entry: Entry) -> None:
    store.pull(entry, sends(DATA), nothing)
    path = store.folder / "tiny.gguf"
    path.write_bytes(DATA[:-1] + b"?")
    assert not store.intact(store.stored("tiny"))
    error = error_of(store.path_of)
    assert (error.slug, error.hint) == ("checksum", "`qeforge models verify tiny`")
    assert error_of(lambda: store.verify("tiny")).slug == "checksum"
    path.write_bytes(DATA)
    assert store.verify("tiny").verified
    assert store.path_of() == path


def test_a_byte_that_flipped_by_itself_is_found_and_remembered(store: ModelStore, entry: Entry) -> None:
    store.pull(entry, sends(DATA), nothing)
    path, before = store.folder / "tiny.gguf", (store.folder / "tiny.gguf").stat()
    path.write_bytes(DATA[:-1] + b"?")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.path_of() == path  # by size and date nobody can tell
    assert error_of(lambda: store.verify("tiny")).hint == "`qeforge models pull tiny`"
    assert error_of(store.path_of).slug == "checksum"
    assert store.pull(entry, sends(DATA), nothing).verified  # and it is loaded again
    assert store.path_of().read_bytes() == DATA


def test_an_unverified_file_is_compared_with_what_was_imported(store: ModelStore, source: Path) -> None:
    store.add(source, nothing, name="mine", copy=True)
    assert not store.verify("mine").verified
    (store.folder / "mine.gguf").write_bytes(model(seed=1))
    assert "remove mine" in error_of(lambda: store.verify("mine")).hint


def test_a_file_that_is_gone(store: ModelStore, entry: Entry) -> None:
    store.pull(entry, sends(DATA), nothing)
    (store.folder / "tiny.gguf").unlink()
    assert error_of(store.path_of).slug == "no-model"
    assert error_of(lambda: store.verify("tiny")).slug == "no-model"
    assert store.pull(entry, sends(DATA), nothing).verified


# -- removing ---------------------------------------------------------------------------------------------------


def test_removed(store: ModelStore, entry: Entry, source: Path) -> None:
    store.add(source, nothing)
    assert store.remove("tiny") == len(DATA)
    assert (files(store), store.chosen()) == ([INDEX], "")
    assert source.read_bytes() == DATA
    assert error_of(lambda: store.remove("tiny")).slug == "no-such-model"


def test_what_is_unfinished_can_be_removed(store: ModelStore, entry: Entry) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / f"{entry.sha256[:16]}.part").write_bytes(DATA[:1000])
    assert store.remove("tiny") == 1000
    assert error_of(lambda: store.remove("tiny")).exit_code == 2


# -- the index --------------------------------------------------------------------------------------------------


def test_speed_is_kept_also_when_the_file_is_taken_again(store: ModelStore, entry: Entry, source: Path) -> None:
    store.add(source, nothing)
    store.measured("tiny", SPEED)
    store.add(source, nothing)
    assert read_shelf(store.folder).models["tiny"].speed == SPEED
    assert error_of(lambda: store.measured("none", SPEED)).slug == "no-such-model"


def _index(**changes: object) -> str:
    fields = {
        "file": "a.gguf", "bytes": 1, "mtime": 1, "sha256": "0", "verified": True, "licence": "",
        "architecture": "x", "memory": 1, "speed": None,
    }  # fmt: skip
    return json.dumps({"version": 1, "chosen": "", "models": {"a": {**fields, **changes}}})


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("", "store-damaged"),
        ("[]", "store-damaged"),
        ('{"version": 1}', "store-damaged"),
        ('{"version": 2}', "store-newer"),
        (_index(file="../../etc/passwd"), "store-damaged"),
        (_index(bytes="many"), "store-damaged"),
        (_index(speed={"fast": True}), "store-damaged"),
        (_index(surprise=1), "store-damaged"),
        (_index().replace('"0"', "\udcff"), "provider"),
    ],
)
def test_an_index_that_cannot_be_used_is_told_and_left_alone(store: ModelStore, text: str, slug: str) -> None:
    store.folder.mkdir(parents=True)
    path = store.folder / INDEX
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = path.read_bytes()
    assert error_of(store.shelf).slug == slug
    assert error_of(lambda: store.choose("a")).slug == slug
    assert path.read_bytes() == before


def test_a_good_index_is_read(store: ModelStore) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / INDEX).write_text(_index())
    assert store.stored("a").file == "a.gguf"


def test_a_folder_that_cannot_be_made(tmp_path: Path, entry: Entry, source: Path) -> None:
    (tmp_path / "file").write_text("")
    store = ModelStore(tmp_path / "file" / "models")
    for call in (lambda: store.pull(entry, sends(DATA), nothing), lambda: store.add(source, nothing)):
        error = error_of(call)
        assert (error.slug, error.hint) == ("write", "QEFORGE_DATA_DIR moves it")


def test_a_failure_while_writing_keeps_what_was_there(store: ModelStore, entry: Entry) -> None:
    store.pull(entry, sends(DATA), nothing)
    before = (store.folder / INDEX).read_bytes()
    with full_above(10):
        assert error_of(lambda: store.measured("tiny", SPEED)).slug == "disk-full"
    assert (store.folder / INDEX).read_bytes() == before
    assert files(store) == [INDEX, "tiny.gguf"]


def test_whoever_waits_too_long_is_told(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "_PATIENCE", 0.1)

    def again() -> None:
        with changing(store.folder):
            raise AssertionError

    with changing(store.folder):
        assert error_of(again).slug == "busy"


PROGRAM = """
import sys
from pathlib import Path
from qeforge.providers.shelf import Stored, changing
folder, who = Path(sys.argv[1]), sys.argv[2]
for number in range(25):
    with changing(folder) as state:
        name = f"{who}{number}"
        state["models"][name] = Stored(
            name=name, file=name, bytes=1, mtime=1, sha256="", verified=False, licence="", architecture="", memory=1
        )
"""


def test_two_processes_at_once_lose_nothing(store: ModelStore) -> None:
    command: list[Any] = [sys.executable, "-c", PROGRAM, store.folder]
    both = [subprocess.Popen([*command, who], cwd=ROOT) for who in "ab"]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert set(read_shelf(store.folder).models) == {f"{who}{number}" for who in "ab" for number in range(25)}


def test_what_is_stored_is_what_is_read(store: ModelStore) -> None:
    one = Stored(
        name="a", file="a.gguf", bytes=1, mtime=2, sha256="3", verified=True, licence="MIT", architecture="x",
        memory=4, speed=SPEED,
    )  # fmt: skip
    with changing(store.folder) as state:
        state["models"]["a"], state["chosen"] = one, "a"
    assert (read_shelf(store.folder).models, store.chosen()) == ({"a": one}, "a")


def test_misuse_is_exit_2_and_a_missing_model_exit_3(store: ModelStore) -> None:
    assert isinstance(error_of(lambda: store.remove("x")), UsageError)
    assert error_of(store.path_of).exit_code == 3
