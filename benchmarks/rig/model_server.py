"""A model behind an OpenAI-compatible server on this machine, which tools under comparison ask: one for a whole run.

The server is `llama_cpp.server`, in an environment of its own. It starts when the first tool needs it, works on one
question after the other, and dies with the run.
"""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from qeforge.execution.worker import kernel
from rig.metered import plain_environment

VARIABLE = "QEFORGE_MODEL"
CONTEXT = 8192  # tokens of question and answer; what a tool asks beyond that is refused
_LOADING = 120.0  # seconds until the model must have been loaded
_HEALTH = 5.0  # seconds for an answer that needs no model
_KNOWN = re.compile(r"generate: (\d+) prefix-match hit")  # tokens of the question that it read for the one before
_ANSWERED = re.compile(r": +(?:prompt )?eval time = .*?/ +(\d+) (?:tokens|runs)")


class ServerFailed(Exception):
    """The server does not come up; with its last words."""


class Endpoint(Protocol):
    """Where a model can be asked."""

    @property
    def model(self) -> str:
        """Its name, in requests and in tables."""

    def ready(self) -> str:
        """The address, with nothing at work behind it.

        Raises:
            ServerFailed: there is none.
        """

    def spent(self) -> int:
        """Tokens of questions and answers since `ready`, as the server counts them; 0 where it does not tell."""

    def abandoned(self) -> None:
        """Whoever asked was ended, maybe in the middle of an answer."""


def chosen_model(given: Path | None = None) -> Path:
    """The GGUF file of the run: the one on the command line, or that of the environment variable.

    Raises:
        SystemExit: there is none.
    """
    named = str(given or os.environ.get(VARIABLE, ""))
    if not named:
        raise SystemExit(f"no model: --model FILE.gguf, or {VARIABLE}=FILE.gguf")
    file = Path(named).expanduser()
    try:
        with file.open("rb") as opened:
            begins = opened.read(4)
    except OSError as problem:
        raise SystemExit(f"{file}: {problem.strerror}; --model and {VARIABLE} name a GGUF file") from None
    if begins != b"GGUF":
        raise SystemExit(f"{file}: no GGUF file; --model and {VARIABLE} name one")
    return file.resolve()


def llama_cpp(python: Path, file: Path, model: str, port: int) -> list[str | Path]:
    """How the server of llama-cpp-python is started; it takes the chat template from the GGUF file."""
    words: list[str | Path] = [python, "-m", "llama_cpp.server", "--model", file, "--model_alias", model]
    words += ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(CONTEXT), "--seed", "0"]
    threads = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    return [*words, "--n_threads", threads, "--n_threads_batch", threads]


class ModelServer:
    """Starts the server when it is first needed, again when somebody left it with an answer that nobody waits for,
    and ends it.

    Args:
        python: the interpreter that has llama-cpp-python with its extra `server`.
        file: the GGUF file.
        command: how the server is started, given interpreter, file, name of the model and port.
    """

    def __init__(self, python: Path, file: Path, command: "Command" = llama_cpp) -> None:
        self._python, self._file, self._command = python, file, command
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""
        self._said = 0  # bytes of its log that are about earlier questions
        self._folder = tempfile.TemporaryDirectory(prefix="qeforge-model-server-")

    @property
    def model(self) -> str:
        """The name of its file."""
        return self._file.stem

    def ready(self) -> str:
        """Starts the server unless it is there, and waits until it answers.

        Raises:
            ServerFailed: it ended, or took longer than two minutes.
        """
        if self._process is None or not _answers(self._url):
            self._stop()
            self._start()
        self._said = self._log.stat().st_size
        return self._url

    def spent(self) -> int:
        """What its log says about questions since `ready`; an answer that was cut short is not in it."""
        total = known = 0
        for line in self._log.read_bytes()[self._said :].decode("utf-8", "replace").splitlines():
            if begun := _KNOWN.search(line):
                known = int(begun[1])
            elif answered := _ANSWERED.search(line):
                total, known = total + known + int(answered[1]), 0
        return total

    def abandoned(self) -> None:
        """Ends the server, since it would go on with an answer that nobody reads, to the end of its context."""
        self._stop()

    def close(self) -> None:
        """Ends it for good."""
        self._stop()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _log(self) -> Path:
        return Path(self._folder.name) / "said"

    def _start(self) -> None:
        place = Path(self._folder.name)
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        command = self._command(self._python, self._file, self.model, port)
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                cwd=place,
                env=plain_environment(place) | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_dies_with_its_parent,
            )
        until = time.monotonic() + _LOADING
        while not _answers(url):
            if self._process.poll() is not None or time.monotonic() > until:
                self._stop()
                lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                raise ServerFailed(f"the model's server does not start: {lines[-1] if lines else 'it says nothing'}")
            time.sleep(0.1)
        self._url = url

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(2.0)
        except subprocess.TimeoutExpired:  # in the middle of an answer
            process.kill()
            process.wait()


class Command(Protocol):
    """The words that start a server."""

    def __call__(self, python: Path, file: Path, model: str, port: int, /) -> Sequence[str | Path]:
        """Given interpreter, file, name of the model and port."""


def _answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/v1/models", timeout=_HEALTH):
            return True
    except (OSError, urllib.error.URLError, ValueError):
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _dies_with_its_parent() -> None:
    with suppress(OSError):  # not Linux
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
