import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
import typer

import qeforge
from qeforge.cli.main import app, command_name, run
from qeforge.cli.outcome import MEANINGS, STATUS, ExitCode
from qeforge.errors import ConfigError, GoalUnmet, InterpreterError, UsageError, WriteError
from tests.cli.conftest import Cli, Ended, FakeWiring
from tests.report.samples import module, report

ENVELOPE = {"version", "command", "status", "exit_code", "data", "errors"}
COMMANDS = ("generate", "targets", "score", "check")


def test_no_arguments_is_help(cli: Cli) -> None:
    bare, asked = cli(), cli("--help")
    assert bare == asked
    assert bare.code == 0
    for code, meaning in MEANINGS.items():
        assert re.search(rf"^ +{int(code)} +{re.escape(meaning)}$", bare.out, re.MULTILINE)


@pytest.mark.parametrize("words", [["generate"], ["targets"], ["score"], ["check"], ["doctor"], ["config", "set"]])
def test_help_of_a_command_says_what_it_does_with_an_example(cli: Cli, words: list[str]) -> None:
    ended = cli(*words, "--help")
    assert ended.code == 0
    assert re.search(rf"Examples?:\n +qeforge {' '.join(words)}", ended.out)
    assert ended.err == ""


def test_version(cli: Cli) -> None:
    assert cli("--version") == Ended(0, f"qeforge {qeforge.__version__}\n", "")


USAGE: list[tuple[list[str], str]] = [
    (["generate"], "Missing argument 'PATH'"),
    (["frobnicate"], "No such command 'frobnicate'"),
    (["generat", "x"], "Did you mean 'generate'?"),
    (["config"], "Missing command"),
    (["generate", "--sed", "1", "x"], "No such option: --sed (Possible options: "),
    (["generate", "--engine", "gpt", "x"], "--engine: expected one of auto, native, local, cloud, got 'gpt'"),
    (["generate", "--jobs", "many", "x"], "--jobs: expected a whole number from 0, got 'many'"),
    (["generate", "--jobs", "-1", "x"], "--jobs: expected a whole number from 0, got -1"),
    (["generate", "-q", "-v", "x"], "--quiet contradicts --verbose"),
    (["generate", "--local-only", "--force-cloud", "x"], "--force-cloud contradicts local-only"),
    (["generate", "--force-cloud", "--engine", "native", "x"], "--force-cloud contradicts --engine native"),
    (["score", "x", "--tests", "nowhere"], "--tests: no such file or folder: nowhere"),
]


@pytest.mark.parametrize(("args", "message"), USAGE)
def test_misuse_is_one_line_on_stderr_and_exit_2(cli: Cli, args: list[str], message: str) -> None:
    ended = cli(*args)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("qeforge: ")
    assert message in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(("args", "message"), [case for case in USAGE if case[0] != ["config"]])
def test_misuse_is_in_the_envelope_under_json(cli: Cli, args: list[str], message: str) -> None:
    ended = cli(*args, "--json")
    assert (ended.code, ended.err) == (2, "")
    assert ended.envelope.keys() == ENVELOPE
    assert (ended.envelope["status"], ended.envelope["exit_code"]) == ("usage", 2)
    assert message in ended.envelope["errors"][0]["message"]


def test_json_after_the_end_of_options_is_a_path(cli: Cli) -> None:
    ended = cli("generate", "--jobs", "x", "--", "--json")
    assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize(
    ("error", "code", "slug"),
    [
        (UsageError("no such path: x", hint="check it", slug="no-such-path"), 2, "no-such-path"),
        (ConfigError("bad"), 2, "config"),
        (GoalUnmet("too low"), 1, "goal-unmet"),
        (InterpreterError("no python"), 3, "interpreter"),
        (WriteError("disk full"), 3, "write"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_known_failures_are_one_line_or_one_envelope(
    cli: Cli, wiring: FakeWiring, command: str, error: Any, code: int, slug: str
) -> None:
    wiring.answer = error
    plain, machine = cli(command, "shop.py"), cli(command, "--json", "shop.py")
    line = f"qeforge: {error.message}" + (f"; {error.hint}" if error.hint else "") + "\n"
    assert plain == Ended(code, "", line)
    assert (machine.code, machine.err) == (code, "")
    assert machine.envelope == {
        "version": qeforge.__version__,
        "command": command,
        "status": STATUS[ExitCode(code)],
        "exit_code": code,
        "data": {},
        "errors": [{"slug": slug, "message": error.message, "hint": error.hint}],
    }


def test_a_message_cannot_move_the_cursor_or_fake_a_second_line(cli: Cli, wiring: FakeWiring) -> None:
    wiring.answer = UsageError("evil\x1b[2J\nqeforge: all good")
    assert cli("generate", "shop.py").err == "qeforge: evil\\x1b[2J qeforge: all good\n"


class TestCrash:
    def test_one_line_names_the_log(self, cli: Cli, wiring: FakeWiring, project: Path) -> None:
        wiring.answer = ZeroDivisionError("secret plan")
        ended = cli("generate", "shop.py")
        (log,) = (project.parent / "data" / "logs").iterdir()
        assert ended.code == 4
        assert ended.out == ""
        assert ended.err.count("\n") == 1
        assert str(log) in ended.err
        text = log.read_text()
        assert "ZeroDivisionError: secret plan" in text
        assert "Traceback" in text
        assert "['generate', 'shop.py']" in text
        assert qeforge.__version__ in text

    def test_the_log_holds_no_environment(
        self, cli: Cli, wiring: FakeWiring, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SOME_API_KEY", "sk-very-secret")
        wiring.answer = RuntimeError("boom")
        cli("generate", "shop.py")
        (log,) = (project.parent / "data" / "logs").iterdir()
        assert "sk-very-secret" not in log.read_text()

    def test_json(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = RuntimeError("boom")
        ended = cli("score", "--json", "shop.py")
        assert (ended.code, ended.err) == (4, "")
        assert ended.envelope["status"] == "internal"
        assert ended.envelope["errors"][0]["slug"] == "internal"

    def test_verbose_shows_the_traceback(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = RuntimeError("boom")
        assert "Traceback" in cli("generate", "-v", "shop.py").err

    def test_a_log_folder_that_cannot_be_written(
        self, cli: Cli, wiring: FakeWiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "file"))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
        wiring.answer = RuntimeError("boom")
        ended = cli("generate", "shop.py")
        assert ended.code == 4
        assert list((tmp_path / "elsewhere" / "qeforge-logs").iterdir())

    def test_no_folder_at_all_shows_the_traceback(
        self, cli: Cli, wiring: FakeWiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "file"))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
        wiring.answer = RuntimeError("boom")
        ended = cli("generate", "shop.py")
        assert "no log could be written" in ended.err
        assert "Traceback" in ended.err

    def test_a_broken_pipe_inside_a_command_is_a_crash(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = BrokenPipeError(32, "worker gone")
        assert cli("generate", "shop.py").code == 4


class TestInterrupt:
    def test_ctrl_c_says_what_was_finished(self, cli: Cli, wiring: FakeWiring) -> None:
        def interrupted(paths: Any, progress: Any, **_: Any) -> Any:
            progress.done("shop.cart", "written")
            progress.done("shop.tax", "kept")
            raise KeyboardInterrupt

        wiring.answer = interrupted
        ended = cli("generate", "shop.py")
        assert ended == Ended(130, "", "qeforge: interrupted; finished before: shop.cart (written), shop.tax (kept)\n")
        machine = cli("generate", "--json", "shop.py")
        assert (machine.code, machine.envelope["status"]) == (130, "interrupted")
        assert machine.envelope["data"]["finished"][0] == {"module": "shop.cart", "note": "written"}

    def test_before_anything_was_done(self, cli: Cli, wiring: FakeWiring) -> None:
        wiring.answer = KeyboardInterrupt()
        assert cli("check", "shop.py").err == "qeforge: interrupted; finished before: nothing\n"

    def test_a_report_that_came_with_it_is_shown(self, cli: Cli, wiring: FakeWiring) -> None:
        stop = KeyboardInterrupt()
        stop.report = report(module())  # type: ignore[attr-defined]
        wiring.answer = stop
        ended = cli("generate", "shop.py")
        assert ended.code == 130
        assert ended.err.endswith("qeforge: interrupted; written so far: tests/test_cart.py\n")
        assert "shop.cart" in ended.err.splitlines()[2]

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_other_signals_count_as_ctrl_c_and_are_put_back(
        self, cli: Cli, wiring: FakeWiring, number: signal.Signals
    ) -> None:
        def killed(*arguments: Any, **_: Any) -> Any:
            os.kill(os.getpid(), number)
            raise AssertionError("not reached")

        wiring.answer = killed
        before = signal.getsignal(number)
        assert cli("generate", "shop.py").code == 130
        assert signal.getsignal(number) is before

    def test_an_ignored_signal_stays_ignored(self, cli: Cli, wiring: FakeWiring) -> None:
        def hung_up(*arguments: Any, **_: Any) -> Any:
            os.kill(os.getpid(), signal.SIGHUP)
            return report()

        wiring.answer = hung_up
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            assert cli("generate", "shop.py").code == 0
        finally:
            signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("args", "name"),
    [
        ([], ""),
        (["--json"], ""),
        (["generate", "score"], "generate"),
        (["config"], "config"),
        (["config", "--json", "set", "show"], "config set"),
        (["nothing", "generate"], ""),
    ],
)
def test_command_name(args: list[str], name: str) -> None:
    assert command_name(typer.main.get_command(app), args) == name


def test_every_exit_code_has_a_status_and_a_meaning() -> None:
    assert set(STATUS) == set(MEANINGS) == set(ExitCode)


def test_stdout_that_is_closed_is_no_failure(
    wiring: FakeWiring, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", None)
    assert run(["generate", "--json", "shop.py"]) == 0


def test_envelopes_are_ascii(cli: Cli, wiring: FakeWiring) -> None:
    wiring.answer = UsageError("naïve → ok")
    ended = cli("generate", "--json", "shop.py")
    assert ended.out.isascii()
    assert json.loads(ended.out)["errors"][0]["message"] == "naïve → ok"
