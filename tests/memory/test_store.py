import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.ledger import BATCH, Call, Past, Typical
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
from typing import Any
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
    more = (*stores._MIGRATIONS, (stores.LATEST + 1, "create table extra (id integer primary key)"))
    monkeypatch.setattr(stores, "_MIGRATIONS", more)
    monkeypatch.setattr(stores, "LATEST", stores.LATEST + 1)
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
    broken = (*stores._MIGRATIONS, (stores.LATEST + 1, "create table extra (id); nonsense"))
    with monkeypatch.context() as patch:
        patch.setattr(stores, "_MIGRATIONS", broken)
        patch.setattr(stores, "LATEST", stores.LATEST + 1)
        with pytest.raises(StoreError, match="syntax error"):
            SqliteLedger(Store(path)).calls()
    assert len(SqliteLedger(Store(path)).calls()) == 1


class _Interrupted(sqlite3.Connection):
    """Ctrl-C is pressed while it waits for the disk: it is heard as soon as the statement has ended."""

    moment = ""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        done = super().execute(sql, *parameters)
        if sql == self.moment:
            raise KeyboardInterrupt
        return done


@pytest.mark.parametrize(("moment", "kept"), [("begin immediate", False), ("commit", True)])
def test_ctrl_c_in_a_migration_stays_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, kept: bool
) -> None:
    path = tmp_path / "memory.db"
    connect = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(_Interrupted, "moment", moment)
        patch.setattr(sqlite3, "connect", lambda *args, **named: connect(*args, factory=_Interrupted, **named))
        with pytest.raises(KeyboardInterrupt):
            SqliteLedger(Store(path)).record(call())
    with closing(sqlite3.connect(path)) as left:
        assert left.execute("pragma user_version").fetchone() == (stores.LATEST if kept else 0,)
    SqliteLedger(Store(path)).record(call())
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


def test_threads_share_a_store(tmp_path: Path) -> None:
    ledger = SqliteLedger(Store(tmp_path / "memory.db"))

    def write() -> None:
        for _ in range(25):
            number = ledger.record(call())
            ledger.gained(number, candidates=1, valid=1, goals=1, mutants=0)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert ledger.problem == ""
    assert [one.goals for one in ledger.calls()] == [1] * 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_gets_a_connection_of_its_own(tmp_path: Path) -> None:
    ledger = SqliteLedger(Store(tmp_path / "memory.db"))
    ledger.record(call())
    context = multiprocessing.get_context("fork")
    child = context.Process(target=ledger.record, args=(call(project="child"),))
    child.start()
    child.join(timeout=60)
    assert child.exitcode == 0
    ledger.record(call())
    assert [one.project for one in ledger.calls()] == ["shop", "child", "shop"]


def test_an_entry_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    ledger = SqliteLedger(Store(path))
    ledger.record(call())
    before = path.stat().st_mtime_ns
    ledger.record(call())
    assert path.stat().st_mtime_ns == before, "the log was moved into the database"
    assert len(SqliteLedger(Store(path)).calls()) == 2


def test_outcomes_are_of_answers_of_a_local_model(tmp_path: Path) -> None:
    ledger = SqliteLedger(Store(tmp_path / "memory.db"))
    assert ledger.outcomes("shop", "shop.cart") == {}
    for changes in (
        {"goals": 2},
        {"goals": 0},
        {"target": "shop.cart:drop", "goals": 0},
        {"outcome": "timeout"},
        {"engine": Engine.CLOUD, "goals": 1},
        {"project": "other", "goals": 1},
        {"module": "shop.tax", "goals": 1},
    ):
        ledger.record(call(**{"engine": Engine.LOCAL, **changes}))
    assert ledger.outcomes("shop", "shop.cart") == {
        "shop.cart:add": Past(tried=2, met=1),
        "shop.cart:drop": Past(tried=1, met=0),
    }


def test_what_is_typical_is_the_middle_of_the_latest_answers(tmp_path: Path) -> None:
    ledger = SqliteLedger(Store(tmp_path / "memory.db"))
    assert ledger.typical(Engine.CLOUD) is None
    assert not ledger.asked()
    for number in range(100):  # the first fifty are forgotten
        ledger.record(call(at=float(number), seconds=float(number), usage=Usage(output=number)))
    ledger.record(call(at=200.0, seconds=1000.0, outcome="timeout"))
    ledger.record(call(at=201.0, seconds=1000.0, provider=f"anthropic{BATCH}"))  # the time of a batch is no answer's
    assert ledger.typical(Engine.CLOUD) == Typical(seconds=74.5, output=74)
    assert ledger.typical(Engine.LOCAL) is None
    assert (ledger.asked(), ledger.asked(Engine.CLOUD), ledger.asked(Engine.LOCAL)) == (True, True, False)
