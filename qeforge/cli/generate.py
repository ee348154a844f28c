"""`qeforge generate`: write the suites."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from qeforge.cli import options
from qeforge.cli.outcome import Outcome, Shown
from qeforge.cli.session import Session, begin, common_folder, configure
from qeforge.cli.verdict import interruption, verdict
from qeforge.config import Config
from qeforge.domain.provider import Description, Prompt
from qeforge.domain.report import RunReport


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
    force_cloud: Annotated[bool, typer.Option("--force-cloud", help="Of models, only the cloud's is asked.")] = False,
    batch: options.Batch = False,
    max_cost: options.MaxCost = None,
    show_prompts: Annotated[
        bool, typer.Option("--show-prompts", help="Print on stderr exactly what is sent to a model, just before.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask before code of a project is sent to the cloud the first time.")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Add the answers of the local model to FILE.", show_default=False),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Give recorded answers; no model is needed.",
            show_default=False,
        ),
    ] = None,
    python: options.Python = None,
    max_time: options.MaxTime = None,
    iterations: options.Iterations = None,
    seed: options.Seed = None,
    jobs: options.Jobs = None,
    fail_under: options.FailUnder = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; print a diff on stdout.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Do all of it again, and overwrite suites that were edited by hand, too.")
    ] = False,
    update: Annotated[bool, typer.Option("--update", help="Refresh only suites whose targets changed.")] = False,
    cache: options.Cache = None,
    memory_enabled: options.Memory = None,
    ignore_existing: options.IgnoreExisting = None,
    private: options.Private = None,
    why: options.Why = None,
    properties: options.Properties = None,
    suspects_as_tests: Annotated[
        bool,
        typer.Option(
            "--suspects-as-tests",
            help="Write claims that did not hold as failing tests, into test_<module>_suspects.py beside the suite.",
        ),
    ] = False,
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
    files are never changed; a generated suite that was edited by hand is kept unless --force. Where a model is set up,
    it is asked about what the built-in engine left open.

    \b
    Examples:
      qeforge generate src/
      qeforge generate src/shop/cart.py --target shop.cart:Cart.add --dry-run
      qeforge generate --changed=main --fail-under 0.8 src/
      qeforge generate --batch --max-time 60 --yes src/
    """
    session = begin(ctx)
    config = configure(ctx, common_folder(paths))
    from qeforge import wiring  # everything heavy hangs on it

    try:
        with session.progress() as progress:
            report = wiring.generate(
                config,
                paths,
                progress,
                ask=session.terminal.asker(),
                show=shown_by(session) if show_prompts else None,
                tell=session.terminal.say,
            )
    except KeyboardInterrupt as stop:
        so_far = getattr(stop, "report", None)
        if not isinstance(so_far, RunReport):
            raise
        return outcome_of(so_far, config, verbose=verbose, interrupted=True)
    except wiring.Unfinished as cut:
        if cut.report.modules:  # of nothing finished there is nothing to say but why
            session.so_far = outcome_of(cut.report, config, verbose=verbose)
        problem = cut.__cause__ or cut
        raise problem from problem.__cause__  # in which the traceback of a module's own process is kept
    return outcome_of(report, config, verbose=verbose)


def shown_by(session: Session) -> Callable[[Description, Prompt], None]:
    """Prints each prompt as it is sent, under a line that says to whom."""

    def show(whom: Description, prompt: Prompt) -> None:
        session.terminal.show(f"--- to {whom.model} ({whom.place.value}: {whom.detail})\n{prompt.text}\n---")

    return show


def outcome_of(report: RunReport, config: Config, *, verbose: bool, interrupted: bool = False) -> Outcome:
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
    code, problems = interruption(report) if interrupted else verdict(report, config.fail_under)
    return Outcome(
        code=code,
        data=data,
        problems=problems,
        result=diff,
        summary=(*table, *summary_lines(report, base, verbose=verbose)),
    )
