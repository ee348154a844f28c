"""Processes whose parent has ended: taken over, and at the end killed."""

import os
import signal
import sys
import time

from . import kernel

_ROUNDS, _PAUSE = 1_000, 0.002  # of killing, should they multiply; seconds from one to the next


def adopt() -> bool:
    """Become the parent of whatever below loses its own; whether that is possible here (on Linux it is)."""
    if sys.platform != "linux":
        return False
    try:
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    except OSError:
        return False
    return True


def kill() -> None:
    """Kill all children of this process, adopted ones too, until nothing new turns up. Without `/proc` it only collects
    those that have ended."""
    for _ in range(_ROUNDS):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        try:
            with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
                children = [int(word) for word in file.read().split()]
        except OSError:
            return
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
            except OSError:
                pass
        time.sleep(_PAUSE)
