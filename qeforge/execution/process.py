"""The parent's hold on the processes that it started: counting them, and ending every one."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

_KILL_SECONDS = 5.0
_LAST_STANDARD = 2


def count_processes(pid: int) -> int:
    """How many processes live under `pid`, itself included; 1 where the platform does not tell.

    A worker that counts more than its share while the target is imported is a fork bomb: `kill_tree` it.
    """
    return 1 + len(_descendants(pid))


def pipe() -> tuple[int, int]:
    """A pipe whose ends are none of the standard streams, even where those are closed: a child that gets standard
    streams of its own would lose it."""
    ends = os.pipe()
    spare: list[int] = []
    while min(ends) <= _LAST_STANDARD:
        spare += ends
        ends = os.pipe()
    for fd in spare:
        os.close(fd)
    return ends


def kill_tree(pid: int) -> None:
    """Ends `pid`, its session and process group, and all descendants, those that made themselves daemons too.

    `pid` must have been started as the leader of a session of its own (`start_new_session=True`). Returns when they
    are gone, or after five seconds for one that the kernel does not let go; `pid` itself stays to be waited for.
    """
    if os.name == "nt":
        _kill(pid)
        return
    deadline = time.monotonic() + _KILL_SECONDS
    # The leader last: while it lives, orphans stay its descendants (the worker's watcher is their sub-reaper).
    while time.monotonic() < deadline:
        victims = [victim for victim in _descendants(pid) if not _is_dead(victim)]
        if not victims:
            break
        for victim in victims:
            _kill(victim)
        time.sleep(0.002)
    if _leads_group(pid):
        with suppress(OSError):  # nobody is left in it
            os.killpg(pid, signal.SIGKILL)
    _kill(pid)
    while not _is_dead(pid) and time.monotonic() < deadline:
        time.sleep(0.002)


def _kill(pid: int) -> None:
    with suppress(OSError):  # it ended by itself
        os.kill(pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)


def _leads_group(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except OSError:
        return False


def _is_dead(pid: int) -> bool:
    """Gone, or a zombie that only waits to be waited for."""
    if sys.platform.startswith("linux"):
        try:
            state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
        except OSError:
            return True
        return state in (b"Z", b"X")
    try:
        os.kill(pid, 0)
    except OSError:
        return True
    return False


def _descendants(pid: int) -> list[int]:
    """Every process below `pid`; none where there is no /proc."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for child in _children(waiting.pop()):
            found.append(child)
            waiting.append(child)
    return found


def _children(pid: int) -> list[int]:
    try:
        return [
            int(word)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for word in (task / "children").read_bytes().split()
        ]
    except (OSError, ValueError):
        return []
