"""Where targets would go, before a run: table, lines and data."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from qeforge.domain.routing import Decision, Engine, RoutePlan
from qeforge.report.costs import usd
from qeforge.report.data import Data
from qeforge.report.table import plain_table
from qeforge.report.text import count, one_line, seconds


def route_table(plan: RoutePlan) -> Table:
    """One target a row."""
    heads = ("target", "route", "confidence", "open", "time", "cost", "why")
    return plain_table(heads, [_cells(row.decision, row.features.open_goals) for row in plan.rows], numbers=range(2, 6))


def route_lines(plan: RoutePlan) -> tuple[str, ...]:
    """Who would be asked, and what that would take at most."""
    return tuple(map(one_line, _lines(plan)))


def route_data(plan: RoutePlan, base: Path) -> Data:
    """The plan for `--json`, with the features that each decision was made on."""
    return {
        "targets": [
            {
                "id": row.features.target,
                "path": str(base / row.path),
                "engine": row.decision.engine.value,
                "reason": row.decision.reason,
                "confidence": round(row.decision.confidence, 4),
                "seconds": row.decision.seconds,
                "usd": row.decision.usd,
                "features": asdict(row.features),
            }
            for row in plan.rows
        ],
        "models": {engine.value: name for engine, name in plan.models.items()},
        "missing": list(plan.missing),
        "measured": plan.measured,
        "notes": list(plan.notes),
    }


def _cells(decision: Decision, goals: int) -> tuple[str, ...]:
    asked = decision.engine is not Engine.NATIVE
    took = (seconds(decision.seconds), usd(decision.usd)) if asked else ("–", "–")
    return (decision.target, decision.engine.value, f"{decision.confidence:.2f}", str(goals), *took, decision.reason)


def _lines(plan: RoutePlan) -> Iterator[str]:
    for engine, name in plan.models.items():
        yield f"{engine}: {name}"
    yield from plan.missing
    yield from (f"note: {note}" for note in plan.notes)
    if not plan.measured:
        yield "note: no test was run, so every goal counts as open; --run-tests counts what existing tests leave open"
    yield "the native engine is always first and free; a model is asked only about what it leaves open"
    yield _most(plan)


def _most(plan: RoutePlan) -> str:
    asked = [row.decision for row in plan.rows if row.decision.engine is not Engine.NATIVE]
    if not asked:
        return f"{count(len(plan.rows), 'target')}; no model would be asked"
    parts = []
    for engine in (Engine.LOCAL, Engine.CLOUD):
        number = sum(one.engine is engine for one in asked)
        if number:
            parts.append(f"{number} {engine}")
    money = sum(one.usd or 0.0 for one in asked)
    unknown = any(one.usd is None for one in asked)
    price = f"{usd(money)} and what has no known price" if unknown else usd(money)
    took = seconds(sum(one.seconds for one in asked))
    return f"{count(len(plan.rows), 'target')}; one question each: at most {', '.join(parts)}, {took}, {price}"
