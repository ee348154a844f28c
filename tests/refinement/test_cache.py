import multiprocessing
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.analysis.units import shape_of
from qeforge.domain.report import Action, ModuleReport
from qeforge.refinement.cache import Cache, Entry

PLACE = "p" * 40
ONE = Entry(
    key="a" * 40,
    shape=shape_of("def f():\n    return 1\n"),
    targets=("shop:f",),
    report=ModuleReport(module="shop", path=Path("shop.py"), action=Action.WRITTEN, new="text\n"),
)


def entry(number: int, size: int = 10) -> Entry:
    text = "".join(f"{number}:{i};" for i in range(size))
    return replace(ONE, key=f"{number:040d}", report=replace(ONE.report, new=text))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "not" / "there yet")


def files(cache: Cache) -> list[Path]:
    return sorted(cache.folder.iterdir())


def test_what_was_stored_is_found_by_its_key_and_as_the_last_of_its_place(cache: Cache) -> None:
    assert cache.get(ONE.key) is None
    assert cache.put(PLACE, ONE) == ""
    assert cache.put(PLACE, entry(2)) == ""
    assert cache.get(ONE.key) == ONE
    assert cache.last(PLACE) == entry(2)
    assert cache.last("q" * 40) is None


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 100, "cut", "flipped", "swapped"])
def test_what_is_damaged_is_not_there(cache: Cache, damage: bytes | str) -> None:
    cache.put(PLACE, ONE)
    cache.put("q" * 40, entry(2))
    path, other = (cache.folder / f"{one.key}.entry" for one in (ONE, entry(2)))
    whole = path.read_bytes()
    made = {
        "cut": whole[:-5],
        "flipped": whole[:40] + bytes([whole[40] ^ 1]) + whole[41:],
        "swapped": other.read_bytes(),
    }
    path.write_bytes(damage if isinstance(damage, bytes) else made[damage])
    assert cache.get(ONE.key) is None
    assert cache.last(PLACE) is None
    assert cache.get(entry(2).key) == entry(2)


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "\xff", "b" * 40])
def test_a_damaged_hint_leads_nowhere(cache: Cache, text: str) -> None:
    cache.put(PLACE, ONE)
    (cache.folder / f"{PLACE}.last").write_text(text, encoding="latin-1")
    assert cache.last(PLACE) is None


def test_forgetting_leaves_nothing_whose_it_is_cannot_be_told(cache: Cache) -> None:
    cache.put(PLACE, ONE)
    kept = next(path for path in files(cache) if path.stem == ONE.key)
    kept.with_name(f"old{kept.suffix}").write_bytes(b"a suite of an older version")
    kept.unlink()
    assert cache.forget(cache.folder) == 0
    assert not any(path.suffix == kept.suffix for path in files(cache))


def test_a_folder_that_cannot_be_written_gives_a_note_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = Cache(tmp_path / "file" / "cache")
    note = cache.put(PLACE, ONE)
    assert note.startswith(f"nothing is kept for the next run in {cache.folder}: ")
    assert "\n" not in note
    assert cache.get(ONE.key) is None
    cache.prune()


def test_what_was_not_used_for_longest_goes_first(cache: Cache) -> None:
    for number in range(6):
        cache.put(f"{number:039d}p", entry(number, size=2000))
        for path in files(cache):
            if f"{number:039d}" in path.name:
                os.utime(path, (number, number))
    assert cache.get(entry(0).key)  # used: now the youngest
    bounded = replace(cache, most_bytes=sum(path.stat().st_size for path in files(cache)) // 2)
    bounded.prune()
    assert cache.get(entry(0).key)
    assert cache.get(entry(1).key) is None
    assert cache.get(entry(5).key)
    assert sum(path.stat().st_size for path in files(cache)) <= bounded.most_bytes


def test_what_was_never_finished_goes_after_a_while_and_other_files_stay(cache: Cache) -> None:
    cache.put(PLACE, ONE)
    fresh, old, foreign = (cache.folder / name for name in ("a.entry.1.part", "b.entry.2.part", "mine.txt"))
    for path in (fresh, old, foreign):
        path.write_text("x")
    os.utime(old, (time.time() - 7200,) * 2)
    replace(cache, most_bytes=10**6).prune()
    assert {path.name for path in files(cache)} >= {fresh.name, foreign.name, f"{ONE.key}.entry"}
    assert not old.exists()


def write_many(folder: Path, first: int) -> None:
    cache = Cache(folder)
    for number in range(first, first + 40):
        cache.put(PLACE, entry(number % 50, size=300))
        assert cache.last(PLACE) is not None
        if number % 10 == 0:
            replace(cache, most_bytes=60_000).prune()


def test_several_processes_at_once_never_see_half_a_file(cache: Cache) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_many, args=(cache.folder, first)) for first in (0, 20, 40)]
    for writer in writers:
        writer.start()
    seen = 0
    while any(writer.is_alive() for writer in writers):
        for number in range(50):
            found = cache.get(entry(number).key)
            assert found is None or found == entry(number, size=300)
            seen += found is not None
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert seen
    assert not [path for path in files(cache) if path.suffix == ".part"]
