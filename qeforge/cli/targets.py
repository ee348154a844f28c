"""`qeforge targets`: what would be tested."""

from pathlib import Path

import typer

from qeforge.cli import options
from qeforge.cli.outcome import Outcome
from qeforge.cli.session import begin, common_folder, configure


def targets(
    ctx: typer.Context,
    paths: options.Paths,
    targets: options.Targets = None,
    changed: options.Changed = None,
    exclude: options.Exclude = None,
    python: options.Python = None,
    ignore_existing: options.IgnoreExisting = None,
    private: options.Private = None,
    sandbox: options.Sandbox = None,
    memory_mb: options.MemoryMb = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """List what would be tested in PATH, and why the rest would not.

    For each function and method: its kind, its cyclomatic complexity, and how much of it existing tests cover.

    \b
    Examples:
      qeforge targets src/
      qeforge targets --changed=main --json src/
    """
    begin(ctx)
    config = configure(ctx, common_folder(paths))
    from qeforge import wiring  # everything heavy hangs on it
    from qeforge.report.data import targets_data
    from qeforge.report.table import targets_table
    from qeforge.report.text import count, one_line, shown

    rows, skipped = wiring.list_targets(config, paths)
    base = Path.cwd()
    modules = len({row.target.module for row in rows})
    summary = [f"skipped {shown(one.path, base)}: {one_line(one.reason)}" for one in skipped]
    summary.append(f"{count(len(rows), 'target')} in {count(modules, 'module')}")
    return Outcome(data=targets_data(rows, skipped), result=targets_table(rows) if rows else "", summary=tuple(summary))
