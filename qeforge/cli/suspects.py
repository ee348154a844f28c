"""`qeforge suspects`: what somebody states about the code, and the code does not do."""

import os
from pathlib import Path
from typing import Annotated

import typer

from qeforge.cli import options
from qeforge.cli.outcome import Outcome
from qeforge.cli.session import begin


def suspects(
    ctx: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]", help="A file or folder; the project of the current folder.", show_default=False
        ),
    ] = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """List claims about the code that did not hold when it was run.

    Docstring examples, documented exceptions and what models expect are checked, never believed. Listed is what the
    last run of each module found, as long as neither the code nor its docstring has changed since. Nothing is run.

    \b
    Examples:
      qeforge suspects
      qeforge suspects --json src/shop/cart.py
    """
    begin(ctx)
    from qeforge import wiring
    from qeforge.report.data import suspects_data
    from qeforge.report.table import suspects_table
    from qeforge.report.text import count

    rows = wiring.list_suspects(os.environ, path)
    modules = len({row.path for row in rows})
    told = f"{count(len(rows), 'suspect')} in {count(modules, 'module')}" if rows else "no suspects"
    return Outcome(data=suspects_data(rows), result=suspects_table(rows, Path.cwd()) if rows else "", summary=(told,))
