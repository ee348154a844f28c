"""`qeforge cost`: what models took and brought."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from qeforge.cli import options
from qeforge.cli.outcome import Outcome
from qeforge.cli.session import begin, configure


def cost(
    ctx: typer.Context,
    by: Annotated[
        Literal["day", "model", "project"],
        typer.Option("--by", metavar="WHAT", help="A row for each day, model or project."),
    ] = "day",
    days: Annotated[
        int | None,
        typer.Option("--days", metavar="N", min=1, max=36_500, help="Only the last N days, today included (UTC)."),
    ] = None,
    project: Annotated[
        str | None, typer.Option("--project", metavar="NAME", help="Only what was asked for this project.")
    ] = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Print what models were asked, what that took, and what it brought.

    Calls, tokens, time, price and goals gained; the share that a local model answered; and what the same tokens
    would have cost in the cloud. The figures come from the ledger in the user's data folder; nobody else is asked.

    \b
    Examples:
      qeforge cost
      qeforge cost --by model --days 7
      qeforge cost --project shop --json
    """
    begin(ctx)
    config = configure(ctx, Path.cwd())
    from qeforge import wiring  # everything heavy hangs on it
    from qeforge.report.costs import account_data, account_lines, account_table

    account = wiring.costs(config, by=by, days=days, project=project)
    return Outcome(
        data=account_data(account),
        result=account_table(account) if account.sums else "",
        summary=account_lines(account),
    )
