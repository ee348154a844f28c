"""What the plots show, as plain data: `plot.py` draws it in an environment that has matplotlib."""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rig.ablation_table import difference, quality
from rig.records import Record, by_tool
from rig.subjects import Subject
from rig.tables import median, overall

Chart = dict[str, Any]
Drawer = Callable[[Sequence[Chart], Path], None]
PLOT = Path(__file__).with_name("plot.py")


def comparison(records: Sequence[Record], subjects: Mapping[str, Subject]) -> list[Chart]:
    """Coverage over time, and coverage, mutation and wall time side by side; charts without data are left out."""
    return [
        *_over_time(records),
        *_bars(records, "coverage", "Lines and branches reached, in percent", lambda one: 100 * one.measures.reached),
        *_bars(records, "mutation", "Sampled mutants noticed, in percent", _mutation),
        *_bars(records, "wall", "Wall time in seconds", lambda one: one.usage.wall, log=True),
        *_packages(records, subjects),
    ]


def ablation(records: Sequence[Record]) -> list[Chart]:
    """What is lost without each capability."""
    tools = sorted({one.tool for one in records if " without " in one.tool})
    found = [(tool, difference(records, tool, quality)) for tool in tools]
    known = sorted((one.mean, tool.partition(" without ")[2], one.error) for tool, one in found if one is not None)
    if not known:
        return []
    bars = {"quality": [mean for mean, _, _ in known]}
    return [
        {
            "file": "ablation.svg",
            "kind": "bars",
            "title": "Quality without each capability, in percentage points",
            "labels": [name for _, name, _ in known],
            "series": bars,
            "errors": [error for _, _, error in known],
        }
    ]


def refinement(records: Sequence[Record]) -> list[Chart]:
    """Quality round by round; a module that has ended keeps its last value."""
    refined = [one for one in records if one.tool == "qeforge" and one.rounds]
    if not refined:
        return []
    longest = max(len(one.rounds) for one in refined)
    means = [
        sum(100 * one.rounds[min(number, len(one.rounds) - 1)]["quality"] for one in refined) / len(refined)
        for number in range(longest)
    ]
    return [
        {
            "file": "refinement.svg",
            "kind": "lines",
            "title": "Quality by round of refinement, mean over modules",
            "x": "round",
            "series": {"qeforge": [[number + 1, mean] for number, mean in enumerate(means)]},
        }
    ]


def drawn(python: Path, charts: Sequence[Chart], folder: Path) -> None:
    """Draws every chart as SVG into the folder.

    Raises:
        RuntimeError: the drawing failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [str(python), str(PLOT), str(folder)],
        input=json.dumps(list(charts)),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"the plots could not be drawn: {done.stderr.strip()[-500:]}")


def _over_time(records: Sequence[Record]) -> list[Chart]:
    series: dict[str, list[list[float]]] = {}
    for tool in dict.fromkeys(tool for tool, _ in by_tool(records)):
        mine = [one for one in records if one.tool == tool]
        budgets = sorted({one.budget for one in mine})
        common = set.intersection(*({one.module for one in mine if one.budget == budget} for budget in budgets))
        points = [
            [budget, 100 * (overall(one for one in mine if one.budget == budget and one.module in common) or 0.0)]
            for budget in budgets
        ]
        if len(points) > 1 and common:
            series[f"{tool}, {len(common)} modules"] = points
    if not series:
        return []
    title = "Lines and branches reached by budget, in percent"
    return [
        {"file": "over-time.svg", "kind": "lines", "title": title, "x": "budget in s", "log_x": True, "series": series}
    ]


def _bars(
    records: Sequence[Record], name: str, title: str, figure: Callable[[Record], float | None], *, log: bool = False
) -> list[Chart]:
    """Modules that at least two tools were run on, at each tool's largest budget."""
    largest: dict[tuple[str, str], Record] = {}
    for one in sorted(records, key=lambda record: record.budget):
        largest[one.module, one.tool] = one
    modules = sorted({module for module, _ in largest})
    shared = [module for module in modules if sum(other == module for other, _ in largest) > 1]
    tools = sorted({tool for module, tool in largest if module in shared}, key=lambda tool: (tool != "qeforge", tool))
    if not shared:
        return []
    series = {
        tool: [figure(largest[module, tool]) if (module, tool) in largest else None for module in shared]
        for tool in tools
    }
    if all(value is None for values in series.values() for value in values):
        return []
    return [{"file": f"{name}.svg", "kind": "bars", "title": title, "labels": shared, "series": series, "log_y": log}]


def _packages(records: Sequence[Record], subjects: Mapping[str, Subject]) -> list[Chart]:
    mine: dict[str, Record] = {}
    for one in sorted(records, key=lambda record: record.budget):
        if one.tool == "qeforge" and one.module in subjects and subjects[one.module].published is not None:
            mine[one.module] = one
    packages = sorted({subjects[module].package for module in mine})
    if not packages:
        return []
    series: dict[str, list[float | None]] = {"qeforge": []}
    names = {"coverup_gpt4o": "CoverUp GPT-4o", "codamosa_codex": "CodaMosa Codex"}
    for package in packages:
        members = [module for module in mine if subjects[module].package == package]
        reached = overall(mine[module] for module in members)
        series["qeforge"].append(None if reached is None else 100 * reached)
        for key, name in names.items():
            figures = [figure for module in members if (figure := subjects[module].published) is not None]
            weight = sum(figure.size for figure in figures)
            mean = sum(getattr(figure, key) * figure.size for figure in figures) / weight
            series.setdefault(name, []).append(mean)
    title = "CM modules by package: lines and branches reached, in percent"
    return [{"file": "packages.svg", "kind": "bars", "title": title, "labels": packages, "series": series}]


def _mutation(record: Record) -> float | None:
    value = median([record.measures.mutation])
    return None if value is None else 100 * value
