"""A worker process and the two pipes to it."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qeforge.execution.process import count_processes, kill_tree, pipe
from qeforge.execution.scratch import make_scratch
from qeforge.execution.worker.children import BEAT, DONE
from qeforge.execution.worker.frames import FrameReader, decode, encode, write_frame
from qeforge.execution.worker.sandbox import launch_environment

_MAIN = Path(__file__).parent / "worker" / "main.py"
_CLOSING_SECONDS = 3.0
_CROWD = 100  # processes below one worker while it imports: nobody means that
_LAST_WORDS = 300  # characters of what a dead worker wrote to its standard error

_SLICE = 0.5  # seconds between two counts of processes


class WorkerDied(Exception):
    """The worker ended, or stopped answering, in the middle of a request. The text says how."""


class Silence(WorkerDied):
    """The worker did not answer in time."""


class WorkerConnection:
    """Starts a worker and talks to it in frames. Not for use by several threads at once.

    Args:
        python: the interpreter to run it on.
        environment: variables on top of the sandbox's allow-list.

    Whatever ends this process ends the worker too and removes its scratch folder (see `worker/janitor.py`).
    """

    def __init__(self, python: Path, environment: Mapping[str, str]) -> None:
        self.scratch = make_scratch(self)
        request_end, self._requests = pipe()
        self._replies, reply_end = pipe()
        self._reader = FrameReader(self._replies)
        self._pending: deque[bytes] = deque()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        try:
            self._process = subprocess.Popen(
                [python, "-s", "-B", "-X", "utf8", _MAIN, str(request_end), str(reply_end), self.scratch],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=(request_end, reply_end),
                env=launch_environment(str(self.scratch), environment),
                cwd=self.scratch,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._requests)
            os.close(self._replies)
            self._errors.close()
            shutil.rmtree(self.scratch, ignore_errors=True)
            raise
        finally:
            os.close(request_end)
            os.close(reply_end)
        self._open = True

    def send(self, message: Any) -> None:
        """Send one message. Raises WorkerDied."""
        try:
            write_frame(self._requests, encode(message))
        except OSError:
            raise WorkerDied(self._how_it_ended()) from None

    def receive(self, seconds: float, *, crowd: bool = False) -> bytes:
        """The payload of the next frame. Raises Silence when none comes in that time, WorkerDied when none will.

        With `crowd` a worker that multiplies counts as dead.
        """
        deadline = time.monotonic() + seconds
        while not self._pending:
            left = deadline - time.monotonic()
            if not select.select([self._replies], [], [], max(0.0, min(left, _SLICE) if crowd else left))[0]:
                if left <= 0:
                    raise Silence(f"no answer within {seconds:g} s")
                if crowd and count_processes(self._process.pid) > _CROWD:
                    raise WorkerDied(f"started more than {_CROWD} processes")
                continue
            if not self._reader.fill():
                raise WorkerDied(self._how_it_ended())
            self._pending.extend(self._reader.take())
        return self._pending.popleft()

    def stream(self, seconds: float) -> Iterator[tuple[int, Any]]:
        """Reports to the last request, index and message each; `seconds` is the longest silence.

        Raises WorkerDied, also where what came is no report: code under test shares its process with whoever writes
        them, and may write to any descriptor.
        """
        while True:
            payload = self.receive(seconds)
            index = int.from_bytes(payload[:4], "big")
            try:
                message = decode(payload[4:])
            except (ValueError, RecursionError):
                raise WorkerDied("sent what is no report") from None
            if index == DONE:
                return
            if index != BEAT:
                yield index, message

    def kill(self) -> None:
        """End the worker at once, whatever it does."""
        if self._open:
            kill_tree(self._process.pid)
            self.close()

    def close(self) -> None:
        """End the worker and all that it started, and remove its files."""
        if not self._open:
            return
        self._open = False
        os.close(self._requests)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_CLOSING_SECONDS)
        if self._process.returncode is None:
            kill_tree(self._process.pid)
            self._process.wait()
        os.close(self._replies)
        self._errors.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(_CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        return f"{describe_exit(code)}{self._last_words()}"

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return f": {said[-1][:_LAST_WORDS]}" if said else ""


def describe_exit(code: int) -> str:
    """How a process ended, in words: `died of SIGSEGV`, `ended with exit code 3`."""
    number = -code if code < 0 else code - 128
    if 0 < number < signal.NSIG:
        with contextlib.suppress(ValueError):
            return f"died of {signal.Signals(number).name}"
    return f"ended with exit code {code}"
