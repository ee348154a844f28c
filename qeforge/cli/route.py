"""`qeforge route`: who would be asked about what."""

from pathlib import Path
from typing import Annotated

import typer

from qeforge.cli import options
from qeforge.cli.changed import ChangedCommand
from qeforge.cli.outcome import Outcome
from qeforge.cli.session import begin, common_folder, configure

app = typer.Typer(rich_markup_mode=None, help="Show who would be asked about which target.")


@app.callback()
def route() -> None:
    """Show who would be asked about which target."""


@app.command("explain", cls=ChangedCommand)
def explain(
    ctx: typer.Context,
    paths: options.Paths,
    targets: options.Targets = None,
    changed: options.Changed = None,
    exclude: options.Exclude = None,
    engine: options.Engine = None,
    local_only: Annotated[
        bool, typer.Option("--local-only", help="Nothing may leave the machine; contradicts cloud.")
    ] = False,
    force_cloud: Annotated[bool, typer.Option("--force-cloud", help="Only the cloud model may propose.")] = False,
    batch: options.Batch = False,
    python: options.Python = None,
    max_time: options.MaxTime = None,
    max_cost: options.MaxCost = None,
    run_tests: Annotated[
        bool, typer.Option("--run-tests", help="Run existing tests first, and count only what they leave open.")
    ] = False,
    private: options.Private = None,
    sandbox: options.Sandbox = None,
    memory_mb: options.MemoryMb = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Print where each target in PATH would go, why, and what that would take.

    No model is asked and, without --run-tests, nothing is run: the native engine comes first and may leave less open.

    \b
    Examples:
      qeforge route explain src/
      qeforge route explain --run-tests --json src/shop/cart.py
    """
    begin(ctx)
    config = configure(ctx, common_folder(paths))
    from qeforge import wiring  # everything heavy hangs on it
    from qeforge.report.routes import route_data, route_lines, route_table

    plan = wiring.plan_routes(config, paths, run_tests=run_tests)
    return Outcome(
        data=route_data(plan, Path.cwd()),
        result=route_table(plan) if plan.rows else "",
        summary=route_lines(plan),
    )
