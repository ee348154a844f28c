"""What only a whole process shows: start-up, signals, pipes, terminals, completion."""

import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    *("coverage", "ruff", "rich", "tomlkit", "pathspec", "platformdirs", "asyncio", "multiprocessing"),
    *("torch", "llama_cpp", "anthropic", "usearch", "sentence_transformers", "transformers", "peft"),
)
DRIVER = """
import sys, time, types
import qeforge
fake = types.ModuleType("qeforge.wiring")
def generate(config, paths, progress, **_):
    progress.update("shop", round=1, coverage=0.25, mutants_open=7, seconds_left=9.0)
    progress.done("first", "written")
    progress.update("shop", round=2, coverage=0.5, mutants_open=3, seconds_left=8.0)
    print("ready", file=sys.stderr, flush=True)
    time.sleep(60 if "wait" in str(paths[0]) else 0.5)
    from tests.report.samples import module, report
    return report(module())
def list_targets(config, paths):
    from tests.report.samples import row
    return tuple(row(f"f{n}") for n in range(3000)), ()
fake.generate, fake.list_targets = generate, list_targets
sys.modules["qeforge.wiring"] = qeforge.wiring = fake
from qeforge.cli.main import run
sys.exit(run())
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if "QEFORGE" not in name and name not in ("CI", "NO_COLOR")
    }
    return {**kept, "QEFORGE_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT), "TERM": "xterm"}


def test_starting_loads_nothing_heavy(environ: dict[str, str]) -> None:
    code = f"import sys, qeforge.cli.main; print([m for m in sys.modules if m.partition('.')[0] in {HEAVY!r}])"
    answer = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.slow
def test_help_takes_at_most_three_times_as_long_as_importing_typer(environ: dict[str, str]) -> None:
    def fastest(*args: str) -> float:
        times = []
        for _ in range(7):
            start = time.perf_counter()
            subprocess.run([sys.executable, *args], env=environ, stdout=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - start)
        return min(times)

    assert fastest("-m", "qeforge.cli", "--help") <= 3 * fastest("-c", "import typer")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_130_and_one_line(environ: dict[str, str], tmp_path: Path, number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, "generate", "wait.py"],
        env=environ,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err == "qeforge: interrupted; finished before: first (written)\n"


@pytest.mark.parametrize("args", ["targets shop.py", "targets --json shop.py", "--help"])
def test_a_reader_that_goes_away_is_no_error(environ: dict[str, str], tmp_path: Path, args: str) -> None:
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(DRIVER)} {args}"
    answer = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {{ {command}; echo $? >&2; }} | head -c 10"],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert len(answer.stdout) >= 10
    assert [line for line in answer.stderr.splitlines() if "targets in" not in line] == ["0"]


def in_terminal(command: list[str], environ: dict[str, str], folder: Path) -> str:
    """What the command draws on a terminal that is its stderr."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environ, cwd=folder, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        drawn = b""
        try:
            while piece := os.read(ours, 65536):
                drawn += piece
        except OSError:  # the other end is closed
            pass
        assert process.wait(timeout=20) == 0
    os.close(ours)
    return drawn.decode()


def test_a_terminal_shows_progress_and_colours(environ: dict[str, str], tmp_path: Path) -> None:
    drawn = in_terminal([sys.executable, "-c", DRIVER, "generate", "shop.py"], environ, tmp_path)
    assert "round 2" in drawn
    assert "50% covered" in drawn
    assert "3 mutants open" in drawn
    assert "8 s left" in drawn
    assert "\x1b[32m" in drawn
    assert "\x1b[?25h" in drawn, "the cursor is shown again"


@pytest.mark.parametrize(
    ("options", "extra"),
    [(["--no-progress"], {}), (["--json"], {}), (["-q"], {}), ([], {"CI": "true"}), ([], {"TERM": "dumb"})],
)
def test_no_progress_where_nobody_looks(
    environ: dict[str, str], tmp_path: Path, options: list[str], extra: dict[str, str]
) -> None:
    command = [sys.executable, "-c", DRIVER, "generate", *options, "shop.py"]
    assert "round" not in in_terminal(command, {**environ, **extra}, tmp_path)


def test_no_color(environ: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", DRIVER, "generate", "--no-progress", "shop.py"]
    assert "\x1b[3" not in in_terminal(command, {**environ, "NO_COLOR": "1"}, tmp_path)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("qeforge gen", ["generate"]),
        ("qeforge config s", ["show", "set"]),
        ("qeforge generate --eng", ["--engine"]),
        ("qeforge generate --engine n", ["native"]),
    ],
)
def test_bash_completes(environ: dict[str, str], tmp_path: Path, line: str, offered: list[str]) -> None:
    program = tmp_path / "bin" / "qeforge"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m qeforge.cli "$@"\n')
    program.chmod(0o755)
    words = line.split()
    script = (
        f"source {shlex.quote(str(ROOT / 'completions' / 'qeforge.bash'))}\n"
        f"complete -p qeforge >/dev/null || exit 9\n"
        f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}\n"
        '_qeforge_completion qeforge; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    answer = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={**environ, "PATH": f"{program.parent}:{environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert answer.stdout.split() == offered
