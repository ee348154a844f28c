"""`qeforge check`: whether the generated suites are still true."""

from pathlib import Path

import typer

from qeforge.cli import options
from qeforge.cli.outcome import ExitCode, Outcome, Problem
from qeforge.cli.session import begin, common_folder, configure
from qeforge.cli.verdict import verdict
from qeforge.domain.report import Action, RunReport


def check(
    ctx: typer.Context,
    paths: options.Paths,
    out: options.Out = None,
    exclude: options.Exclude = None,
    python: options.Python = None,
    jobs: options.Jobs = None,
    sandbox: options.Sandbox = None,
    memory_mb: options.MemoryMb = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Check the generated suites of the code in PATH, writing nothing.

    Fails when the code changed since a suite was generated, or when a suite does not pass. Meant for pre-commit and CI.

    \b
    Example:
      qeforge check src/
    """
    begin(ctx)
    config = configure(ctx, common_folder(paths))
    from qeforge import wiring  # everything heavy hangs on it
    from qeforge.report.data import run_data
    from qeforge.report.summary import summary_lines
    from qeforge.report.table import check_table

    report = wiring.check(config, paths)
    base = Path.cwd()
    code, problems = check_verdict(report)
    return Outcome(
        code=code,
        data=run_data(report),
        problems=problems,
        result=check_table(report, base) if report.modules else "",
        summary=summary_lines(report, base, verbose=verbose),
    )


def check_verdict(report: RunReport) -> tuple[ExitCode, tuple[Problem, ...]]:
    """Exit 1 with one problem per kind of trouble; otherwise as any run."""
    problems = []
    for action, slug, hint in (
        (Action.STALE, "stale", "run qeforge generate --update"),
        (Action.FAILING, "failing", "run pytest on them to see why"),
    ):
        names = [str(module.suite or module.module) for module in report.modules if module.action is action]
        if names:
            problems.append(Problem(slug=slug, message=f"{slug}: {', '.join(names)}", hint=hint))
    return (ExitCode.UNMET, tuple(problems)) if problems else verdict(report, 0.0)
