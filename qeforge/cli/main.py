"""The `qeforge` program: commands, and the one boundary that turns what happens into messages and exit codes."""

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

import qeforge
from qeforge.cli import check, config, cost, doctor, generate, learn, memory, models, route, score, suspects, targets
from qeforge.cli.changed import ChangedCommand
from qeforge.cli.console import silence_stdout
from qeforge.cli.interrupts import interruptible
from qeforge.cli.outcome import MEANINGS, ExitCode, Outcome, Problem
from qeforge.cli.session import Session
from qeforge.config import SETTINGS
from qeforge.errors import QeforgeError

PROGRAM = "qeforge"
COMPLETE_VARIABLE = "_QEFORGE_COMPLETE"
EPILOG = "\n".join(
    (
        "\b\nExit codes:",
        *(f"  {int(code):<4} {meaning}" for code, meaning in MEANINGS.items()),
        "\n\b\nSettings come from options, then QEFORGE_* variables, then [tool.qeforge]\nin pyproject.toml.",
    )
)

app = typer.Typer(
    name=PROGRAM,
    rich_markup_mode=None,  # plain help: quick, and the same everywhere
    epilog=EPILOG,
    pretty_exceptions_enable=False,
)
app.command("generate", cls=ChangedCommand)(generate.generate)
app.command("targets", cls=ChangedCommand)(targets.targets)
app.command("score")(score.score)
app.command("check")(check.check)
app.command("suspects")(suspects.suspects)
app.add_typer(route.app, name="route")
app.command("cost")(cost.cost)
app.add_typer(models.app, name="models")
app.add_typer(learn.app, name="learn")
app.add_typer(memory.app, name="memory")
app.add_typer(config.app, name="config")
app.command("doctor")(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {qeforge.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Write pytest suites for real Python code, and score the ones there are.

    Nothing that is proposed is trusted: every test was run before it is written.

    \b
    Start with:
      qeforge generate src/
    """


def run(args: Sequence[str] | None = None) -> int:
    """Runs the program; the exit code. `args` default to the command line's. Raises KeyboardInterrupt, before any work
    has begun."""
    args = list(sys.argv[1:] if args is None else args) or ["--help"]
    command: Any = typer.main.get_command(app)
    if COMPLETE_VARIABLE in os.environ:
        command.main(args=args, prog_name=PROGRAM)  # answers the shell and exits
    session = Session(args)
    outcome = _run(command, args, session)
    if session.so_far is not None and outcome.problems:
        done = session.so_far
        outcome = replace(outcome, data=done.data, result=done.result, summary=done.summary)
    try:
        session.terminal.finish(outcome, command_name(command, args))
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    return int(outcome.code)


def command_name(command: Any, args: Sequence[str]) -> str:
    """The command that the arguments name (`config set`), as far as they do; empty for none."""
    names: list[str] = []
    for word in args:
        if word.startswith("-"):
            continue
        command = command.commands.get(word)
        if command is None:
            break
        names.append(word)
        if not isinstance(command, TyperGroup):
            break
    return " ".join(names)


def _run(command: Any, args: list[str], session: Session) -> Outcome:
    try:
        with interruptible(), command.make_context(PROGRAM, args, obj=session) as ctx:
            ended = command.invoke(ctx)
        return ended if isinstance(ended, Outcome) else Outcome()
    except typer.Exit as done:  # --help, --version
        return Outcome(code=ExitCode(done.exit_code))
    except TyperException as error:
        return Outcome(code=ExitCode.USAGE, problems=(_misuse(error),))
    except QeforgeError as error:
        return Outcome(code=ExitCode(error.exit_code), problems=(Problem.of(error),))
    except KeyboardInterrupt:
        return _interrupted(session)
    except Exception as error:
        if isinstance(error, BrokenPipeError) and not session.begun:  # `qeforge --help | head -1`
            silence_stdout()
            return Outcome()
        return Outcome(code=ExitCode.INTERNAL, problems=(_crashed(error, args, session),))


def _misuse(error: TyperException) -> Problem:
    ctx = getattr(error, "ctx", None)
    hint = f"see {ctx.command_path} --help" if ctx is not None else ""
    message = " ".join(error.format_message().split())
    return _of_a_setting(error) or Problem(slug="usage", message=message, hint=hint)


def _of_a_setting(error: TyperException) -> Problem | None:
    """A wrong value told in the words that the same value gets in a file or a variable; None for anything else."""
    setting = SETTINGS.get(getattr(getattr(error, "param", None), "name", None) or "")
    cause = error.__cause__
    if setting is None or not isinstance(cause, ValueError):
        return None
    told: list[dict[str, object]] = getattr(cause, "errors", list)()
    if not told or "input" not in told[0]:
        return None
    given = told[0]["input"]
    return Problem(
        slug="usage", message=f"{setting.option}: expected {setting.expected}, got {given!r}", hint=setting.meaning
    )


def _interrupted(session: Session) -> Outcome:
    finished = session.recorder.finished if session.recorder else []
    done = ", ".join(f"{module} ({note})" if note else module for module, note in finished)
    return Outcome(
        code=ExitCode.INTERRUPTED,
        data={"finished": [{"module": module, "note": note} for module, note in finished]},
        problems=(Problem(slug="interrupted", message=f"interrupted; finished before: {done or 'nothing'}"),),
    )


def _crashed(error: Exception, args: list[str], session: Session) -> Problem:
    from qeforge.cli.crash import write_log  # only ever once

    log = write_log(error, args, os.environ)
    if session.terminal.verbose or log is None:
        session.terminal.say("".join(traceback.format_exception(error)))
    where = f"the full log is in {log}" if log else "no log could be written"
    kind = type(error).__name__
    return Problem(
        slug="internal",
        message=f"unexpected {kind}, a bug in qeforge; {where}",
        hint="please report it with that log",
    )
