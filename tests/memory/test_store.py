import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from qeforge.domain.ledger import Call
from qeforge.domain.provider import Usage
from qeforge.domain.routing import Engine
from qeforge.memory import store as stores
from qeforge.memory.ledger import SqliteLedger, sums
from qeforge.memory.store import Store, StoreError


def call(**changes: object) -> Call:
    fields: dict[str, object] = {
        "at": 1_000.0,
        "project": "shop",
        "module": "shop.cart",
        "target": "shop.cart:add",
        "engine": Engine.CLOUD,
        "provider": "anthropic",
        "model": "big-1",
        "usage": Usage(input=100, output=10, cached=40, written=5),
        "seconds": 2.0,
        "usd": 0.5,
        "features": '{"lines": 3}',
        "confidence": 0.7,
    }
    return Call(**{**fields, **changes})  # type: ignore[arg-type]


def test_calls_come_back_as_they_went_in(tmp_path: Path) -> None:
    ledger = SqliteLedger(Store(tmp_path / "deep" / "memory.db"))
    number = ledger.record(call())
    ledger.record(call(at=2_000.0, project="other", usd=None, outcome="timeout"))
    ledger.gained(number, candidates=8, valid=7, goals=3, mutants=1)
    fresh = SqliteLedger(Store(tmp_path / "deep" / "memory.db"))
    assert fresh.calls() == [
        call(candidates=8, valid=7, goals=3, mutants=1),
        call(at=2_000.0, project="other", usd=None, outcome="timeout"),
    ]
    assert [one.project for one in fresh.calls(since=1_500)] == ["other"]
    assert [one.project for one in fresh.calls(project="shop")] == ["shop"]
    assert ledger.problem == ""


def test_without_a_database_there_is_nothing_and_none_is_made(tmp_path: Path) -> None:
    assert SqliteLedger(Store(tmp_path / "memory.db")).calls() == []
    assert list(tmp_path.iterdir()) == []


_WRITER = """
import sys
from pathlib import Path
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import Store
from tests.memory.test_store import call
ledger = SqliteLedger(Store(Path(sys.argv[1])))
for _ in range(25):
    assert ledger.record(call()), ledger.problem
"""


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    root = Path(__file__).parents[2]
    running = [subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], cwd=root) for _ in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    assert len(SqliteLedger(Store(path)).calls()) == 75


@pytest.mark.parametrize("damage", [b"no database at all, but long enough to be read as one" * 40])
def test_a_damaged_database_is_told_and_costs_the_run_nothing(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "memory.db"
    path.write_bytes(damage)
    ledger = SqliteLedger(Store(path))
    assert ledger.record(call()) == 0
    assert "damaged" in ledger.problem
    with pytest.raises(StoreError, match=r"memory\.db: damaged"):
        ledger.calls()
    assert path.read_bytes() == damage


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    SqliteLedger(Store(path)).record(call())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(StoreError, match="newer qeforge") as caught:
        SqliteLedger(Store(path)).calls()
    assert caught.value.slug == "store-newer"


def test_an_older_database_is_migrated_after_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "memory.db"
    SqliteLedger(Store(path)).record(call())
    more = (*stores._MIGRATIONS, (stores._LAST + 1, "create table extra (id integer primary key)"))
    monkeypatch.setattr(stores, "_MIGRATIONS", more)
    monkeypatch.setattr(stores, "_LAST", stores._LAST + 1)
    store = Store(path)
    with store.transaction() as connection:
        connection.execute("insert into extra default values")
    assert len(SqliteLedger(store).calls()) == 1
    (copy,) = tmp_path.glob("memory.db.before-*")
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("select count(*) from call").fetchone() == (1,)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "memory.db"
    SqliteLedger(Store(path)).record(call())
    broken = (*stores._MIGRATIONS, (stores._LAST + 1, "create table extra (id); nonsense"))
    with monkeypatch.context() as patch:
        patch.setattr(stores, "_MIGRATIONS", broken)
        patch.setattr(stores, "_LAST", stores._LAST + 1)
        with pytest.raises(StoreError, match="syntax error"):
            SqliteLedger(Store(path)).calls()
    assert len(SqliteLedger(Store(path)).calls()) == 1


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "memory.db")
    ledger = SqliteLedger(store)
    ledger.record(call())

    def fail() -> None:
        with store.transaction() as connection:
            connection.execute("delete from call")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert len(ledger.calls()) == 1


def test_sums_say_what_the_cloud_would_have_cost() -> None:
    calls = [
        call(),
        call(engine=Engine.LOCAL, model="small-1", usd=0.0, usage=Usage(input=1000, output=100), goals=2),
        call(engine=Engine.LOCAL, model="small-1", usd=0.0, usage=Usage(input=1000, output=100), outcome="timeout"),
    ]
    big, small = sums(calls, lambda one: one.model, cloud_price=lambda usage: usage.output / 1000)
    assert (big.key, big.usd, big.cloud_usd) == ("big-1", 0.5, 0.5)
    assert (small.calls, small.answered, small.local, small.usd, small.goals) == (2, 1, 2, 0.0, 2)
    assert small.cloud_usd == pytest.approx(0.2)


def test_a_price_that_nobody_knows_is_not_nothing() -> None:
    (only,) = sums([call(usd=None)], lambda one: "all", cloud_price=lambda usage: None)
    assert (only.usd, only.unpriced, only.cloud_usd) == (0.0, 1, None)
