"""Refinement against a single pass: gain of quality, rounds until nothing is gained, time to equal quality."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from rig.ablation_table import BASE, quality
from rig.records import Record
from rig.tables import MINUS, markdown

SINGLE = "qeforge single pass"
SETTLED = 0.005  # a round that gains less than this in quality is one that gains nothing


def table(records: Sequence[Record]) -> str:
    """A line for each module, means over seeds, and all of them; empty without pairs."""
    singles = {(one.module, one.budget, one.seed): one for one in records if one.tool == SINGLE}
    refined = [one for one in records if one.tool == BASE]
    pairs = [(singles[key], one) for one in refined if (key := (one.module, one.budget, one.seed)) in singles]
    if not pairs:
        return ""
    modules = sorted({single.module for single, _ in pairs})
    rows = [_row(name, [pair for pair in pairs if pair[0].module == name]) for name in modules]
    rows.append(_row("all", pairs))
    head = ["module", "quality, single pass", "quality, refined", "gain %", "rounds", "rounds until settled"]
    return markdown([*head, "s to the single pass's quality", "s of the single pass"], rows)


def _row(name: str, pairs: Sequence[tuple[Record, Record]]) -> list[str]:
    before = statistics.mean(quality(single) for single, _ in pairs)
    after = statistics.mean(quality(refined) for _, refined in pairs)
    equal = [seconds_to(refined.rounds, _best(single)) for single, refined in pairs if single.rounds]
    reached = [seconds for seconds in equal if seconds is not None]
    single_seconds = [sum(one["seconds"] for one in single.rounds) for single, _ in pairs if single.rounds]
    return [
        name,
        f"{before:.1f}",
        f"{after:.1f}",
        f"{100 * (after / before - 1):+.1f}" if before else MINUS,
        f"{statistics.mean(len(refined.rounds) for _, refined in pairs):.1f}",
        f"{statistics.mean(settled(refined.rounds) for _, refined in pairs):.1f}",
        f"{statistics.mean(reached):.1f} ({len(reached)} of {len(pairs)})" if reached else MINUS,
        f"{statistics.mean(single_seconds):.1f}" if single_seconds else MINUS,
    ]


def settled(rounds: Sequence[Mapping[str, Any]]) -> int:
    """The number of the last round that gained anything to speak of; 0 if none did."""
    best, last = 0.0, 0
    for one in rounds:
        if one["quality"] > best + SETTLED:
            best, last = one["quality"], one["number"]
    return last


def seconds_to(rounds: Sequence[Mapping[str, Any]], wanted: float) -> float | None:
    """Seconds of refinement until this quality was reached; None if it never was."""
    seconds = 0.0
    for one in rounds:
        seconds += float(one["seconds"])
        if one["quality"] >= wanted:
            return seconds
    return None


def _best(record: Record) -> float:
    return max((float(one["quality"]) for one in record.rounds), default=0.0)
