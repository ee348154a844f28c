"""`qeforge cost`, on real ledgers."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from qeforge.cli.main import run
from qeforge.domain.ledger import Call
from qeforge.domain.provider import Usage
from qeforge.domain.routing import Engine
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import Store
from tests.cli.conftest import Cli, Ended

DAY = 86_400
LOCAL = {"engine": Engine.LOCAL, "provider": "llama", "model": "qwen-tiny", "usd": 0.0}


@pytest.fixture
def cost(project: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*args: str) -> Ended:
        code = run(("cost", *args))
        return Ended(code, *capsys.readouterr())

    return call


@pytest.fixture
def ledger(project: Path) -> SqliteLedger:
    return SqliteLedger(Store(project.parent / "data" / "memory.db"))


def call(**changes: object) -> Call:
    fields: dict[str, object] = {
        "at": time.time(),
        "project": "shop",
        "module": "shop.cart",
        "target": "shop.cart:add",
        "engine": Engine.CLOUD,
        "provider": "anthropic",
        "model": "claude-haiku-5-5",
        "usage": Usage(input=1_000_000, output=100_000, cached=2_000),
        "seconds": 2.0,
        "usd": 0.15,
        "goals": 4,
        "mutants": 2,
    }
    return Call(**{**fields, **changes})  # type: ignore[arg-type]


def cells(ended: Ended) -> list[list[str]]:
    """The table without its line, each row split at runs of blanks."""
    rows = [line for line in ended.out.splitlines() if line.strip("─ ")]
    return [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in rows]


def test_an_empty_ledger_says_so_and_none_is_made(cost: Cli, project: Path) -> None:
    ended = cost()
    assert (ended.code, ended.out, ended.err) == (0, "", "no model was asked yet\n")
    assert not (project.parent / "data").exists()
    data = cost("--json").envelope["data"]
    assert (data["sums"], data["total"]) == ([], None)


def test_by_model_with_a_total_and_the_share_that_stayed_here(cost: Cli, ledger: SqliteLedger) -> None:
    ledger.record(call())
    for outcome in ("answered", "answered", "timeout"):
        ledger.record(call(**LOCAL, usage=Usage(input=500, output=100), outcome=outcome, goals=1))
    ended = cost("--by", "model")
    assert ended.code == 0
    heads, haiku, qwen, total = cells(ended)
    wanted = ["model", "calls", "in", "out", "cached", "time", "cost", "goals", "kills", "local", "all in the cloud"]
    assert heads == wanted
    assert haiku[:9] == ["claude-haiku-5-5", "1", "1,000,000", "100,000", "2,000", "2.0 s", "$0.1500", "4", "2"]
    assert qwen == ["qwen-tiny", "3", "1,500", "300", "0", "6.0 s", "$0.00", "3", "6", "100%", "$0.0003"]
    assert total[0:2] == ["total", "4"]
    assert total[9] == "75%"
    assert "1 call had no answer" in ended.err
    assert "7 goals gained: 157,400 tokens and 1.1 s each" in ended.err
    assert "hypothetical" not in ended.out + ended.err


def test_without_any_cloud_call_the_comparison_is_hypothetical(cost: Cli, ledger: SqliteLedger) -> None:
    ledger.record(call(**LOCAL, usage=Usage(input=1_000_000, output=0)))
    ended = cost()
    assert "all in the cloud (hypothetical)" in ended.out
    assert "would have cost" in ended.err
    assert "(hypothetical: no cloud model was ever asked; prices of" in ended.err
    assert "paid $0.00, 100% less" in ended.err
    assert cost("--json").envelope["data"]["counterfactual"]["hypothetical"] is True


def test_a_cloud_call_of_another_time_is_one_all_the_same(cost: Cli, ledger: SqliteLedger) -> None:
    ledger.record(call(at=time.time() - 30 * DAY))
    ledger.record(call(**LOCAL))
    ended = cost("--days", "2", "--json")
    data = ended.envelope["data"]
    assert [one["calls"] for one in data["sums"]] == [1]
    assert data["counterfactual"]["hypothetical"] is False


def test_by_day_and_project(cost: Cli, ledger: SqliteLedger) -> None:
    now = time.time()
    ledger.record(call(at=now - 3 * DAY, project="tax"))
    ledger.record(call(at=now - DAY))
    ledger.record(call(at=now))
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    every = cost("--json").envelope["data"]
    assert [one["key"] for one in every["sums"]][-1] == day
    assert len(every["sums"]) == 3
    assert [one["key"] for one in cost("--days", "1", "--json").envelope["data"]["sums"]] == [day]
    assert len(cost("--days", "2", "--json").envelope["data"]["sums"]) == 2
    projects = cost("--by", "project", "--json").envelope["data"]["sums"]
    assert [(one["key"], one["calls"]) for one in projects] == [("shop", 2), ("tax", 1)]
    assert cost("--project", "tax", "--json").envelope["data"]["total"]["calls"] == 1


def test_a_filter_that_leaves_nothing_is_no_empty_ledger(cost: Cli, ledger: SqliteLedger) -> None:
    ledger.record(call())
    ended = cost("--project", "nobody")
    assert (ended.code, ended.err) == (0, "no model was asked in that time or project\n")


def test_a_model_without_a_price_says_so(cost: Cli, ledger: SqliteLedger) -> None:
    ledger.record(call(model="new-1", usd=None))
    ledger.record(call())
    ended = cost("--by", "model")
    _, known, unknown, total = cells(ended)
    assert (known[6], unknown[6], total[6]) == ("$0.1500", "no price known", "$0.1500 + 1 unpriced")
    assert "no price is known of new-1: the sum is without it" in ended.err
    assert cost("--json").envelope["data"]["unpriced_models"] == ["new-1"]


def test_a_cloud_model_without_a_price_makes_no_comparison(
    cost: Cli, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QEFORGE_CLOUD_MODEL", "new-1")
    ledger.record(call(**LOCAL))
    ended = cost()
    assert "no price is known for all of it in the cloud (new-1): what it would cost is not known" in ended.err
    assert cost("--json").envelope["data"]["counterfactual"]["usd"] is None


def test_a_name_cannot_move_the_cursor(cost: Cli, ledger: SqliteLedger) -> None:
    ledger.record(call(project="evil\x1b[2J\nname"))
    assert "\x1b" not in cost("--by", "project").out


def test_a_damaged_ledger_is_one_line(cost: Cli, ledger: SqliteLedger, project: Path) -> None:
    path = project.parent / "data" / "memory.db"
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but long enough to be read as one" * 40)
    ended = cost()
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.count("\n") == 1
    assert "damaged" in ended.err
    assert cost("--json").envelope["errors"][0]["slug"] == "store-damaged"


def test_a_newer_ledger_is_one_line(cost: Cli, ledger: SqliteLedger) -> None:
    ledger.record(call())
    with closing(sqlite3.connect(ledger._store.path)) as connection:
        connection.execute("pragma user_version = 99")
    ended = cost()
    assert ended.code == 3
    assert ended.err.startswith("qeforge: ")
    assert "written by a newer qeforge" in ended.err


@pytest.mark.parametrize("args", [("--by", "week"), ("--days", "0"), ("--days", "many")])
def test_what_cannot_be_meant(cost: Cli, args: tuple[str, ...]) -> None:
    assert cost(*args).code == 2
