"""Forked children that each try a few mutants, and the watch over them."""

import json
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from . import sandbox
from .swap import Edit

_POLL_SECONDS = 0.05


class Mutation(NamedTuple):
    """One mutant to try: its place in the request, the edit, the ids of the tests to run, seconds it may take, and
    whether the module has to be imported anew."""

    number: int
    edit: Edit
    tests: tuple[str, ...]
    seconds: float
    whole: bool


Report = Callable[[dict[str, Any]], None]
"""Takes `{"begin": number}`, `{"test": id}` and `{"verdict": …, "test": …}`, which belong to the mutant begun last."""


class Attempt(NamedTuple):
    """What a forked child has to do, and how it tells."""

    mutations: tuple[Mutation, ...]
    report: Report


Deliver = Callable[[Mutation, dict[str, Any]], None]


def try_all(
    mutations: Sequence[Mutation], policy: sandbox.Policy, deliver: Deliver, *, parallel: int, batch: int
) -> Attempt | None:
    """Forks children and delivers their verdicts. None when all are through; in a child, what it has to do.

    A child may end before its batch does, and may ask for a mutant to be tried again alone (the verdict `again`); a
    mutant that ends its child is killed, one that takes too long is a timeout.
    """
    waiting = [tuple(mutations[at : at + batch]) for at in range(0, len(mutations), batch)][::-1]
    running: list[_Child] = []
    try:
        while waiting or running:
            while waiting and len(running) < parallel:
                child = _fork(waiting.pop(), policy)
                if isinstance(child, Attempt):
                    running.clear()  # they are the server's to end
                    return child
                running.append(child)
            ready = select.select([child.descriptor for child in running], [], [], _POLL_SECONDS)[0]
            for child in list(running):
                ended = child.descriptor in ready and not child.listen()
                late = not ended and child.is_late
                for mutation, answer in child.answers(final=ended or late, late=late):
                    if answer["verdict"] == "again":
                        waiting.append((mutation,))
                    else:
                        deliver(mutation, answer)
                if ended or late:
                    child.end()
                    running.remove(child)
                    if child.rest:
                        waiting.append(tuple(child.rest))
    finally:
        for child in running:
            child.end()
    return None


class _Child:
    """One forked child: its mutants that are still open, and what it has said."""

    def __init__(self, mutations: Sequence[Mutation], pid: int, descriptor: int) -> None:
        self.rest = list(mutations)
        self.descriptor = descriptor
        self._pid = pid
        self._since = time.monotonic()
        self._said = b""
        self._test = ""
        self._left = False

    @property
    def is_late(self) -> bool:
        """Whether the present mutant has had its time."""
        return bool(self.rest) and time.monotonic() - self._since > self.rest[0].seconds

    def listen(self) -> bool:
        """Takes what has come; False at the end."""
        data = os.read(self.descriptor, 1 << 16)
        self._said += data
        return bool(data)

    def answers(self, *, final: bool, late: bool) -> list[tuple[Mutation, dict[str, Any]]]:
        """Verdicts that have come since the last call; when `final`, also what silence means for the present mutant."""
        found = []
        *lines, self._said = self._said.split(b"\n")
        for line in lines:
            entry = json.loads(line)
            if "begin" in entry:
                self._since, self._test = time.monotonic(), ""
            elif "left" in entry:
                self._left = True
            elif "verdict" in entry:
                found.append(self._settle(entry["verdict"], entry.get("test", "")))
            else:
                self._test = entry["test"]
        if final and self.rest and not self._left:
            found.append(self._settle("timeout" if late else "killed", self._test))
        return found

    def _settle(self, verdict: str, test: str) -> tuple[Mutation, dict[str, Any]]:
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        return self.rest.pop(0), {"verdict": verdict, "test": test, "seconds": seconds}

    def end(self) -> None:
        """Kills and forgets it."""
        for kill in (os.killpg, os.kill):
            try:
                kill(self._pid, signal.SIGKILL)
            except OSError:
                pass  # gone already
        os.waitpid(self._pid, 0)
        os.close(self.descriptor)


def _fork(mutations: tuple[Mutation, ...], policy: sandbox.Policy) -> _Child | Attempt:
    """The child, in the server; what to do, in the child."""
    reading, writing = os.pipe()
    pid = sandbox.fork()
    if pid:
        os.close(writing)
        return _Child(mutations, pid, reading)
    os.close(reading)
    os.setpgid(0, 0)
    if not policy.lenient:
        sandbox.enter_child(policy)
    return Attempt(mutations, lambda entry: _write(writing, entry))


def _write(descriptor: int, entry: dict[str, Any]) -> None:
    os.write(descriptor, json.dumps(entry).encode("ascii") + b"\n")
