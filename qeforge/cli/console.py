"""Owns stdout and stderr: the result to the one, everything else to the other."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import qeforge
from qeforge.cli.outcome import STATUS, Outcome, Problem, Shown
from qeforge.report.text import one_line

if TYPE_CHECKING:  # Rich is loaded by whoever draws, not at start
    from rich.console import Console

UNLIMITED = 10_000
"""Width, in columns, where no terminal wraps or cuts: a log or a pipe gets whole lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """How to talk to whoever started the command."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    progress: bool = True

    def shows_progress(self, environ: Mapping[str, str]) -> bool:
        """Whether a live display makes sense: somebody is looking, and asked for it."""
        in_ci = environ.get("CI", "").lower() not in ("", "0", "false")
        looking = sys.stderr is not None and sys.stderr.isatty() and environ.get("TERM") != "dumb"
        return self.progress and looking and not (self.json or self.quiet or in_ci)

    def say(self, line: Shown) -> None:
        """Something for people, on stderr; nothing under `--quiet` and `--json`."""
        if not (self.quiet or self.json):
            _put(sys.stderr, line)

    def show(self, text: str) -> None:
        """Something that was asked for by an option of its own, on stderr, whatever else is quiet."""
        _put(sys.stderr, text)

    def asker(self) -> Callable[[str], bool] | None:
        """Puts a question to whoever sits at the terminal; None where nobody does. Anything but yes is no."""
        if self.json or sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None

        def ask(question: str) -> bool:
            sys.stderr.write(f"{question} [y/N] ")
            sys.stderr.flush()
            return sys.stdin.readline().strip().lower() in ("y", "yes")

        return ask

    def finish(self, outcome: Outcome, command: str) -> None:
        """Writes all that a command ended with. A reader who has gone away is no error."""
        try:
            if self.json:
                _put(sys.stdout, envelope(outcome, command) + "\n")
            else:
                _put(sys.stdout, outcome.result)
                for item in outcome.summary:
                    self.say(item)
                for problem in outcome.problems:
                    _put(sys.stderr, complaint(problem))
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            silence_stdout()


def envelope(outcome: Outcome, command: str) -> str:
    """The one JSON object of `--json`, the same for success and failure. ASCII, so that any encoding carries it."""
    return json.dumps(
        {
            "version": qeforge.__version__,
            "command": command,
            "status": STATUS[outcome.code],
            "exit_code": int(outcome.code),
            "data": dict(outcome.data),
            "errors": [{"slug": p.slug, "message": p.message, "hint": p.hint} for p in outcome.problems],
        },
        indent=2,
    )


def complaint(problem: Problem) -> str:
    """A problem and what to do about it, on one line."""
    return one_line(f"qeforge: {problem.message}" + (f"; {problem.hint}" if problem.hint else "")) + "\n"


def silence_stdout() -> None:
    """Sends what is still buffered nowhere, so that the interpreter does not complain at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):  # no real stdout: nothing will complain either
        pass


def _put(stream: TextIO | None, item: Shown) -> None:
    if stream is None or item == "":
        return
    if isinstance(item, str):
        stream.write(item if item.endswith("\n") else item + "\n")
        return
    console = rich_console(stream)
    if stream.isatty():
        console.print(item)
        return
    with console.capture() as captured:
        console.print(item)
    stream.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def rich_console(stream: TextIO) -> "Console":
    """A console that takes every text as it is, and obeys `NO_COLOR`."""
    from rich.console import Console  # 50 ms that most failures and `--help` need not pay

    width = None if stream.isatty() else UNLIMITED
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
