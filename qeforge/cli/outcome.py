"""How a command ends: an exit code, data for `--json`, something for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Union

from qeforge.errors import QeforgeError

if TYPE_CHECKING:  # Rich is loaded by whoever draws, not at start
    from rich.console import RenderableType

Shown = Union[str, "RenderableType"]


class ExitCode(IntEnum):
    """What the shell is told."""

    DONE = 0
    UNMET = 1
    USAGE = 2
    UNAVAILABLE = 3
    INTERNAL = 4
    INTERRUPTED = 130


STATUS = {
    ExitCode.DONE: "ok",
    ExitCode.UNMET: "unmet",
    ExitCode.USAGE: "usage",
    ExitCode.UNAVAILABLE: "unavailable",
    ExitCode.INTERNAL: "internal",
    ExitCode.INTERRUPTED: "interrupted",
}
"""The envelope's `status`, by exit code."""

MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.UNMET: "it ran, and the result is below what was asked",
    ExitCode.USAGE: "usage: options, paths or configuration that cannot be meant",
    ExitCode.UNAVAILABLE: "the environment or an engine lacks something",
    ExitCode.INTERNAL: "a bug in qeforge; the message names the full log",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C, SIGTERM)",
}
"""For the help text and the manual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One line about what went wrong, and what to do next."""

    slug: str
    message: str
    hint: str = ""

    @classmethod
    def of(cls, error: QeforgeError) -> "Problem":
        """From an exception that was meant for people."""
        return cls(slug=error.slug, message=error.message, hint=error.hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command hands to the boundary, which alone writes and exits.

    Args:
        code: for the shell.
        data: the envelope's `data`.
        problems: the envelope's `errors`; on stderr otherwise.
        result: for stdout: the thing that was asked for. Text is written as it is.
        summary: for stderr, unless `--quiet`.
    """

    code: ExitCode = ExitCode.DONE
    data: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    result: Shown = ""
    summary: tuple[Shown, ...] = ()
