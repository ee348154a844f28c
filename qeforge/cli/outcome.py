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
    UNMET = 1  # it ran, and the result is below what was asked
    USAGE = 2  # what was asked cannot be meant
    UNAVAILABLE = 3  # the environment or a provider lacks something
    INTERNAL = 4  # a bug in qeforge
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
