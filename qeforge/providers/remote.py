"""The models of a run, asked from the processes of its modules: each is loaded once, whoever asks."""

import os
import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, Protocol

from qeforge.domain.learning import Example
from qeforge.domain.provider import Description, Prompt
from qeforge.domain.routing import About, Answer, Engine, Models
from qeforge.errors import ProviderError

_LONGEST_FOLDER = 70
"""Bytes of the temporary folder's path: a socket's may have 103 on macOS, and 31 come after it."""


class Host(Models, Protocol):
    """The models of a run, in the process that holds them."""

    def close(self) -> None:
        """Ends every one of them; may be called twice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a host listens; plain values, for another process."""

    path: str
    key: bytes

    def connect(self) -> "Remote":
        """The host, as seen from here."""
        return Remote(Client(self.path, authkey=self.key))


class Remote:
    """Implements `Models` by asking the host in the parent process."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection

    def available(self) -> dict[Engine, Description]:
        """Models that may be asked now."""
        found: dict[Engine, Description] = self._call("available")
        return found

    def count_tokens(self, engine: Engine, text: str) -> int:
        """Tokens of a text, for one of the models."""
        return int(self._call("count_tokens", engine, text))

    def ask(self, engine: Engine, prompt: Prompt, about: About, *, seconds: float, again: bool = False) -> Answer:
        """The model's answer."""
        answer: Answer = self._call("ask", engine, prompt, about, seconds=seconds, again=again)
        return answer

    def gained(self, call: int, *, candidates: int, valid: int, goals: int, mutants: int) -> None:
        """What came of an answer."""
        self._call("gained", call, candidates=candidates, valid=valid, goals=goals, mutants=mutants)

    def teach(self, example: Example) -> None:
        """What the judge made of an answer."""
        self._call("teach", example)

    def _call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        try:
            self._connection.send((method, arguments, keywords))
            fine, result = self._connection.recv()
        except (EOFError, OSError) as problem:
            raise ProviderError("the run that holds the models is ending", slug="cancelled") from problem
        if not fine:
            raise result
        return result


def _short_folder() -> str | None:
    """A place for temporary files whose path is short enough for a socket: the usual one, or else the system's."""
    usual = tempfile.gettempdir()
    return None if len(os.fsencode(usual)) <= _LONGEST_FOLDER else "/tmp"


@contextmanager
def served(host: Host) -> Iterator[Address]:
    """Lets other processes of this run ask the host, through a socket that only this user can open."""
    with tempfile.TemporaryDirectory(prefix="qeforge-models-", dir=_short_folder()) as folder:
        address = Address(path=str(Path(folder) / "host"), key=secrets.token_bytes(32))
        ending = threading.Event()
        with Listener(address.path, authkey=address.key) as listener:
            thread = threading.Thread(target=_accept, args=(listener, host, ending), daemon=True)
            thread.start()
            try:
                yield address
            finally:
                host.close()
                ending.set()
                Client(address.path, authkey=address.key).close()  # so that it stops waiting for somebody
                thread.join(timeout=5)


def _accept(listener: Listener, host: Host, ending: threading.Event) -> None:
    while True:
        try:
            connection = listener.accept()
        except (OSError, EOFError, AuthenticationError):
            continue  # somebody who went away, or is none of ours
        if ending.is_set():
            connection.close()
            return
        threading.Thread(target=_answer, args=(connection, host), daemon=True).start()


def _answer(connection: "Connection[Any, Any]", host: Host) -> None:
    with connection:
        while True:
            try:
                method, arguments, keywords = connection.recv()
                connection.send(_result(host, method, arguments, keywords))
            except (EOFError, OSError):
                return


def _result(host: Host, method: str, arguments: Any, keywords: Any) -> tuple[bool, Any]:
    try:
        return True, getattr(host, method)(*arguments, **keywords)
    except ProviderError as problem:
        return False, problem
    except Exception as bug:
        return False, ProviderError(f"asking the model failed: {type(bug).__name__}: {bug}", slug="internal")
