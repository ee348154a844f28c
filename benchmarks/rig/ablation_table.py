"""What each capability buys: the same subjects and seeds with and without it."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rig.records import Record
from rig.tables import MINUS, markdown

BASE = "qeforge"
Figure = Callable[[Record], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Percentage points that are lost without a capability: mean over modules, and its standard error over modules.

    `better` and `worse` count modules whose mean over the seeds moves by more than the seeds alone move it.
    """

    mean: float
    error: float
    better: int
    worse: int

    def __str__(self) -> str:
        return f"{self.mean:+.1f} ± {self.error:.1f}"


def quality(record: Record) -> float:
    """In percent, by the judge's own mutants: the same ones on both sides."""
    return 100 * float((record.own or {}).get("quality") or 0.0)


def own_mutation(record: Record) -> float:
    """In percent."""
    return 100 * float((record.own or {}).get("mutation") or 0.0)


def reached(record: Record) -> float:
    """Lines and branches by coverage.py, in percent; by qeforge's own count where nobody else measured."""
    return 100 * (record.measures.reached if record.measures.size else float((record.own or {}).get("reached") or 0.0))


def table(records: Sequence[Record]) -> str:
    """A line for each capability, dearest loss of quality first; empty without a baseline."""
    tools = sorted({one.tool for one in records if one.tool.startswith(f"{BASE} without ")})
    found = []
    for tool in tools:
        differences = [difference(records, tool, figure) for figure in (reached, own_mutation, quality)]
        pairs = _pairs(records, tool)
        if not pairs or any(one is None for one in differences):
            continue
        listed = [one for one in differences if one is not None]
        text = statistics.mean(
            without.measures.lines_of_code / max(1, base.measures.lines_of_code) for base, without in pairs
        )
        wall = statistics.mean(without.usage.wall / max(0.001, base.usage.wall) for base, without in pairs)
        cells = [tool.removeprefix(f"{BASE} without "), str(len({base.module for base, _ in pairs})), *map(str, listed)]
        cells += [f"{listed[-1].worse}/{listed[-1].better}", f"{text:.2f}", f"{wall:.2f}"]
        found.append((listed[-1].mean, cells))
    if not found:
        return ""
    head = ["without", "modules", "line+branch", "mutation", "quality", "modules worse/better", "lines of test code"]
    noise = noises(records)
    said = MINUS if noise is None else f"{noise:.1f}"
    note = f"\n\nStandard deviation of quality over seeds, mean over modules: {said} percentage points."
    return markdown([*head, "wall"], [cells for _, cells in sorted(found)]) + note


def difference(records: Sequence[Record], tool: str, figure: Figure) -> Difference | None:
    """Without the capability minus with it; None if nothing can be compared."""
    pairs = _pairs(records, tool)
    modules = sorted({base.module for base, _ in pairs})
    if not modules:
        return None
    means, better, worse = [], 0, 0
    for module in modules:
        mine = [(figure(base), figure(without)) for base, without in pairs if base.module == module]
        change = statistics.mean(without - base for base, without in mine)
        spread = max((statistics.pstdev(side) for side in zip(*mine, strict=True)), default=0.0)
        means.append(change)
        better += change > max(0.5, spread)
        worse += change < -max(0.5, spread)
    error = statistics.stdev(means) / math.sqrt(len(means)) if len(means) > 1 else 0.0
    return Difference(mean=statistics.mean(means), error=error, better=better, worse=worse)


def noises(records: Sequence[Record]) -> float | None:
    """How much quality differs between seeds, in percentage points; None with one seed."""
    seeds: dict[tuple[str, float], list[float]] = {}
    for one in records:
        if one.tool == BASE:
            seeds.setdefault((one.module, one.budget), []).append(quality(one))
    spreads = [statistics.stdev(values) for values in seeds.values() if len(values) > 1]
    return statistics.mean(spreads) if spreads else None


def _pairs(records: Sequence[Record], tool: str) -> list[tuple[Record, Record]]:
    base = {(one.module, one.budget, one.seed): one for one in records if one.tool == BASE}
    without = [one for one in records if one.tool == tool]
    found = [(base[key], one) for one in without if (key := (one.module, one.budget, one.seed)) in base]
    return sorted(found, key=lambda pair: pair[0].key)
