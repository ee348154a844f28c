"""Whether a run did what was asked for."""

from qeforge.cli.outcome import ExitCode, Problem
from qeforge.domain.report import Action, RunReport
from qeforge.domain.trajectory import Stop


def verdict(report: RunReport, fail_under: float) -> tuple[ExitCode, tuple[Problem, ...]]:
    """The exit code that a report deserves.

    A run in which some modules had to be skipped is a success, with the reasons in the table; one in which all
    were is not, because nothing that was asked for happened. Where nothing was measured (all is up to date) no
    quality can be below `fail_under`. An engine that was asked for by name and could not be had is an exit of its own,
    with the suites that the others made.
    """
    if any(module.stop is Stop.INTERRUPTED for module in report.modules):
        return interruption(report)
    skipped = [module for module in report.modules if module.action is Action.SKIPPED]
    if skipped and len(skipped) == len(report.modules):
        message = f"nothing could be tested: {skipped[0].module or skipped[0].path}: {skipped[0].reason}"
        more = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
        return ExitCode.UNMET, (Problem(slug="nothing-tested", message=message + more),)
    score = report.score
    if score is not None and score.quality < fail_under:
        message = f"quality {score.quality:.4f} is below {fail_under:g}"
        return ExitCode.UNMET, (Problem(slug="fail-under", message=message),)
    lacking = tuple(Problem(slug=slug, message=text, hint=hint) for slug, text, hint in report.unavailable)
    return (ExitCode.UNAVAILABLE, lacking) if lacking else (ExitCode.DONE, ())


def interruption(report: RunReport) -> tuple[ExitCode, tuple[Problem, ...]]:
    """How a run ends that was told to stop: with what it has written."""
    files = [str(module.suite) for module in report.modules if module.action is Action.WRITTEN]
    written = f"written so far: {', '.join(files)}" if files else "nothing was written"
    return ExitCode.INTERRUPTED, (Problem(slug="interrupted", message=f"interrupted; {written}"),)
