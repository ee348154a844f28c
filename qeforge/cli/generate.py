"""`qeforge generate`: write the suites."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

import qeforge
from qeforge.cli import options
from qeforge.cli.outcome import Outcome, Shown
from qeforge.cli.session import begin, common_folder, configure
from qeforge.cli.verdict import verdict
from qeforge.config import Config
from qeforge.domain.report import RunReport
from qeforge.errors import UnavailableError

NOT_YET = {
    "local": ("the local engine", "qeforge[local]"),
    "cloud": ("the cloud engine", "qeforge[cloud]"),
}


class GenerateCommand(TyperCommand):
    """Gives `--changed` its optional value, which Typer has no word for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Completes a bare `--changed` to `--changed=HEAD` before the options are parsed."""
        return super().parse_args(ctx, complete_changed(args))


def complete_changed(args: list[str]) -> list[str]:
    """Every bare `--changed` as `--changed=REV`: the next word, unless it is an option or a path that exists."""
    done: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*done, word, *rest]
        if word == "--changed":
            names_rev = bool(rest) and not rest[0].startswith("-") and not Path(rest[0]).exists()
            word = f"--changed={rest.pop(0) if names_rev else 'HEAD'}"
        done.append(word)
    return done


def generate(
    ctx: typer.Context,
    paths: options.Paths,
    out: options.Out = None,
    targets: options.Targets = None,
    changed: options.Changed = None,
    exclude: options.Exclude = None,
    engine: options.Engine = None,
    local_only: Annotated[
        bool, typer.Option("--local-only", help="Nothing may leave the machine; contradicts cloud.")
    ] = False,
    force_cloud: Annotated[bool, typer.Option("--force-cloud", help="Only the cloud model may propose.")] = False,
    python: options.Python = None,
    max_time: options.MaxTime = None,
    iterations: options.Iterations = None,
    seed: options.Seed = None,
    jobs: options.Jobs = None,
    fail_under: options.FailUnder = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; print a diff on stdout.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite generated suites that were edited by hand, too.")
    ] = False,
    update: Annotated[bool, typer.Option("--update", help="Refresh only suites whose targets changed.")] = False,
    ignore_existing: options.IgnoreExisting = None,
    private: options.Private = None,
    why: options.Why = None,
    sandbox: options.Sandbox = None,
    memory_mb: options.MemoryMb = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_progress: options.NoProgress = False,
) -> Outcome:
    """Write pytest suites for the code in PATH.

    Everything that is proposed is run in a sandbox on the project's own interpreter, and a test is written only when
    it passes again in fresh processes and reaches or notices something that no other test does. Hand-written test
    files are never changed; a generated suite that was edited by hand is kept unless --force.

    \b
    Examples:
      qeforge generate src/
      qeforge generate src/shop/cart.py --target shop.cart:Cart.add --dry-run
      qeforge generate --changed=main --fail-under 0.8 src/
    """
    session = begin(ctx)
    config = configure(ctx, common_folder(paths))
    require_engine(config)
    from qeforge import wiring  # everything heavy hangs on it

    with session.progress() as progress:
        report = wiring.generate(config, paths, progress)
    return outcome_of(report, config, verbose=verbose)


def require_engine(config: Config) -> None:
    """Refuses an engine that this version does not have.

    Raises:
        UnavailableError: naming what is missing and which extra it will come with.
    """
    wanted = "cloud" if config.force_cloud else config.engine
    if wanted in NOT_YET:
        what, extra = NOT_YET[wanted]
        asked = "--force-cloud" if config.force_cloud else f"engine {wanted!r} ({config.origins['engine']})"
        raise UnavailableError(
            f"{asked}: {what} is not part of qeforge {qeforge.__version__} yet; it will come with the extra {extra}",
            hint="use --engine native (or auto), which needs no model",
            slug="engine-unavailable",
        )


def outcome_of(report: RunReport, config: Config, *, verbose: bool) -> Outcome:
    """How a generate run ends: what to show, and whether it is what was asked for."""
    from qeforge.report.data import run_data
    from qeforge.report.diff import run_diff
    from qeforge.report.summary import summary_lines
    from qeforge.report.table import summary_table

    base = Path.cwd()
    data = run_data(report)
    diff = run_diff(report, base) if config.dry_run else ""
    if config.dry_run:
        data["diff"] = diff
    table: tuple[Shown, ...] = (summary_table(report, base), "\n") if report.modules else ()
    code, problems = verdict(report, config.fail_under)
    return Outcome(
        code=code,
        data=data,
        problems=problems,
        result=diff,
        summary=(*table, *summary_lines(report, base, verbose=verbose)),
    )
