"""Draws charts as SVG files; run by an interpreter that has matplotlib, with the charts as JSON on standard input.

python plot.py FOLDER < charts.json
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

COLOURS = ("#1f4e79", "#c55a11", "#548235", "#7f6000", "#7030a0", "#a6a6a6")


def main(folder: Path) -> None:
    """Draws all of them; the same data gives the same bytes."""
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "qeforge", "svg.fonttype": "none", "font.size": 9})
    plots = importlib.import_module("matplotlib.pyplot")
    for chart in json.load(sys.stdin):
        labels = len(chart.get("labels", ()))
        height = max(3.2, 1.1 + 0.11 * labels * len(chart["series"]) + 0.12 * labels)
        figure, axes = plots.subplots(figsize=(8, height), layout="constrained")
        (bars if chart["kind"] == "bars" else lines)(axes, chart)
        axes.set_title(chart["title"], loc="left")
        if len(chart["series"]) > 1:
            figure.legend(frameon=False, loc="outside lower left", ncols=4)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        figure.savefig(folder / chart["file"], metadata={"Date": None, "Creator": None})
        plots.close(figure)


def lines(axes: Any, chart: dict[str, Any]) -> None:
    """Points with a line through them."""
    for number, (name, points) in enumerate(chart["series"].items()):
        xs, ys = zip(*points, strict=True)
        axes.plot(xs, ys, marker="o", label=name, color=COLOURS[number % len(COLOURS)])
    axes.set_xlabel(chart["x"])
    axes.grid(axis="y", alpha=0.3)
    if chart.get("log_x"):
        axes.set_xscale("log")
        ticks = sorted({point[0] for points in chart["series"].values() for point in points})
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()


def bars(axes: Any, chart: dict[str, Any]) -> None:
    """Horizontal bars, a group for each label; what is unknown has no bar."""
    count = len(chart["series"])
    for number, (name, values) in enumerate(chart["series"].items()):
        places = [place + 0.8 * number / count for place in range(len(values))]
        axes.barh(
            places,
            [value or 0.0 for value in values],
            height=0.8 / count,
            xerr=chart.get("errors"),
            label=name,
            color=COLOURS[number % len(COLOURS)],
        )
    axes.set_yticks([place + 0.4 * (count - 1) / count for place in range(len(chart["labels"]))], chart["labels"])
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    if chart.get("log_y"):
        axes.set_xscale("log")
        axes.set_xlim(left=0.5)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
