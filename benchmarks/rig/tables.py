"""Records as tables in Markdown."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rig.causes import Cause
from rig.records import Record, by_tool
from rig.subjects import Published, Subject

MINUS = "–"


def percent(value: float | None) -> str:
    """Such as 93.1, or a dash."""
    return MINUS if value is None else f"{100 * value:.1f}"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column is text, the others are figures."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def overall(records: Iterable[Record]) -> float | None:
    """Lines and branches reached of all there are: large modules count for more."""
    listed = list(records)
    size = sum(one.measures.size for one in listed)
    return sum(one.measures.covered for one in listed) / size if size else None


def median(values: Iterable[float | None]) -> float | None:
    """Of those that are there."""
    listed = [value for value in values if value is not None]
    return statistics.median(listed) if listed else None


def summary(records: Sequence[Record]) -> str:
    """Each tool at each budget, over all of its modules."""
    head = ["tool, budget", "modules", "line+branch %", "median %", "mutation % (median)", "tests", "passing %"]
    with_tokens = any(one.tokens for one in records)
    head += [
        "flaky",
        "xfail",
        "assertions a function",
        "functions without",
        "wall s (median)",
        "CPU s",
        "memory MiB",
        "left over",
        *(["tokens"] if with_tokens else []),
    ]
    rows = []
    for (tool, budget), group in by_tool(records).items():
        measures = [one.measures for one in group]
        tests = sum(one.tests for one in measures)
        functions = sum(one.functions for one in measures)
        wall, cpu, memory = (
            statistics.median(values)
            for values in (
                [one.usage.wall for one in group],
                [one.usage.cpu for one in group],
                [one.usage.memory_mb for one in group],
            )
        )
        rows.append(
            [
                f"{tool}, {budget:g} s",
                str(len({one.module for one in group})),
                percent(overall(group)),
                percent(median(one.reached for one in measures)),
                percent(median(one.mutation for one in measures)),
                str(tests),
                percent(sum(one.passed for one in measures) / tests if tests else None),
                str(sum(one.flaky for one in measures)),
                str(sum(one.xfail for one in measures)),
                f"{sum(one.assertions for one in measures) / functions:.1f}" if functions else MINUS,
                str(sum(one.without_assertion for one in measures)),
                f"{wall:.1f}",
                f"{cpu:.1f}",
                f"{memory:.0f}",
                str(sum(one.usage.left_over for one in group)),
                *([f"{sum(one.tokens for one in group):,}"] if with_tokens else []),
            ]
        )
    return markdown(head, rows)


def side_by_side(records: Sequence[Record]) -> str:
    """Modules that more than one tool was run on, a line for each tool; empty if there is none."""
    tools: dict[str, set[str]] = {}
    for one in records:
        tools.setdefault(one.module, set()).add(one.tool)
    rows = []
    for one in sorted(records, key=lambda r: (r.module, not r.tool.startswith("qeforge"), r.tool, r.budget, r.seed)):
        if len(tools[one.module]) < 2:
            continue
        measures = one.measures
        rows.append(
            [
                f"{one.module}: {one.tool}, {one.budget:g} s",
                str(measures.tests),
                str(measures.failed),
                str(measures.flaky),
                str(measures.xfail),
                percent(measures.line),
                percent(measures.branch),
                percent(measures.mutation),
                f"{one.usage.wall:.1f}",
                f"{one.usage.cpu:.1f}",
                f"{one.usage.memory_mb:.0f}",
            ]
        )
    head = ["module: tool, budget", "tests", "failing", "flaky", "xfail", "line %", "branch %", "mutation %", "wall s"]
    return markdown([*head, "CPU s", "memory MiB"], rows) if rows else ""


def wall_ratio(records: Sequence[Record], peer: str = "pynguin") -> str:
    """Wall time of qeforge as a share of a peer's, on the modules that both were run on; empty without any."""
    theirs: dict[str, float] = {}
    for one in sorted(records, key=lambda record: record.budget):
        if one.tool == peer:
            theirs[one.module] = one.usage.wall
    lines = []
    for (tool, budget), group in by_tool(records).items():
        ratios = [one.usage.wall / theirs[one.module] for one in group if theirs.get(one.module)]
        if tool == "qeforge" and ratios:
            lines.append(
                f"Wall time of {tool} at {budget:g} s, as a ratio to {peer}'s on {len(ratios)} modules: "
                f"median {statistics.median(ratios):.2f}, largest {max(ratios):.2f}."
            )
    return "\n".join(lines)


def causes(records: Sequence[Record]) -> str:
    """Why lines were missed, in percent of the missing lines."""
    rows = []
    for (tool, budget), group in by_tool(records).items():
        counts: Counter[str] = Counter()
        for one in group:
            counts.update(one.measures.causes)
        total = sum(counts.values())
        shares = [percent(counts[cause] / total) if total else MINUS for cause in Cause]
        rows.append([f"{tool}, {budget:g} s", str(total), *shares])
    return markdown(["tool, budget", "missing lines", *(f"{cause} %" for cause in Cause)], rows)


def published(records: Sequence[Record], subjects: Mapping[str, Subject]) -> str:
    """qeforge's records on modules that others published figures about: by package, and all of them; empty if none."""
    parts = []
    for (tool, budget), group in by_tool(records).items():
        figures = [(one, subjects[one.module].published) for one in group if one.module in subjects]
        known = [(one, figure) for one, figure in figures if figure is not None]
        if not tool.startswith("qeforge") or not known:
            continue
        packages: dict[str, list[tuple[Record, Published]]] = {}
        for one, figure in known:
            packages.setdefault(one.module.partition(".")[0], []).append((one, figure))
        rows = [_published_row(name, pairs) for name, pairs in sorted(packages.items())]
        rows.append(_published_row("all", known))
        medians = [
            percent(median(one.measures.reached for one, _ in known)),
            *(
                percent(median(getattr(figure, key) / 100 for _, figure in known))
                for key in ("coverup_gpt4o", "codamosa_codex", "codamosa_gpt4o")
            ),
        ]
        rows.append(["median module", str(len(known)), *medians])
        head = [f"{tool}, {budget:g} s", "modules", "qeforge", "CoverUp GPT-4o", "CodaMosa Codex", "CodaMosa GPT-4o"]
        parts.append(markdown(head, rows))
    return "\n\n".join(parts)


def _published_row(name: str, pairs: Sequence[tuple[Record, Published]]) -> list[str]:
    weight = sum(figure.size for _, figure in pairs)
    theirs = [
        percent(sum(getattr(figure, key) / 100 * figure.size for _, figure in pairs) / weight)
        for key in ("coverup_gpt4o", "codamosa_codex", "codamosa_gpt4o")
    ]
    return [name, str(len(pairs)), percent(overall(one for one, _ in pairs)), *theirs]


def failures(records: Sequence[Record]) -> str:
    """What each tool has no suite for, or said about its run."""
    lines = [
        f"- {one.module}: {one.tool} at {one.budget:g} s: {one.note}"
        for one in records
        if one.note and not one.measures.tests
    ]
    return "\n".join(lines)
