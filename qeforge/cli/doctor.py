"""`qeforge doctor`: what works here."""

from pathlib import Path

import typer

from qeforge.cli import options
from qeforge.cli.outcome import ExitCode, Outcome, Problem
from qeforge.cli.session import begin, configure
from qeforge.domain.report import CheckState


def doctor(
    ctx: typer.Context,
    start: options.Start = None,
    python: options.Python = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Show what works here: interpreters, sandbox, optional parts.

    Exits 3 when something is broken that generate needs.

    \b
    Example:
      qeforge doctor
    """
    begin(ctx)
    config = configure(ctx, start or Path.cwd())
    from qeforge import wiring  # everything heavy hangs on it
    from qeforge.report.data import checks_data
    from qeforge.report.table import checks_table

    checks = wiring.doctor(config)
    broken = tuple(
        Problem(slug="broken", message=f"{check.name}: {check.detail}", hint=check.hint)
        for check in checks
        if check.state is CheckState.BROKEN
    )
    return Outcome(
        code=ExitCode.UNAVAILABLE if broken else ExitCode.DONE,
        data=checks_data(checks),
        problems=broken,
        result=checks_table(checks),
    )
