"""The lines that go with a table: quality, what was kept, what was cut short, what looks like a bug."""

from collections.abc import Iterator
from pathlib import Path

from qeforge.domain.report import Action, ModuleReport, RunReport
from qeforge.domain.trajectory import Stop
from qeforge.report.text import count, expectation, one_line, percent, ranges, seconds, shown


def summary_lines(report: RunReport, base: Path, *, verbose: bool = False) -> tuple[str, ...]:
    """What a person has to know after the table, most important last."""
    return tuple(map(one_line, _lines(report, base, verbose)))


def _lines(report: RunReport, base: Path, verbose: bool) -> Iterator[str]:
    if verbose:
        for module in report.modules:
            yield from _details(module)
    for note in report.notes:
        yield f"note: {note}"
    yield from _cut_short(report)
    for module in report.modules:
        for suspect in module.suspects:
            yield (
                f"suspect: {suspect.target}: {suspect.act}: {suspect.claim.source} says {expectation(suspect.claim)}, "
                f"but {suspect.observed}; not frozen into a test"
            )
    yield from _suspects(report, base)
    for module in report.modules:
        if module.action is Action.KEPT:
            name = shown(module.suite, base) or module.module
            yield f"kept: {name}: {module.reason or 'edited by hand; --force overwrites it'}"
    cached = sum(module.cached for module in report.modules)
    if cached:
        yield f"from the cache: {cached} of {count(len(report.modules), 'module')}; --force does all of it again"
    yield _verdict(report)


def _verdict(report: RunReport) -> str:
    score = report.score
    if not report.modules:
        return "nothing to do"
    if score is None:
        return f"{count(len(report.modules), 'module')} in {seconds(report.seconds)}"
    parts = [f"quality {score.quality:.2f}", count(score.tests, "test")]
    if score.mutants:
        killed = f"{score.mutants_killed} of {count(score.mutants, 'mutant')} killed"
        rate = score.mutation_without_equivalent
        aside = f" ({percent(rate)} without {score.equivalent} likely equivalent)" if rate is not None else ""
        parts.append(killed + aside)
    parts += [f"{number} {what}" for number, what in ((score.failing, "failing"), (score.flaky, "flaky")) if number]
    return ", ".join([*parts, seconds(report.seconds)])


def _cut_short(report: RunReport) -> Iterator[str]:
    cut = [module.module for module in report.modules if module.stop is Stop.TIME]
    if cut:
        some = ", ".join(cut[:5]) + (f" and {len(cut) - 5} more" if len(cut) > 5 else "")
        yield f"time cut the search in {some}: another machine may find another suite; --max-time gives it longer"


def _suspects(report: RunReport, base: Path) -> Iterator[str]:
    number = sum(len(module.suspects) for module in report.modules)
    made = [module.suspect_tests for module in report.modules if module.suspect_tests is not None]
    if number:
        them, tests = ("it", "a failing test") if number == 1 else ("them", "failing tests")
        more = "" if made else f"; --suspects-as-tests writes {them} as {tests}"
        yield f"{count(number, 'suspect')}: `qeforge suspects` lists {them} again{more}"
    for one in made:
        yield f"failing tests for suspects: {one.action.value} {shown(one.path, base)}"


def _details(module: ModuleReport) -> Iterator[str]:
    if module.stop is not None:
        yield f"{module.module}: stopped by {module.stop.value} after {count(module.rounds, 'round')}"
    if module.dropped:
        reasons = ", ".join(f"{number} {reason}" for reason, number in module.dropped)
        yield f"{module.module}: not kept: {reasons}"
    if module.open_lines:
        yield f"{module.module}: lines that no test reaches: {ranges(module.open_lines)}"
    for mutant, reason in module.equivalent:
        yield f"{module.module}: likely equivalent: {mutant}: {reason}"
    for survivor in module.survivors:
        yield f"{module.module}: survived: {survivor}"
