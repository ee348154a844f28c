"""Trap: every function here harms the process that calls it, or the machine. Importing is harmless.

What is deleted or written is named `precious` or `escaped`, beside this file, in the home folder or in the folder
named by a test; what grows has a cap. So copy this file into a folder made for the test, and see what is left after.
"""

# The point is to use every door there is, the old ones too.
# ruff: noqa: PTH107, PTH123, SIM115

import builtins
import ctypes
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def exit_at_once(status: int = 7) -> None:
    """No clean-up, no exception."""
    os._exit(status)


def leave(status: object = 3) -> None:
    """An exception that is no `Exception`."""
    sys.exit(status)


def interrupt() -> None:
    """As Ctrl-C."""
    raise KeyboardInterrupt


def segfault() -> bytes:
    """Reads address 0."""
    return ctypes.string_at(0)


def abort() -> None:
    """SIGABRT."""
    os.abort()


def loop_for_ever() -> None:
    """In Python code."""
    while True:
        pass


def stubborn_loop() -> None:
    """Swallows whatever a watchdog raises."""
    while True:
        try:
            time.sleep(60)
        except BaseException:
            continue


def loop_in_c() -> int:
    """No byte code runs, so no trace function and no pending signal handler does."""
    return sum(itertools.repeat(1))


def slow_regex() -> bool:
    """Backtracks for longer than anybody waits."""
    return re.fullmatch(r"(a+)+b", "a" * 64) is not None


def recurse(depth: int = 0) -> int:
    """Past any limit."""
    return recurse(depth + 1) + 1


def recurse_in_c() -> str:
    """Where the recursion limit was lifted first."""
    sys.setrecursionlimit(10**8)
    nested: list[object] = []
    for _ in range(10**6):
        nested = [nested]
    return repr(nested)


def eat_memory(mebibytes: int = 16_384) -> int:
    """Touches every page."""
    return sum(len(piece) for piece in [bytearray(b"x") * (1 << 20) for _ in range(mebibytes)])


def leave_thread() -> str:
    """A thread that is no daemon keeps the process alive."""
    threading.Thread(target=time.sleep, args=(600,)).start()
    return "started"


def leave_process() -> int:
    """A grandchild in a session of its own."""
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    return child


def fork_bomb(generations: int = 8) -> None:
    """Doubles each time; the cap is for those who call it without a sandbox."""
    for _ in range(generations):
        os.fork()
    time.sleep(60)


def flood(lines: int = 10**8) -> None:
    """More output than any pipe or disk should take."""
    for number in range(lines):
        print(number, "x" * 1000)


def close_streams() -> None:
    """Both Python's and the system's."""
    sys.stdout.close()
    sys.stderr = None
    for descriptor in (0, 1, 2):
        os.close(descriptor)


def close_everything() -> None:
    """Also pipes to whoever started this process."""
    os.closerange(0, 4096)


def replace_streams() -> None:
    """Writes to nowhere from now on."""
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")


def ignore_signals() -> None:
    """All that can be ignored, the alarm of a watchdog included."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
    time.sleep(60)


def kill_parent() -> None:
    """The process that started this one."""
    os.kill(os.getppid(), signal.SIGKILL)


def blind_the_tracer() -> int:
    """No line is seen after this."""
    sys.settrace(None)
    threading.settrace(None)
    return 1


def break_builtins() -> None:
    """For all code of the process."""
    builtins.len = lambda thing: 0
    builtins.isinstance = lambda thing, kind: True
    sys.modules.clear()


def forget_where() -> None:
    """Another folder, no environment, no search path."""
    os.chdir("/")
    os.environ.clear()
    sys.path.clear()


def delete_home(name: str = "precious") -> None:
    """In the home folder, as the environment tells it."""
    shutil.rmtree(Path.home() / name)


def delete_here(name: str = "precious.txt") -> None:
    """Beside this file."""
    os.remove(HERE / name)


def delete_by_program(name: str = "precious.txt") -> int:
    """With another program."""
    return subprocess.call(["rm", "-f", str(HERE / name)])


def delete_by_libc(name: str = "precious.txt") -> int:
    """Past any audit hook of Python."""
    return ctypes.CDLL(None).unlink(str(HERE / name).encode())


def truncate_here(name: str = "precious.txt") -> None:
    """Opened for writing, nothing written."""
    open(HERE / name, "w", encoding="utf-8").close()


def write_outside(name: str = "escaped.txt") -> str:
    """A new file beside this one."""
    (HERE / name).write_text("escaped", encoding="utf-8")
    return name


def connect_out(host: str = "192.0.2.1", port: int = 9) -> None:
    """To an address for documentation, or to a listener of the test."""
    with socket.create_connection((host, port), timeout=2) as connection:
        connection.sendall(b"escaped")


def resolve(name: str = "escaped.invalid") -> list[object]:
    """A name server hears of it."""
    return list(socket.getaddrinfo(name, 80))


def parent_environment() -> bytes:
    """What the process that started this one was told, secrets included."""
    return Path(f"/proc/{os.getppid()}/environ").read_bytes()
