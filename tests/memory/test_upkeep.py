import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from qeforge.errors import UsageError
from qeforge.memory.store import LATEST, StoreError
from qeforge.memory.upkeep import backup, copies_beside, problems, restore, size_of, vacuum
from tests.memory.samples import PROJECT, call, keep, memory_in

TARGET = "shop.texts:slugify"


def acts(folder: Path) -> list[str]:
    return sorted(one.act for one in memory_in(folder).of(PROJECT, TARGET))


def test_a_backup_holds_everything_and_replaces_nothing(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    with pytest.raises(UsageError, match="nothing is remembered yet"):
        backup(memory.store, tmp_path / "copy.db")
    keep(memory, call("slugify('a')"))
    assert backup(memory.store, tmp_path / "deep" / "memory.db") > 0
    assert acts(tmp_path / "deep") == ["slugify('a')"]
    with pytest.raises(UsageError, match="exists already"):
        backup(memory.store, tmp_path / "deep" / "memory.db")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        backup(memory.store, tmp_path / "file" / "copy.db")


def test_restoring_keeps_what_was_there_and_is_seen_by_whoever_is_at_work(tmp_path: Path) -> None:
    memory, other = memory_in(tmp_path), memory_in(tmp_path)
    keep(memory, call("slugify('old')"))
    backup(memory.store, tmp_path / "copy.db")
    keep(memory, call("slugify('new')"))
    assert len(other.of(PROJECT, TARGET)) == 2
    former = restore(memory.store, tmp_path / "copy.db")
    assert former is not None
    assert copies_beside(memory.store.path) == (former,)
    assert acts(tmp_path) == ["slugify('old')"]
    assert [one.act for one in other.of(PROJECT, TARGET)] == ["slugify('old')"]
    (tmp_path / "former").mkdir()
    former.rename(tmp_path / "former" / "memory.db")
    assert acts(tmp_path / "former") == ["slugify('new')", "slugify('old')"]


def test_a_damaged_database_is_put_aside_when_a_backup_takes_its_place(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('a')"))
    backup(memory.store, tmp_path / "copy.db")
    memory.store.close()
    damaged = b"not a database at all, only its name says so " * 99
    memory.store.path.write_bytes(damaged)
    former = restore(memory.store, tmp_path / "copy.db")
    assert former is not None
    assert former.read_bytes() == damaged
    assert acts(tmp_path) == ["slugify('a')"]


def test_without_a_database_there_is_none_to_keep(tmp_path: Path) -> None:
    keep(memory_in(tmp_path / "there"), call("slugify('a')"))
    backup(memory_in(tmp_path / "there").store, tmp_path / "copy.db")
    assert restore(memory_in(tmp_path / "here").store, tmp_path / "copy.db") is None
    assert acts(tmp_path / "here") == ["slugify('a')"]


def test_what_is_no_backup_changes_nothing(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('a')"))
    copy = tmp_path / "copy.db"
    with pytest.raises(UsageError, match="no such file"):
        restore(memory.store, copy)
    copy.write_text("hello")
    with pytest.raises(UsageError, match="no database of qeforge"):
        restore(memory.store, copy)
    copy.unlink()
    with closing(sqlite3.connect(copy)) as foreign:
        foreign.execute("create table other (id)")
    with pytest.raises(UsageError, match="its tables are missing"):
        restore(memory.store, copy)
    copy.unlink()
    backup(memory.store, copy)
    with closing(sqlite3.connect(copy)) as newer:
        newer.execute(f"pragma user_version = {LATEST + 1}")
    with pytest.raises(UsageError, match="written by a newer qeforge"):
        restore(memory.store, copy)
    assert acts(tmp_path) == ["slugify('a')"]
    assert copies_beside(memory.store.path) == ()


def test_a_backup_cut_short_is_refused(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, *(call(f"slugify('{'x' * 90}{number}')") for number in range(20)))
    copy = tmp_path / "copy.db"
    size = backup(memory.store, copy)
    copy.write_bytes(copy.read_bytes()[: size // 2])
    with pytest.raises(UsageError, match="no database of qeforge"):
        restore(memory.store, copy)


def test_vacuum_makes_it_smaller_and_empties_the_log(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, *(call(f"slugify('{'x' * 1500}{number}')") for number in range(20)))
    with memory.store.transaction() as connection:
        connection.execute("delete from project")
    before, after = vacuum(memory.store)
    assert after < before
    assert after == size_of(memory.store.path)
    assert memory.store.path.with_name("memory.db-wal").stat().st_size == 0
    assert vacuum(memory_in(tmp_path / "none").store) == (0, 0)


def test_a_healthy_database_has_no_problems_and_each_fault_is_told(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    assert list(problems(memory.store)) == []
    keep(memory, call("slugify('a')"), call("slugify('b')"))
    assert list(problems(memory.store)) == []
    memory.store.close()
    with closing(sqlite3.connect(memory.store.path)) as connection:
        connection.execute("update pattern set act = 'slugify(' where act = ?", ("slugify('a')",))
        connection.execute("update pattern set roles = 'none' where act = ?", ("slugify('b')",))
        connection.execute("delete from target")
        connection.commit()
    told = list(problems(memory_in(tmp_path).store))
    assert sum(text.startswith("row ") and "target" in text for text in told) == 4
    assert sum(text.endswith("is no recipe") for text in told) == 2


def test_a_damaged_page_is_told(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, *(call(f"slugify('{'x' * 90}{number}')") for number in range(20)))
    vacuum(memory.store)
    memory.store.close()
    whole = bytearray(memory.store.path.read_bytes())
    whole[len(whole) // 2 :] = b"\xff" * (len(whole) - len(whole) // 2)
    memory.store.path.write_bytes(whole)
    with pytest.raises(StoreError, match="damaged"):
        raise StoreError("; ".join(problems(memory_in(tmp_path).store)))
