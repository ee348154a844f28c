"""Runs a suite with the target's own pytest inside the sandbox: the process that `pytest_run` starts.

One job comes in on standard input, as JSON. Messages go out, one JSON object a line, on what was standard output when
the process started; code under test gets the null device in its place.
"""

import json
import os
import sys
from typing import Any

from . import sandbox


class Channel:
    """Where messages go: a pipe that the code under test does not find by accident."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def from_standard_output(cls) -> "Channel":
        """Takes over descriptor 1 and puts the null device behind it."""
        channel = cls(os.dup(1))
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.close(null)
        return channel

    def send(self, **message: Any) -> None:
        """One message, whole."""
        data = memoryview(json.dumps(message).encode("ascii") + b"\n")
        while data:
            data = data[os.write(self._descriptor, data) :]


def main() -> None:
    """Reads the job, closes the sandbox, runs; never returns."""
    job = json.loads(sys.stdin.buffer.read())
    policy = sandbox.Policy(**{**job["policy"], "project": tuple(job["policy"]["project"])})
    sandbox.enter_namespaces(policy)
    channel = Channel.from_standard_output()
    sys.argv = ["pytest"]
    for path in reversed(job["first_paths"]):
        sys.path.insert(0, path)
    sys.path += [path for path in job["last_paths"] if path not in sys.path]
    channel.send(type="layers", layers=sandbox.enter_process(policy))
    try:
        if job["mutants"] is None:
            _run(job, policy, channel)
        else:
            from . import pytest_mutants

            pytest_mutants.serve(job, policy, channel)
    except Exception as error:  # the parent reports it in one line
        channel.send(type="broken", message=f"{type(error).__name__}: {error}")
    sys.stderr.flush()
    os._exit(0)  # threads that a test left running must not hold us


def _run(job: dict[str, Any], policy: sandbox.Policy, channel: Channel) -> None:
    if not policy.lenient:
        sandbox.enter_child(policy)
    import pytest

    from .calls import CallRecorder
    from .pytest_recorder import Recorder
    from .tracer import open_tracer

    tracer = open_tracer(job["module_path"]) if job["module_path"] else None
    recorder = Recorder(
        channel.send,
        tracer,
        base=job["base"],
        skip=frozenset(job["skip"]),
        reverse=job["reverse"],
        conftests=job["conftests"],
        calls=CallRecorder(job["record"], job["policy"]["scratch"]) if job["record"] else None,
    )
    if tracer is not None:
        tracer.start()
    code = pytest.main([*job["arguments"], *job["files"]], plugins=[recorder])
    channel.send(type="done", code=int(code))
