"""The figures that the project set itself, beside what was reached, and why where it was not."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rig.ablation_table import BASE, quality
from rig.records import Record
from rig.refinement_table import SINGLE
from rig.subjects import Subject
from rig.tables import MINUS, markdown, median, overall, percent

PEER = "pynguin"
NAMED = 4
"""Modules that a cause names at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What the other scripts measured.

    Args:
        compared: records of `compare.py`.
        refined: records of `refinement.py`.
        whole: figures of `whole_repo.py`; None if it did not run.
        subjects: with the figures that others published.
        budget: seconds a module that count unless another budget is named.
        long: seconds of the longer run, and of the peer's search.
    """

    compared: Sequence[Record]
    refined: Sequence[Record]
    whole: Mapping[str, Any] | None
    subjects: Mapping[str, Subject]
    budget: float = 10.0
    long: float = 60.0

    def public(self, budget: float) -> list[Record]:
        """qeforge's records on the modules that others published figures about."""
        known = {name for name, subject in self.subjects.items() if subject.published is not None}
        mine = [one for one in self.compared if one.tool == BASE and one.budget == budget and one.module in known]
        first = min((one.seed for one in mine), default=0)
        return [one for one in mine if one.seed == first]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. `met` is None where it was not measured."""

    measure: str
    target: str
    reached: str = "not measured"
    met: bool | None = None
    cause: str = ""

    @property
    def verdict(self) -> str:
        """In a word."""
        return MINUS if self.met is None else "reached" if self.met else "missed"


def table(results: Results) -> str:
    """Every figure, with its target and the cause of each miss."""
    rows = [[one.measure, one.target, one.reached, one.verdict, one.cause] for one in figures(results)]
    head = ["measure", "target", "reached", "verdict", "cause of the miss"]
    lines = markdown(head, rows).splitlines()
    return "\n".join([lines[0], f"|{'---|' * len(head)}", *lines[2:]])


def figures(results: Results) -> list[Figure]:
    """All of them, in the order of the plan."""
    short, long = results.public(results.budget), results.public(results.long)
    return [
        _coverage(short, results, results.budget, least=80.0),
        *_packages(short, results.subjects),
        _coverage(long, results, results.long, least=84.0, strictly=True),
        _mutation(short),
        *_wall(results),
        *_refinement([one for one in results.refined if one.budget == results.budget] or results.refined),
        *_defects(results),
        *_whole(results.whole),
    ]


def _coverage(
    records: Sequence[Record], results: Results, budget: float, *, least: float, strictly: bool = False
) -> Figure:
    named = f"CM public modules, overall line+branch, {budget:g} s"
    target = f"{'>' if strictly else '≥'} {least:g} %"
    reached = overall(records)
    if reached is None:
        return Figure(measure=named, target=target)
    wanted = sum(one.published is not None for one in results.subjects.values())
    if len(records) < wanted:
        return Figure(
            measure=named, target=target, reached=f"{percent(reached)} % of {len(records)} of {wanted} modules"
        )
    met = 100 * reached > least if strictly else 100 * reached >= least
    text = f"{percent(reached)} % of {wanted} modules"
    return Figure(measure=named, target=target, reached=text, met=met, cause="" if met else missing(records))


def _packages(records: Sequence[Record], subjects: Mapping[str, Subject]) -> list[Figure]:
    found = []
    for package in sorted({subjects[one.module].package for one in records}):
        mine = [one for one in records if subjects[one.module].package == package]
        known = [figure for one in mine if (figure := subjects[one.module].published) is not None]
        theirs = sum(one.codamosa_codex * one.size for one in known) / sum(one.size for one in known)
        reached = 100 * (overall(mine) or 0.0)
        met = round(reached, 1) > round(theirs, 1)
        found.append(
            Figure(
                measure=f"{package}, {len(mine)} module{'s' if len(mine) > 1 else ''}",
                target=f"> {theirs:.1f} % (CodaMosa)",
                reached=f"{reached:.1f} %",
                met=met,
                cause="" if met else missing(mine),
            )
        )
    return found


def _mutation(records: Sequence[Record]) -> Figure:
    scores = {one.module: one.measures.mutation for one in records}
    middle = median(scores.values())
    named = "mutation score, median over those modules"
    if middle is None:
        return Figure(measure=named, target="≥ 80 %")
    tried = sorted((score, name) for name, score in scores.items() if score is not None)
    low = [f"{name} {percent(score)}" for score, name in tried[:NAMED]]
    below = sum(score < 0.8 for score, _ in tried)
    sizes = {one.measures.mutants_asked for one in records}
    return Figure(
        measure=named,
        target="≥ 80 %",
        reached=f"{percent(middle)} % of {len(tried)} modules, {'–'.join(map(str, sorted(sizes)))} mutants each",
        met=middle >= 0.8,
        cause="" if middle >= 0.8 else f"{below} modules below 80: {', '.join(low)}, …",
    )


def _wall(results: Results) -> list[Figure]:
    theirs = {one.module: one.usage.wall for one in results.compared if one.tool == PEER and one.budget == results.long}
    mine = {one.module: one.usage.wall for one in results.compared if one.tool == BASE and one.budget == results.budget}
    both = sorted(theirs.keys() & mine.keys())
    named = f"wall time at {results.budget:g} s, ratio to {PEER}'s at {results.long:g} s of search"
    if not both:
        return [Figure(measure=named, target="≤ 0.1")]
    ratios = {name: mine[name] / theirs[name] for name in both}
    middle = median(ratios.values()) or 0.0
    took = "; ".join(f"{name} {mine[name]:.0f} s to {theirs[name]:.0f} s" for name in both)
    quick = [name for name in both if ratios[name] > 0.1]
    return [
        Figure(
            measure=named,
            target="≤ 0.1",
            reached=f"median {middle:.2f}, largest {max(ratios.values()):.2f} of {len(both)}: {took}",
            met=middle <= 0.1,
            cause="" if middle <= 0.1 else f"{PEER} took less than ten times as long on {_some(quick)}",
        )
    ]


def _refinement(records: Sequence[Record]) -> list[Figure]:
    singles = {(one.module, one.budget, one.seed): one for one in records if one.tool == SINGLE}
    pairs = [
        (singles[key], one)
        for one in records
        if one.tool == BASE and (key := (one.module, one.budget, one.seed)) in singles
    ]
    gain = Figure(measure="refinement against a single pass, quality score", target="≥ +15 %")
    count = Figure(measure="rounds of refinement, median", target="3 to 7")
    if not pairs:
        return [gain, count]
    before, after = (sum(quality(one) for one in side) / len(pairs) for side in zip(*pairs, strict=True))
    more = 100 * (after / before - 1) if before else 0.0
    rounds = sorted(len(refined.rounds) for _, refined in pairs)
    middle = median(rounds) or 0
    room = 100 * (100 / before - 1) if before else 0.0
    few = f"a single pass has {before:.1f} % already: at most {room:+.0f} % could be gained"
    return [
        Figure(
            measure=gain.measure,
            target=gain.target,
            reached=f"{more:+.1f} % ({before:.1f} to {after:.1f}) over {len(pairs)} pairs",
            met=more >= 15,
            cause="" if more >= 15 else few,
        ),
        Figure(
            measure=count.measure,
            target=count.target,
            reached=f"{middle:g} ({rounds[0]} to {rounds[-1]})",
            met=3 <= middle <= 7,
            cause="" if 3 <= middle <= 7 else f"ended by {_counts(_stops(one for _, one in pairs))}",
        ),
    ]


def _stops(records: Iterable[Record]) -> Counter[str]:
    return Counter(str((one.own or {}).get("stop")) for one in records)


def _defects(results: Results) -> list[Figure]:
    mine = [one for one in results.compared if one.tool == BASE]
    kinds: dict[str, Callable[[Record], int]] = {
        "failing": lambda one: one.measures.failed,
        "flaky": lambda one: one.measures.flaky,
        "xfail": lambda one: one.measures.xfail,
        "assertion-less": lambda one: one.measures.without_assertion,
    }
    named = f"{', '.join(kinds)} tests written"
    if not mine:
        return [Figure(measure=named, target="0")]
    counts = {name: sum(map(count, mine)) for name, count in kinds.items()}
    tests = sum(one.measures.tests for one in mine)
    guilty = sorted(
        {f"{one.module} at {one.budget:g} s" for one in mine if any(count(one) for count in kinds.values())}
    )
    return [
        Figure(
            measure=named,
            target="0",
            reached=f"{', '.join(map(str, counts.values()))} of {tests} tests in {len(mine)} suites",
            met=not any(counts.values()),
            cause=_some(guilty),
        )
    ]


def _whole(whole: Mapping[str, Any] | None) -> list[Figure]:
    named = ("each module has a suite or a stated reason", "hangs, processes and files left", "failing, flaky tests")
    if whole is None:
        return [Figure(measure=f"whole-repo run: {one}", target="all" if one is named[0] else "0") for one in named]
    modules = whole["modules"]
    suites = sum(one["tests"] > 0 for one in modules)
    neither = [one["module"] for one in modules if not one["tests"] and not one["reason"]]
    usage = whole["usage"]
    left = [usage["left_over"], len(whole["left_in_tmp"]) + len(whole["changed_in_package"])]
    bad = [len(whole["failing"]), len(whole["flaky"])]
    at = f"{whole['package']}, {len(modules)} modules"
    memory = f"{usage['wall']:.0f} s, {usage['memory_mb']:.0f} MiB at most for {whole['jobs']} jobs"
    lost = whole["errors"] or ([] if modules else ["the run said nothing"])
    return [
        Figure(
            measure=f"whole-repo run over {at}: {named[0]}",
            target="all",
            reached=f"{suites} suites, {len(modules) - suites - len(neither)} reasons, {len(neither)} neither",
            met=bool(modules) and not neither and not lost,
            cause=_some([*lost, *neither]),
        ),
        Figure(
            measure=f"whole-repo run: {named[1]}",
            target="0",
            reached=f"{int(usage['timed_out'])}, {left[0]}, {left[1]} ({memory})",
            met=not usage["timed_out"] and not any(left),
            cause=_some([*whole["left_in_tmp"], *whole["changed_in_package"]]),
        ),
        Figure(
            measure=f"whole-repo run: {named[2]}",
            target="0",
            reached=f"{bad[0]}, {bad[1]} of {whole['tests']}",
            met=not any(bad) and whole["tests"] > 0,
            cause=_some([*whole["failing"], *whole["flaky"]]),
        ),
    ]


def missing(records: Sequence[Record]) -> str:
    """Why lines were missed, by cause, and where the most of them are."""
    counts: Counter[str] = Counter()
    for one in records:
        counts.update(one.measures.causes)
    total = sum(counts.values())
    if not total:
        return "branches only"
    shares = ", ".join(f"{cause} {100 * count / total:.0f} %" for cause, count in counts.most_common())
    largest = sorted(((sum(one.measures.causes.values()), one.module) for one in records), reverse=True)[:NAMED]
    where = ", ".join(f"{name} {count}" for count, name in largest if count)
    return f"{total} lines: {shares}; most in {where}"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.most_common())


def _some(names: Sequence[str]) -> str:
    return "; ".join(names[:NAMED]) + ("; …" if len(names) > NAMED else "")
