"""What a running command and the boundary around it share."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from qeforge.cli.console import Terminal
from qeforge.cli.outcome import Outcome
from qeforge.config import RUN_ONLY, SETTINGS, Config, load_config
from qeforge.errors import UsageError

if TYPE_CHECKING:  # Rich is loaded by whoever draws, not at start
    from qeforge.cli.progress import Recorder


class Session:
    """One run of one command.

    `terminal` is a guess from the raw arguments until the command has begun, so that even a usage error is an
    envelope under `--json`. `so_far` is what a run that fails has done all the same.
    """

    def __init__(self, args: Sequence[str]) -> None:
        options = args[: args.index("--")] if "--" in args else args
        self.terminal = Terminal(json="--json" in options)
        self.begun = False
        self.recorder: Recorder | None = None
        self.so_far: Outcome | None = None

    @contextmanager
    def progress(self) -> Iterator["Recorder"]:
        """The display for long work; what it heard stays known when the work is interrupted."""
        from qeforge.cli.progress import LiveProgress, Recorder  # Rich

        live = self.terminal.shows_progress(os.environ)
        self.recorder = LiveProgress(self.terminal) if live else Recorder(self.terminal)
        with self.recorder as recorder:
            yield recorder


def session_of(ctx: typer.Context) -> Session:
    """The session that the boundary gave to this command."""
    session = ctx.find_root().obj
    assert isinstance(session, Session)
    return session


def begin(ctx: typer.Context) -> Session:
    """The session of this command, told how to talk. Every command calls it first. From then on nothing leaves this
    machine but what is permitted later."""
    from qeforge.providers import guard  # `--help` needs none

    guard.install(guard.NATIVE)
    session = session_of(ctx)
    given = ctx.params
    session.begun = True
    session.terminal = Terminal(
        json=given["json_output"],
        quiet=given["quiet"],
        verbose=given["verbose"],
        progress=not given.get("no_progress", False),
    )
    if given["quiet"] and given["verbose"]:
        raise UsageError("--quiet contradicts --verbose", hint="drop one of them", slug="contradiction")
    return session


def configure(ctx: typer.Context, start: Path) -> Config:
    """The settings in force, with the flags of this command over everything else.

    Says so when code under test will run without the sandbox, whoever decided that.
    """
    settings = {name: value for name, value in ctx.params.items() if name in SETTINGS and value not in (None, [], ())}
    run_only = {name: value for name, value in ctx.params.items() if name in RUN_ONLY and value}
    paths = ctx.params.get("paths") or [start]
    config = load_config({**settings, **run_only}, start=start, environ=os.environ, paths=paths)
    if config.local_only:
        from qeforge.providers import guard

        guard.install(guard.NOTHING_LEAVES)
    if "sandbox" in ctx.params and not config.sandbox:
        who = config.origins["sandbox"]
        session_of(ctx).terminal.say(f"warning: no sandbox ({who}): code under test can do whatever you can")
    return config


def common_folder(paths: Sequence[Path]) -> Path:
    """Where to look for the configuration of work on all of `paths`."""
    if not paths:
        return Path.cwd()
    return Path(os.path.commonpath([os.path.abspath(path) for path in paths]))  # noqa: PTH100 - links stay
