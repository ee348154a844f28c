"""Answers of a local model written down, and given again in its place: demonstrations without a model."""

from dataclasses import replace
from pathlib import Path

from qeforge.domain.ledger import Call
from qeforge.domain.provider import Provider
from qeforge.providers.host import Source
from qeforge.providers.replay import Recorder, Replay
from qeforge.routing.breaker import Breaker


class Unwritten:
    """A ledger for a run in which nobody is asked: recorded answers took their time and tokens when they were made."""

    problem = ""

    def record(self, call: Call) -> int:
        """Keeps nothing."""
        return 0

    def gained(self, number: int, *, candidates: int, valid: int, goals: int, mutants: int) -> None:
        """Keeps nothing."""


def replayed(path: Path) -> Source:
    """The answers in a file, as a model.

    Raises:
        ProviderError: it cannot be read, or is no recording.
    """
    replay = Replay.read(path)
    return Source(description=replay.describe(), open=lambda: replay, circuit=Breaker())


def recorded(source: Source, path: Path) -> Source:
    """The same model; what it answers is added to a file.

    Raises:
        ProviderError: the file cannot be written, which is found out before there is an answer to lose.
    """

    def opened() -> Provider:
        return Recorder(source.open(), path)

    Recorder(Replay({}), path)
    return replace(source, open=opened)
