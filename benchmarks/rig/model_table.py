"""qeforge beside a peer that asks the same model: who reaches and notices more, module by module."""

from collections.abc import Callable, Iterable, Sequence

from rig.records import Record, by_tool
from rig.tables import markdown, overall, percent

_Figure = tuple[str, Callable[[Record], float | None], Callable[[Iterable[Record]], float | None]]


def ahead(records: Sequence[Record], peer: str, mine: str) -> str:
    """In how many modules qeforge is ahead, level or behind; empty where the peer did not run.

    Args:
        records: of tools of which those with a model have it as the second word of their name.
        peer: the first word of the name of the one that qeforge is set beside.
        mine: that of qeforge with a model; qeforge without one is set beside the peer, too.
    """
    groups = by_tool(records)
    rows = []
    for (tool, budget), theirs in groups.items():
        name, _, model = tool.partition(" ")
        if name != peer:
            continue
        for ours in ("qeforge", f"{mine} {model}"):
            known = {(one.module, one.seed): one for one in groups.get((ours, budget), ())}
            pairs = [(known[one.module, one.seed], one) for one in theirs if (one.module, one.seed) in known]
            rows += [_row(f"{ours} and {tool}, {budget:g} s", figure, pairs) for figure in _FIGURES if pairs]
    head = ["tools, budget: figure", "qeforge %", f"{peer} %", "modules ahead", "level", "behind"]
    return markdown(head, rows) if rows else ""


def noticed(records: Iterable[Record]) -> float | None:
    """Mutants noticed of all that were tried."""
    listed = [one.measures for one in records if one.measures.mutants]
    tried = sum(one.mutants or 0 for one in listed)
    return sum(one.killed for one in listed) / tried if tried else None


def _row(what: str, figure: _Figure, pairs: Sequence[tuple[Record, Record]]) -> list[str]:
    name, each, total = figure
    values = [(each(ours), each(theirs)) for ours, theirs in pairs]
    known = [(ours, theirs) for ours, theirs in values if ours is not None and theirs is not None]
    counts = [
        sum(ours > theirs for ours, theirs in known),
        sum(ours == theirs for ours, theirs in known),
        sum(ours < theirs for ours, theirs in known),
    ]
    totals = [total(ours for ours, _ in pairs), total(theirs for _, theirs in pairs)]
    return [f"{what}: {name}", *map(percent, totals), *map(str, counts)]


_FIGURES: tuple[_Figure, ...] = (
    ("line+branch", lambda one: one.measures.reached, overall),
    ("mutation", lambda one: one.measures.mutation, noticed),
)
