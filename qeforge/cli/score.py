"""`qeforge score`: how good a suite is."""

from pathlib import Path
from typing import Annotated

import typer

from qeforge.cli import options
from qeforge.cli.outcome import Outcome
from qeforge.cli.session import begin, common_folder, configure
from qeforge.cli.verdict import verdict
from qeforge.errors import UsageError


def score(
    ctx: typer.Context,
    paths: options.Paths,
    tests: Annotated[
        Path | None,
        typer.Option(
            "--tests", metavar="DIR", help="Folder or file with the tests. [default: the project's test folder]"
        ),
    ] = None,
    exclude: options.Exclude = None,
    python: options.Python = None,
    max_time: options.MaxTime = None,
    seed: options.Seed = None,
    jobs: options.Jobs = None,
    fail_under: options.FailUnder = None,
    sandbox: options.Sandbox = None,
    memory_mb: options.MemoryMb = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Score the tests of the code in PATH, hand-written ones too.

    Line and branch coverage, mutation score, failing and flaky tests, and the quality made of them: 0.15 line +
    0.35 branch + 0.50 mutation, scaled by the share of tests that neither fail, waver nor repeat another.

    \b
    Examples:
      qeforge score src/
      qeforge score src/shop --tests tests/unit --fail-under 0.7
    """
    begin(ctx)
    config = configure(ctx, common_folder(paths))
    if tests is not None and not tests.exists():
        raise UsageError(f"--tests: no such file or folder: {tests}")
    from qeforge import wiring  # everything heavy hangs on it
    from qeforge.report.data import run_data
    from qeforge.report.summary import summary_lines
    from qeforge.report.table import score_table

    report = wiring.score(config, paths, tests)
    base = Path.cwd()
    code, problems = verdict(report, config.fail_under)
    return Outcome(
        code=code,
        data=run_data(report),
        problems=problems,
        result=score_table(report, base) if report.modules else "",
        summary=summary_lines(report, base, verbose=verbose),
    )
