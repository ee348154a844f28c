"""`suspects`, and the option that makes tests of them."""

from pathlib import Path

from qeforge.cli.main import run
from qeforge.domain.report import SuspectRow
from qeforge.errors import UsageError
from tests.cli.conftest import Cli, FakeWiring
from tests.report.samples import SUSPECT


def test_suspects_are_listed(cli: Cli, wiring: FakeWiring, project: Path) -> None:
    wiring.answer = (SuspectRow(suspect=SUSPECT, path=project / "shop.py", at=1.0),)
    ended = cli("suspects", "shop.py")
    assert ended.code == 0
    assert "total([])" in ended.out
    assert ended.err == "1 suspect in 1 module\n"
    assert wiring.arguments == [(Path("shop.py"),)]
    envelope = cli("suspects", "--json").envelope
    assert (envelope["command"], envelope["status"]) == ("suspects", "ok")
    assert [one["act"] for one in envelope["data"]["suspects"]] == ["total([])"]
    assert wiring.arguments[-1] == (None,)


def test_none_is_no_failure(cli: Cli, wiring: FakeWiring) -> None:
    wiring.answer = ()
    ended = cli("suspects")
    assert (ended.code, ended.out, ended.err) == (0, "", "no suspects\n")
    assert cli("suspects", "--json").envelope["data"] == {"suspects": []}


def test_a_path_that_is_not_there(cli: Cli, wiring: FakeWiring) -> None:
    wiring.answer = UsageError("gone: no such file or folder", slug="no-such-path")
    ended = cli("suspects", "gone")
    assert (ended.code, ended.err) == (2, "qeforge: gone: no such file or folder\n")


def test_the_option_reaches_the_run(cli: Cli, wiring: FakeWiring) -> None:
    cli("generate", "shop.py")
    cli("generate", "--suspects-as-tests", "shop.py")
    assert [config.suspects_as_tests for config in wiring.configs] == [False, True]


def test_it_cannot_be_configured(cli: Cli, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.qeforge]\nsuspects-as-tests = true\n")
    assert run(["generate", "shop.py"]) == 2
