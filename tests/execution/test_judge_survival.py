"""What the judge lives through. Every case runs between two harmless candidates that must come out right."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.observation import Facet, Observation, Outcome
from tests.execution.judging import candidate, judging, source_of

FORKS = pytest.mark.parametrize("fork", [True, False], ids=["fork", "fresh-processes"])

MODULE = """
    import contextlib, ctypes, itertools, os, re, signal, sys, threading, time

    def add(a, b):
        return a + b

    def exit_hard():
        os._exit(3)

    def segfault():
        ctypes.string_at(0)

    def loop():
        while True:
            pass

    def loop_swallowing():
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass

    def loop_in_c():
        return sum(itertools.count())

    def slow_pattern():
        return re.match("(a+)+$", "a" * 60 + "b")

    def loop_without_signals():
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while True:
            pass

    def ignore_signals():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPROF, signal.SIGVTALRM, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_PROF, 0)
        return "ignored"

    def sleep():
        time.sleep(60)

    def recurse(n=0):
        return recurse(n + 1)

    def recurse_without_limit():
        sys.setrecursionlimit(10**9)
        return recurse()

    def fill_memory():
        chunks = []
        while True:
            chunks.append(bytearray(64 << 20))

    def leave_thread():
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        return "started"

    def leave_busy_thread():
        def work():
            while True:
                print("still here")
        threading.Thread(target=work).start()
        return "started"

    def write_everywhere():
        for fd in range(3, 64):
            with contextlib.suppress(OSError):
                os.write(fd, bytes([0, 0, 0, 12]) + bytes(4) + b'["lies"]')
                os.write(fd, bytes([0, 0, 0, 8]) + bytes(8))
        return "written"

    def ask():
        return input("name? ")

    def close_stdio():
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            stream.close()
        for fd in range(3):
            os.close(fd)
        return "closed"

    def close_everything():
        os.closerange(0, 1024)
        return "closed"

    def replace_stdio():
        sys.stdout = sys.stderr = None
        return "replaced"

    def leave():
        sys.exit("goodbye")

    def interrupt():
        raise KeyboardInterrupt

    def flood():
        for _ in range(20_000):
            print("x" * 100)

    def shadow():
        import builtins
        builtins.len = None
        globals()["add"] = None
        os.environ["LEFT"] = "behind"
        os.chdir("/")
        sys.argv = []
        sys.path.clear()
        sys.modules.pop("sample")
        signal.alarm(1)
        return "done"
"""

BEFORE, AFTER = candidate("sample.add(1, 2)"), candidate("sample.add(3, 4)")


def around(tmp_path: Path, act: str, **settings: Any) -> tuple[Observation, float]:
    """The observation of one act, and how long it took, between two harmless candidates."""
    with judging(tmp_path, MODULE, **settings) as judge:
        judge.run([BEFORE])
        started = time.monotonic()
        first, looked, last = judge.run([BEFORE, candidate(act), AFTER])
        seconds = time.monotonic() - started
        full = judge.observe([AFTER])[0]
    assert source_of(first) == "3"
    assert source_of(last) == source_of(full) == "7"
    return looked, seconds


@FORKS
@pytest.mark.parametrize(
    "act, outcome",
    [
        ("sample.exit_hard()", Outcome.CRASHED),
        ("sample.segfault()", Outcome.CRASHED),
        ("sample.close_everything()", Outcome.CRASHED),
        ("sample.write_everywhere()", Outcome.CRASHED),
        ("sample.ignore_signals()", Outcome.RETURNED),
        ("sample.close_stdio()", Outcome.RETURNED),
        ("sample.replace_stdio()", Outcome.RETURNED),
        ("sample.leave_thread()", Outcome.RETURNED),
        ("sample.shadow()", Outcome.RETURNED),
        ("sample.recurse()", Outcome.RAISED),
        ("sample.fill_memory()", Outcome.RAISED),
        ("sample.leave()", Outcome.RAISED),
        ("sample.interrupt()", Outcome.RAISED),
        ("sample.ask()", Outcome.RAISED),
        ("sample.flood()", Outcome.RETURNED),
        ("sample.add(1,", Outcome.INVALID),
        ("sample.nothing.at.all", Outcome.RAISED),
    ],
)
def test_it_goes_on_after(tmp_path: Path, fork: bool, act: str, outcome: Outcome) -> None:
    looked, _ = around(tmp_path, act, fork=fork, memory_bytes=1 << 30, cpu_seconds=5)

    assert looked.outcome is outcome


@FORKS
def test_it_goes_on_after_a_thread_that_never_rests(tmp_path: Path, fork: bool) -> None:
    looked, _ = around(tmp_path, "sample.leave_busy_thread()", fork=fork, memory_bytes=1 << 30, cpu_seconds=5)

    # It fights with whoever reports for the interpreter, and its CPU time counts; `print` from a thread can also spoil
    # the interpreter's memory (CPython's issue 130163). Nothing of that may reach another candidate.
    assert looked.outcome in (Outcome.RETURNED, Outcome.TIMEOUT, Outcome.CRASHED)


@pytest.mark.slow
@FORKS
def test_it_goes_on_after_recursion_without_a_limit(tmp_path: Path, fork: bool) -> None:
    looked, _ = around(tmp_path, "sample.recurse_without_limit()", fork=fork, memory_bytes=1 << 30)

    assert looked.outcome in (Outcome.TIMEOUT, Outcome.CRASHED, Outcome.RAISED)  # versions differ in what gives way


@pytest.mark.slow
@FORKS
@pytest.mark.parametrize(
    "act", ["loop", "loop_swallowing", "loop_in_c", "slow_pattern", "loop_without_signals", "sleep"]
)
def test_it_ends(tmp_path: Path, fork: bool, act: str) -> None:
    looked, seconds = around(tmp_path, f"sample.{act}()", fork=fork, cpu_seconds=0.3, wall_seconds=1.0)

    assert looked.outcome is Outcome.TIMEOUT
    assert seconds < 10


def test_a_python_loop_ends_by_cpu_time_and_keeps_its_arcs(tmp_path: Path) -> None:
    with judging(tmp_path, MODULE, cpu_seconds=0.2) as judge:
        [observation] = judge.run([candidate("sample.loop()")])

    assert observation.outcome is Outcome.TIMEOUT
    assert observation.arcs


@pytest.mark.parametrize(
    "act, type_name, message",
    [
        ("sample.leave()", "SystemExit", "goodbye"),
        ("sample.interrupt()", "KeyboardInterrupt", ""),
        ("sample.ask()", "EOFError", ""),
        ("sample.fill_memory()", "MemoryError", ""),
    ],
)
def test_what_is_raised_is_kept(tmp_path: Path, act: str, type_name: str, message: str) -> None:
    with judging(tmp_path, MODULE, memory_bytes=1 << 30, cpu_seconds=5) as judge:
        [observation] = judge.run([candidate(act)])

    assert observation.raised is not None
    assert observation.raised.type_name == type_name
    assert observation.raised.message.startswith(message)


def test_reading_standard_input_is_an_effect(tmp_path: Path) -> None:
    with judging(tmp_path, MODULE) as judge:
        [observation] = judge.run([candidate("sample.ask()")])

    assert "stdin" in {effect.kind for effect in observation.effects}


def test_a_flood_is_cut_and_marked(tmp_path: Path) -> None:
    with judging(tmp_path, MODULE) as judge:
        [observation] = judge.observe([candidate("sample.flood()")])

    assert len(observation.stdout) == 64 * 1024
    assert observation.unstable == (Facet.STDOUT,)


def test_candidates_of_one_batch_do_not_meet(tmp_path: Path) -> None:
    checks = (
        "(len([1]), sample.add(1, 1), os.environ.get('LEFT'), os.path.basename(os.getcwd()), sys.argv, bool(sys.path))"
    )
    imports = ("import os", "import sys", "import sample")
    with judging(tmp_path, MODULE) as judge:
        first = judge.run([candidate("sample.shadow()"), candidate(checks, imports=imports)])[1]

    assert source_of(first) == "(1, 2, None, 'cwd', ['pytest'], True)"


def test_all_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before = set(children())
    with judging(tmp_path, MODULE) as judge:
        judge.run([candidate("sample.leave_thread()"), candidate("sample.exit_hard()")])
        judge.confirm([BEFORE])
        assert set(children()) - before
        assert list(temporary.iterdir())

    assert set(children()) - before == set()
    assert list(temporary.iterdir()) == []


def children() -> list[str]:
    """Processes started by this one that are alive."""
    pid = os.getpid()
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
