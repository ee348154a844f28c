"""Forked children: each runs a few items and reports them; the watch ends those that hang and notes those that died."""

import enum
import mmap
import os
import select
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from . import sandbox
from .frames import FrameReader, encode, write_frame

DONE, BEAT = 0xFFFFFFFF, 0xFFFFFFFE
"""Indices of frames that report on no item: the request is done, the worker is still at it."""

_INDEX = struct.Struct("!I")
_SHARED = struct.Struct("II")  # the step of the present item, whether the child leaves early on purpose
_BEAT_SECONDS = 1.0
_TICK = 0.05  # seconds between two looks at a silent child
_IDLE = 0.05  # share of one core below which a silent child counts as asleep
_STARVED = 4  # times the wall limit for a child that works but gets little of the machine

_monotonic = time.monotonic


class Limits(NamedTuple):
    """What one item may take, in seconds of CPU and of wall time."""

    cpu: float
    wall: float


class Failure(enum.Enum):
    """How an item ended that reported nothing."""

    TIMEOUT = "timeout"
    CRASHED = "crashed"


class ParentGone(Exception):
    """Nobody is left to report to."""


class Channel:
    """A child's way to report.

    Args:
        fd: where reports go.
        shared: memory that the watching process sees.
    """

    def __init__(self, fd: int, shared: mmap.mmap | None = None) -> None:
        self._fd = fd
        self._shared = shared

    def send(self, index: int, message: Any) -> None:
        """Report on an item."""
        write_frame(self._fd, _INDEX.pack(index) + encode(message))

    def beat(self) -> None:
        """Tell the parent that the work goes on."""
        self.send(BEAT, None)

    def mark(self, step: int) -> None:
        """Tell the watch how far an item has come."""
        if self._shared is not None:
            _SHARED.pack_into(self._shared, 0, step, 0)

    def leave(self) -> None:
        """Tell the watch that this child ends early on purpose; the rest is for a fresh one."""
        if self._shared is not None:
            _SHARED.pack_into(self._shared, 0, 0, 1)


Task = Callable[[Sequence[int], Channel], None]
"""Runs the items with these indices in order, in a child, and reports on each."""


class Workforce(Protocol):
    """Runs items somewhere.

    `forks` tells whether what an item does to the process is gone afterwards.
    """

    forks: bool

    def perform(
        self,
        items: Iterable[int],
        task: Task,
        *,
        limits: Limits,
        deliver: Callable[[int, bytes], bool],
        failed: Callable[[int, Failure, int], None],
        ready: Callable[[Sequence[int]], None] = lambda items: None,
        batch: int = 1,
        parallel: int = 1,
    ) -> None:
        """Run all items.

        Args:
            items: indices, each run once; one whose child dies is run again alone, and then given up.
            task: what a child does.
            limits: for each item, or each part of it that ends with a mark.
            deliver: takes each report, index and whole frame; False while the item goes on.
            failed: takes each item that will not report any more, with the step that it had come to.
            ready: called before a child starts with items, in the process that forks it.
            batch: items for one child.
            parallel: children alive at once.
        """
        ...


class _Child:
    """One forked child and what is known of it."""

    def __init__(self, pid: int, fd: int, shared: mmap.mmap, items: list[int], alone: bool) -> None:
        self.pid, self.items, self.alone = pid, items, alone
        self.reader = FrameReader(fd)
        self._shared = shared
        self._clock = _process_clock(pid)
        self._sign_of_life()

    def _sign_of_life(self) -> None:
        self._since, self._cpu, self._step = _monotonic(), self._cpu_now(), self.step

    @property
    def step(self) -> int:
        return int(_SHARED.unpack_from(self._shared, 0)[0])

    @property
    def left(self) -> bool:
        return bool(_SHARED.unpack_from(self._shared, 0)[1])

    def _cpu_now(self) -> float | None:
        if self._clock is None:
            return None
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return None

    def reports(self) -> tuple[list[tuple[int, bytes]], bool]:
        """What it has reported since the last call, and whether the pipe has ended."""
        open_end = self.reader.fill()
        found = [(_INDEX.unpack_from(frame)[0], frame) for frame in self.reader.take()]
        if found:
            self._sign_of_life()
        return found, not open_end

    def overdue(self, limits: Limits) -> bool:
        """Whether it has used up what one item may take."""
        if self.step != self._step:
            self._sign_of_life()
            return False
        waited, now = _monotonic() - self._since, self._cpu_now()
        if now is None or self._cpu is None:
            return waited > limits.wall
        used = now - self._cpu
        if used > 1.25 * limits.cpu + 0.2:
            return True
        return waited > limits.wall and (used < _IDLE * waited or waited > _STARVED * limits.wall)

    def end(self) -> None:
        """Kill it with all its group, and forget it."""
        for kill, pid in ((os.killpg, self.pid), (os.kill, self.pid)):
            try:
                kill(pid, signal.SIGKILL)
            except OSError:
                pass
        try:
            os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass
        os.close(self.reader.fd)
        self._shared.close()


class Nursery:
    """Forks children and watches them.

    Args:
        policy: the sandbox around each child.
        request_fd: the pipe from the parent; its end means that everything ends.
        private_fds: pipe ends of the server that no child may hold.
        beat: called every now and then while children are at work.
    """

    forks = True

    def __init__(
        self, policy: sandbox.Policy, request_fd: int, private_fds: Sequence[int], beat: Callable[[], None]
    ) -> None:
        self._policy = policy
        self._beat = beat
        self._request_fd = request_fd
        self._private_fds = private_fds

    def perform(
        self,
        items: Iterable[int],
        task: Task,
        *,
        limits: Limits,
        deliver: Callable[[int, bytes], bool],
        failed: Callable[[int, Failure, int], None],
        ready: Callable[[Sequence[int]], None] = lambda items: None,
        batch: int = 1,
        parallel: int = 1,
    ) -> None:
        """Run all items, `batch` to a child; see `Workforce`. Raises ParentGone."""
        waiting = list(items)[::-1]
        retries: list[int] = []
        children: dict[int, _Child] = {}
        poll = select.poll()
        poll.register(self._request_fd, 0)
        beaten = _monotonic()
        try:
            while waiting or retries or children:
                while (waiting or retries) and len(children) < parallel:
                    if retries:
                        chosen, alone = [retries.pop()], True
                    else:
                        chosen, alone = waiting[: -batch - 1 : -1], batch == 1
                        del waiting[-len(chosen) :]
                    ready(chosen)
                    child = self._fork(chosen, task, alone=alone)
                    children[child.reader.fd] = child
                    poll.register(child.reader.fd, select.POLLIN)
                events = dict(poll.poll(_TICK * 1000))
                if self._request_fd in events:
                    raise ParentGone
                if _monotonic() - beaten > _BEAT_SECONDS:
                    beaten = _monotonic()
                    self._beat()
                for fd, child in list(children.items()):
                    ended = failure = None
                    if fd in events:
                        reports, ended = child.reports()
                        for index, frame in reports:
                            if deliver(index, frame) and index in child.items:
                                child.items.remove(index)
                        failure = Failure.CRASHED
                    elif child.overdue(limits):
                        ended, failure = True, Failure.TIMEOUT
                    if ended:
                        assert failure is not None
                        poll.unregister(fd)
                        del children[fd]
                        self._settle(child, failure, waiting, retries, failed)
        finally:
            for child in children.values():
                child.end()

    def _settle(
        self,
        child: _Child,
        failure: Failure,
        waiting: list[int],
        retries: list[int],
        failed: Callable[[int, Failure, int], None],
    ) -> None:
        step, rest, left = child.step, child.items, child.left
        child.end()
        if rest and not left:
            if failure is Failure.TIMEOUT or child.alone:
                failed(rest.pop(0), failure, step)
            else:
                retries.append(rest.pop(0))
        waiting.extend(reversed(rest))

    def _fork(self, items: list[int], task: Task, *, alone: bool) -> _Child:
        reading, writing = os.pipe()
        shared = mmap.mmap(-1, _SHARED.size)
        pid = sandbox.fork()
        if pid:
            os.close(writing)
            return _Child(pid, reading, shared, items, alone)
        try:
            errors = os.dup(2)
            for fd in (reading, *self._private_fds):
                os.close(fd)
            os.setpgid(0, 0)
            os.dup2(1, 2)
            sandbox.enter_child(self._policy)
            task(items, Channel(writing, shared))
            os._exit(0)
        except BaseException:  # a fault of the harness: the code under test is caught further in
            os.write(errors, traceback.format_exc().encode("utf-8", "replace"))
        finally:  # whatever happened, nothing of the server may run here
            os._exit(1)


def _process_clock(pid: int) -> int | None:
    """The clock of another process's CPU time, as Linux numbers it; None elsewhere."""
    return (~pid << 3) | 2 if sys.platform == "linux" else None
