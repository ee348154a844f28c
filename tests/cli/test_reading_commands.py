"""`targets`, `score`, `check`, `doctor`: what they ask the wiring, print, and exit with."""

from pathlib import Path

from qeforge.domain.report import Action, Check, CheckState
from qeforge.domain.target import SkippedModule
from tests.cli.conftest import Cli, FakeWiring
from tests.report.samples import module, report, row, skipped


def test_targets(cli: Cli, wiring: FakeWiring, project: Path) -> None:
    wiring.answer = ((row(covered=0.5),), (SkippedModule(path=project / "bad.py", reason="SyntaxError:\nline 3"),))
    ended = cli("targets", "--target", "shop.cart:total", "--changed=main", "--no-private", "shop.py")
    assert ended.code == 0
    assert "shop.cart:total" in ended.out
    assert ended.err == "skipped bad.py: SyntaxError: line 3\n1 target in 1 module\n"
    assert (wiring.configs[0].targets, wiring.configs[0].changed) == (("shop.cart:total",), "main")
    assert wiring.configs[0].private is False
    data = cli("targets", "--json", "shop.py").envelope["data"]
    assert (data["targets"][0]["id"], data["skipped"][0]["reason"]) == ("shop.cart:total", "SyntaxError:\nline 3")


def test_targets_without_any(cli: Cli, wiring: FakeWiring) -> None:
    wiring.answer = ((), ())
    ended = cli("targets", "shop.py")
    assert (ended.code, ended.out, ended.err) == (0, "", "0 targets in 0 modules\n")


def test_bare_changed_works_for_targets_too(cli: Cli, wiring: FakeWiring) -> None:
    wiring.answer = ((), ())
    cli("targets", "--changed", "shop.py")
    assert wiring.configs[0].changed == "HEAD"


def test_score(cli: Cli, wiring: FakeWiring, project: Path) -> None:
    (project / "tests").mkdir()
    wiring.answer = report(module(action=Action.SCORED))
    ended = cli("score", "--tests", "tests", "shop.py")
    assert ended.code == 0
    assert "0.79" in ended.out
    assert ended.err.startswith("quality 0.79")
    assert wiring.arguments[0] == ([Path("shop.py")], Path("tests"))
    assert cli("score", "--fail-under", "0.8", "shop.py").code == 1
    assert cli("score", "--json", "shop.py").envelope["data"]["modules"][0]["score"]["tests"] == 12


def test_check_passes(cli: Cli, wiring: FakeWiring) -> None:
    wiring.answer = report(module(action=Action.CURRENT, score=None), seconds=1.0)
    ended = cli("check", "shop.py")
    assert ended.code == 0
    assert "current" in ended.out


def test_check_fails_and_says_what_to_do(cli: Cli, wiring: FakeWiring) -> None:
    wiring.answer = report(
        module("a", action=Action.STALE, reason="f changed", score=None),
        module("b", action=Action.FAILING, reason="test_f", score=None),
        module("c", action=Action.CURRENT, score=None),
    )
    ended = cli("check", "shop.py")
    assert ended.code == 1
    assert ended.err.splitlines()[-2:] == [
        "qeforge: stale: tests/test_a.py; run qeforge generate --update",
        "qeforge: failing: tests/test_b.py; run pytest on them to see why",
    ]
    assert [error["slug"] for error in cli("check", "--json", "shop.py").envelope["errors"]] == ["stale", "failing"]


def test_check_without_suites_is_fine(cli: Cli) -> None:
    assert cli("check", "shop.py").code == 0


def test_check_that_could_look_at_nothing_is_not(cli: Cli, wiring: FakeWiring) -> None:
    wiring.answer = report(skipped("a", "SyntaxError"))
    assert cli("check", "shop.py").code == 1


def test_doctor(cli: Cli, wiring: FakeWiring) -> None:
    wiring.answer = (
        Check(name="python", state=CheckState.OK, detail="3.11.7"),
        Check(name="landlock", state=CheckState.MISSING, detail="kernel 5.4"),
    )
    ended = cli("doctor")
    assert (ended.code, ended.err) == (0, "")
    assert "landlock" in ended.out
    wiring.answer = (Check(name="pytest", state=CheckState.BROKEN, detail="not there", hint="pip install pytest"),)
    ended = cli("doctor")
    assert (ended.code, ended.err) == (3, "qeforge: pytest: not there; pip install pytest\n")
    assert cli("doctor", "--json").envelope["data"]["checks"][0]["state"] == "broken"
