"""Commands that are measured: time, CPU and memory of the whole tree, a limit that holds, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import REPOSITORY

METER = Path(__file__).with_name("meter.py")
_running: set["subprocess.Popen[str]"] = set()
_stopped = threading.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a command took. `wall` and `cpu` are seconds, `cpu` with every process that it started; `memory_mb` is the
    most that the tree held at once, in MiB. `left_over` processes were still there after the command's end."""

    code: int
    timed_out: bool
    wall: float
    cpu: float
    memory_mb: float
    left_over: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A command that ended, or was ended, and what it said."""

    usage: Usage
    output: str
    errors: str

    @property
    def last_words(self) -> str:
        """The last line with something on it, of what it said about errors if anything."""
        lines = [line.strip() for line in f"{self.output}\n{self.errors}".splitlines() if line.strip(" \t─│╰╭╮╯")]
        return lines[-1][:200] if lines else ""


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    limit: float,
    environment: Mapping[str, str],
    writable: Path | None = None,
    port: int | None = None,
) -> Finished:
    """Runs a command to its end, or to its limit.

    Args:
        command: program and arguments.
        cwd: where.
        limit: seconds of wall time, after which it is killed with all that it started.
        environment: its variables, all of them.
        writable: a folder; the command can write nowhere else and has no network, where the kernel has Landlock.
        port: of a server that a confined command may connect to all the same.

    Raises:
        RuntimeError: the command could not be started.
        KeyboardInterrupt: it was ended by `stop_all`, or by a signal to its meter.
    """
    with tempfile.TemporaryDirectory(prefix="qeforge-meter-") as logs:  # a mutant may empty the folder it runs in
        return _metered(command, Path(logs), cwd, limit, environment, _confinement(writable, port))


def _metered(
    command: Sequence[str | Path],
    logs: Path,
    cwd: Path,
    limit: float,
    environment: Mapping[str, str],
    confinement: Sequence[str],
) -> Finished:
    report, output, errors = (logs / name for name in ("report", "output", "errors"))
    words: list[str] = [sys.executable, "-B", str(METER), "--report", str(report), "--limit", f"{limit:g}"]
    words += ["--output", str(output), "--errors", str(errors), *confinement]
    paths = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    launched = [*words, "--", "/usr/bin/env", "-i", *[f"{name}={value}" for name, value in environment.items()]]
    launched += [str(word) for word in command]
    with subprocess.Popen(
        launched,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    ) as meter:
        _running.add(meter)
        try:
            if _stopped.is_set():
                raise KeyboardInterrupt
            _, said = meter.communicate(timeout=limit + 60)
        except BaseException:
            meter.send_signal(signal.SIGTERM)  # it kills the tree
            meter.wait(20)
            raise
        finally:
            _running.discard(meter)
    if _stopped.is_set():
        raise KeyboardInterrupt
    if not report.exists():
        raise RuntimeError(f"{command[0]} could not be started: {said.strip()[-500:]}")
    measured = json.loads(report.read_text(encoding="utf-8"))
    if measured.pop("stopped"):
        raise KeyboardInterrupt
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in (output, errors)]
    return Finished(usage=Usage(**measured), output=texts[0], errors=texts[1])


def _confinement(writable: Path | None, port: int | None) -> list[str]:
    words = [] if writable is None else ["--writable", str(writable)]
    return words if port is None else [*words, "--port", str(port)]


def stop_all() -> None:
    """Ends every command that runs in any thread; none can be started until `allow_again`."""
    _stopped.set()
    for meter in list(_running):
        meter.send_signal(signal.SIGTERM)  # it kills the tree


def allow_again() -> None:
    """Commands can be started after `stop_all`."""
    _stopped.clear()


def plain_environment(place: Path, *, python_path: Sequence[Path] = (), hash_seed: int = 0) -> dict[str, str]:
    """Variables for a command whose home, caches and temporary files are in a folder of its own."""
    for name in ("home", "tmp"):
        (place / name).mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "tmp"),
        "PYTHONPATH": os.pathsep.join(map(str, python_path)),
        "PYTHONHASHSEED": str(hash_seed),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
