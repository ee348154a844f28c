"""The process outside of the sandbox that leaves nothing behind."""

import os
import select
import shutil
import signal
import time
from collections.abc import Sequence

from . import orphans

_TICK, _SHORT_TICK = 200, 10  # milliseconds between two looks at a server; short once it seems to have ended
_GRACE = 1.0  # seconds that a server gets to end by itself once the parent is gone


def start(request_fd: int, scratch: str, private_fds: Sequence[int]) -> None:
    """Fork: returns in the inner process only. The outer one ends when the inner one or the parent has, what they left
    is killed, and the scratch folder is removed.

    Args:
        request_fd: the pipe whose other end the parent holds.
        scratch: the folder to remove at the end.
        private_fds: pipe ends that must not be held open by the outer process.
    """
    if not hasattr(os, "fork"):
        return
    orphans.adopt()  # elsewhere than on Linux children end with their pipes
    alive, held = os.pipe()
    inner = os.fork()
    if inner == 0:
        os.close(alive)  # `held` stays open until the last process inside has ended
        return
    for fd in (held, *private_fds):
        os.close(fd)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when its work is done, not before
    status = _wait(inner, request_fd, alive)
    orphans.kill()
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def _wait(inner: int, request_fd: int, alive: int) -> int:
    """Wait for the inner process, or for the parent's end and then kill it; its exit status."""
    poll = select.poll()
    poll.register(request_fd, 0)
    poll.register(alive, 0)
    give_up: float | None = None
    tick = _TICK
    while True:
        for fd, _ in poll.poll(tick):
            poll.unregister(fd)
            tick = _SHORT_TICK
            if fd == request_fd:
                give_up = time.monotonic() + _GRACE
        pid, status = os.waitpid(inner, os.WNOHANG)
        if pid:
            return status
        if give_up is not None and time.monotonic() > give_up:
            os.kill(inner, signal.SIGKILL)
            return os.waitpid(inner, 0)[1]
