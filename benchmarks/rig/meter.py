"""Runs one command under a limit of time, measures it with all that it starts, and leaves no process behind.

A program of its own, because what a process has used is known to the one that reaps it: this one adopts every orphan
of the command (Linux), so that CPU time is that of the whole tree, however processes detach themselves. It dies with
whoever started it, and takes the tree along.

    python meter.py --report FILE --limit SECONDS --output FILE --errors FILE [--writable FOLDER [--port N]] -- COMMAND…
"""

import argparse
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from qeforge.execution.worker import kernel, landlock

PULSE = 0.05  # seconds between two looks
SAMPLE = 0.25  # seconds between two looks at memory, which are dearer
GRACE = 2.0  # seconds that what the command left behind has to end by itself
_BIND, _CONNECT, _RULE_NET_PORT = 1 << 0, 1 << 1, 2  # `include/uapi/linux/landlock.h`, from its version 4 on


class Meter:
    """One command and what comes of it."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.stopped = False
        self.status: int | None = None
        self.wall = 0.0
        self.memory_kb = 0
        self.left_over = 0

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Somebody wants this to end now."""
        self.stopped = True

    def run(self, process: "subprocess.Popen[bytes]") -> bool:
        """Watches until the command ends; True if it had to be killed."""
        began = sampled = time.monotonic()
        late = False
        while self.status is None and not late and not self.stopped:
            self._reap(process.pid)
            now = time.monotonic()
            if self.status is None and now - sampled >= SAMPLE:
                self.memory_kb = max(self.memory_kb, sum(map(resident, descendants())))
                sampled = now
            late = self.status is None and now - began > self.limit
            if self.status is None:
                time.sleep(PULSE)
        self.wall = time.monotonic() - began
        if self.status is not None and not self.stopped:
            self._wait_for_the_rest(process.pid)
        self._kill_the_rest(process.pid)
        return late

    def _reap(self, main: int) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == main:
                self.status = os.waitstatus_to_exitcode(status)

    def _wait_for_the_rest(self, main: int) -> None:
        until = time.monotonic() + GRACE
        while descendants() and time.monotonic() < until and not self.stopped:
            self._reap(main)
            time.sleep(PULSE)
        self._reap(main)
        self.left_over = len(descendants())

    def _kill_the_rest(self, main: int) -> None:
        until = time.monotonic() + 10.0
        while time.monotonic() < until:
            tree = descendants() or ([main] if self.status is None else [])
            if not tree:
                return
            for pid in tree:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    continue  # gone already
            time.sleep(PULSE / 5)
            self._reap(main)


def descendants() -> list[int]:
    """Every living process below this one; zombies are not alive. Empty where there is no `/proc`."""
    children: dict[int, list[int]] = {}
    alive: set[int] = set()
    try:
        entries = os.listdir("/proc")  # noqa: PTH208 - names are all that is wanted, many times a second
    except OSError:
        return []
    for name in entries:
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                state, parent = file.read().rpartition(b")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        children.setdefault(int(parent), []).append(int(name))
        if state not in b"ZX":
            alive.add(int(name))
    found, queue = [], list(children.get(os.getpid(), ()))
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += children.get(pid, ())
    return [pid for pid in found if pid in alive]


def resident(pid: int) -> int:
    """KiB in memory, pages that are shared counted in proportion; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:  # noqa: PTH123
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1])
    except OSError:
        return 0
    return 0


def allow_port_alone(port: int) -> None:
    """Leaves this process and its children no TCP but connections to one port, where the kernel can see to that."""
    if landlock.version() < 4:
        return
    handled = struct.pack("=QQ", 0, _BIND | _CONNECT)
    ruleset = kernel.call("landlock_create_ruleset", handled, len(handled), 0)
    try:
        kernel.call("landlock_add_rule", ruleset, _RULE_NET_PORT, struct.pack("=QQ", _CONNECT, port), 0)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def main(arguments: Sequence[str]) -> int:
    """Runs, measures, writes the report."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--report", type=Path, required=True)
    options.add_argument("--limit", type=float, required=True, help="seconds")
    options.add_argument("--output", type=Path, required=True)
    options.add_argument("--errors", type=Path, required=True)
    options.add_argument("--writable", type=Path, help="the only folder that the command may write in; no network")
    options.add_argument("--port", type=int, help="with --writable: connections to this TCP port are left")
    options.add_argument("command", nargs="+")
    given = options.parse_args(arguments)
    meter = Meter(given.limit)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, meter.stop)
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGTERM)
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    except OSError:
        pass  # not Linux: the tree is what stays in the command's own session

    def confine() -> None:
        if given.writable is not None:
            with_port = given.port is not None
            landlock.enter_process(str(given.writable), shared_memory=True, programs=True, network=with_port)
            if with_port:
                allow_port_alone(given.port)

    with given.output.open("wb") as output, given.errors.open("wb") as errors:
        process = subprocess.Popen(
            given.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
            preexec_fn=confine,
        )
        late = meter.run(process)
        process.returncode = meter.status if meter.status is not None else -signal.SIGKILL
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = {
        "code": process.returncode,
        "timed_out": late,
        "stopped": meter.stopped,
        "wall": round(meter.wall, 3),
        "cpu": round(used.ru_utime + used.ru_stime, 3),
        "memory_mb": round(max(meter.memory_kb, used.ru_maxrss) / 1024, 1),
        "left_over": meter.left_over,
    }
    given.report.write_text(json.dumps(report), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
