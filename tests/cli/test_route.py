"""`qeforge route explain`, on a real project; no model is asked and, unless told to, nothing is run."""

import json
from pathlib import Path

import pytest

from qeforge.cli.main import run
from qeforge.domain.ledger import Call
from qeforge.domain.provider import Usage
from qeforge.domain.routing import Engine
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import Store
from qeforge.providers.prompts import BUDGETS
from qeforge.providers.shelf import Speed
from qeforge.providers.store import ModelStore
from tests.cli.conftest import Cli, Ended
from tests.providers.gguf_files import gguf

SOURCE = '''
def total(prices: list[int]) -> int:
    """The sum of what costs something."""
    found = 0
    for price in prices:
        if price > 0:
            found += price
    return found


def _hidden(value: int) -> bool:
    return value > 3


class Empty:
    """Nothing in it."""
'''
TESTS = """
from shop import total


def test_total():
    assert total([1, -1]) == 1
"""


@pytest.fixture
def explain(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    (project / "shop.py").write_text(SOURCE)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    def call(*args: str) -> Ended:
        code = run(("route", "explain", *args))
        return Ended(code, *capsys.readouterr())

    return call


@pytest.fixture
def local(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is a local model as far as one can tell without loading it."""
    path = project.parent / "tiny.gguf"
    path.write_bytes(gguf({"general.architecture": "qwen2"}))
    monkeypatch.setenv("QEFORGE_LOCAL_MODEL", str(path))
    return path


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-never-shown")
    return "sk-never-shown"


def routes(ended: Ended) -> dict[str, tuple[str, str]]:
    """Engine and reason, by name of the target."""
    rows = ended.envelope["data"]["targets"]
    return {row["id"].partition(":")[2]: (row["engine"], row["reason"]) for row in rows}


def test_without_models_everything_is_native_and_it_says_what_is_missing(explain: Cli) -> None:
    ended = explain("shop.py")
    assert ended.code == 0
    assert "shop:total" in ended.out
    assert "no model is set up" in ended.out
    assert "local: no local model was chosen" in ended.err
    assert "cloud: ANTHROPIC_API_KEY is not set" in ended.err
    assert ended.err.endswith("3 targets; no model would be asked\n")


def test_the_key_sets_the_cloud_up_and_is_not_shown(explain: Cli, key: str) -> None:
    ended = explain("shop.py")
    assert "cloud: claude-haiku-5-5" in ended.err
    assert "one question each: at most 2 cloud, 10 s, $0.0005" in ended.err
    assert key not in ended.out + ended.err
    data = explain("--json", "shop.py").envelope["data"]
    assert key not in json.dumps(data)
    assert data["models"] == {"cloud": "claude-haiku-5-5"}
    (row,) = [row for row in data["targets"] if row["id"] == "shop:total"]
    assert (row["engine"], row["features"]["cyclomatic"], row["features"]["typed"]) == ("cloud", 3, 1.0)
    assert row["features"]["open_goals"] > 5
    assert 0 < row["usd"] < 0.001


def test_both_are_divided_by_the_gate_and_by_shares(
    explain: Cli, local: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = routes(explain("--json", "shop.py"))
    monkeypatch.setenv("QEFORGE_ROUTING_GATE", "0")
    assert routes(explain("--json", "shop.py"))["total"][0] == "local"
    monkeypatch.setenv("QEFORGE_ROUTING_GATE", "1")
    assert routes(explain("--json", "shop.py"))["total"] == ("cloud", low["total"][1].replace("gate 0.8", "gate 1"))
    monkeypatch.setenv("QEFORGE_ROUTING_LOCAL_SHARE", "1")
    assert routes(explain("--json", "shop.py"))["total"] == ("local", "local share 1")


def test_local_only_names_what_forbids_the_cloud(explain: Cli, local: Path, key: str) -> None:
    ended = explain("--local-only", "shop.py")
    assert "cloud: privacy is local-only (--local-only)" in ended.err
    assert "local: " in ended.err
    engines = {engine for engine, _ in routes(explain("--local-only", "--json", "shop.py")).values()}
    assert engines == {"local", "native"}


def test_flags_win(explain: Cli, local: Path, key: str) -> None:
    assert routes(explain("--engine", "native", "--json", "shop.py"))["total"] == ("native", "asked for")
    assert routes(explain("--engine", "local", "--json", "shop.py"))["total"] == ("local", "asked for")
    assert routes(explain("--force-cloud", "--json", "shop.py"))["total"] == ("cloud", "asked for")
    assert explain("--force-cloud", "--local-only", "shop.py").code == 2


def test_a_file_that_is_never_sent_does_not_go_to_the_cloud(
    explain: Cli, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QEFORGE_PRIVACY_NEVER_SEND", "shop.*")
    ended = explain("shop.py")
    assert "note: shop is not sent to the cloud: shop.*" in ended.err
    assert "no model would be asked" in ended.err


def test_a_server_elsewhere_is_no_local_model(explain: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QEFORGE_LOCAL_URL", "http://93.184.216.34:8080")
    assert "local: local.url: 93.184.216.34 is not on this machine" in explain("shop.py").err
    monkeypatch.setenv("QEFORGE_LOCAL_URL", "http://127.0.0.1:8080")
    assert explain("--json", "shop.py").envelope["data"]["models"] == {"local": "http://127.0.0.1:8080"}


def test_limits_are_told(explain: Cli, key: str) -> None:
    short = explain("--max-time", "7", "--max-cost", "0.0001", "shop.py")
    assert "--max-time (7 s a module) is too short to ask about every target of shop" in short.err
    assert "--max-cost ($0.0001 a run) is reached" in short.err
    none = routes(explain("--max-time", "3", "--json", "shop.py"))
    assert none["total"] == ("native", "an answer takes about 5 s, 3 s are left")


@pytest.mark.slow
def test_existing_tests_are_run_only_when_asked(explain: Cli, key: str, project: Path) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "test_shop.py").write_text(TESTS)
    settings = "[tool.qeforge]\n[tool.pytest.ini_options]\ntestpaths = ['tests']\npythonpath = ['.']\n"
    (project / "pyproject.toml").write_text(settings)
    still = explain("shop.py")
    assert "no test was run, so every goal counts as open" in still.err
    ended = explain("--run-tests", "--json", "shop.py")
    data = ended.envelope["data"]
    (row,) = [row for row in data["targets"] if row["id"] == "shop:total"]
    assert (row["engine"], row["reason"]) == ("native", "nothing is open")
    assert (row["features"]["open_goals"], row["features"]["reached"], data["measured"]) == (0, 1.0, True)
    assert routes(ended)["_hidden"][0] == "cloud"


def test_private_targets_can_be_left_out(explain: Cli, key: str) -> None:
    assert set(routes(explain("--no-private", "--json", "shop.py"))) == {"total", "Empty"}
    assert set(routes(explain("--target", "shop:_hidden", "--json", "shop.py"))) == {"_hidden"}


def call(**changes: object) -> Call:
    fields: dict[str, object] = {
        "at": 1_000.0,
        "project": "project",
        "module": "shop",
        "target": "shop:total",
        "engine": Engine.LOCAL,
        "provider": "llama",
        "model": "tiny",
        "usage": Usage(input=600, output=100),
        "seconds": 3.0,
        "usd": 0.0,
    }
    return Call(**{**fields, **changes})  # type: ignore[arg-type]


def test_earlier_runs_are_heard(explain: Cli, local: Path, project: Path) -> None:
    before = explain("--json", "shop.py").envelope["data"]["targets"]
    ledger = SqliteLedger(Store(project.parent / "data" / "memory.db"))
    for _ in range(40):
        ledger.record(call())
    ledger.record(call(project="other", goals=1))
    after = {row["id"]: row for row in explain("--json", "shop.py").envelope["data"]["targets"]}
    assert after["shop:total"]["confidence"] < before[0]["confidence"] / 5
    assert (after["shop:total"]["engine"], after["shop:total"]["features"]["tried"]) == ("native", 40)
    assert after["shop:_hidden"]["features"]["tried"] == 4
    assert after["shop:_hidden"]["seconds"] in (0.0, 3.0)


def test_a_measured_speed_is_what_an_answer_is_expected_to_take(explain: Cli, project: Path) -> None:
    source = project.parent / "tiny.gguf"
    source.write_bytes(gguf({"general.architecture": "qwen2"}))
    store = ModelStore(project.parent / "data" / "models")
    store.add(source, lambda done, total: None, name="tiny")
    store.choose("tiny")
    assert explain("--json", "shop.py").envelope["data"]["targets"][0]["seconds"] == 8.0
    store.measured("tiny", Speed(answer=20.0, question=BUDGETS[Engine.LOCAL] / 2, date="2026-11-01"))
    assert explain("--json", "shop.py").envelope["data"]["targets"][0]["seconds"] == 7.0


def test_a_damaged_ledger_costs_a_note_only(explain: Cli, local: Path, project: Path) -> None:
    folder = project.parent / "data"
    folder.mkdir()
    (folder / "memory.db").write_bytes(b"no database at all, but long enough to be read as one" * 40)
    ended = explain("shop.py")
    assert ended.code == 0
    assert "note: without what earlier runs tell: " in ended.err
    assert "damaged" in ended.err


def test_what_cannot_be_read_is_named(explain: Cli, project: Path) -> None:
    (project / "bad.py").write_text("def f(:\n")
    assert "bad.py" in explain(".").err
    assert explain("nowhere.py").code == 2
