"""What is remembered, for people and for `--json`."""

import datetime
from collections.abc import Sequence

from rich.table import Table

from qeforge.domain.pattern import Pattern
from qeforge.domain.remembered import Forgotten, Groups, Imported, MemoryStats, PatternRow, Use
from qeforge.report.data import Data
from qeforge.report.table import plain_table
from qeforge.report.text import count, one_line

_SHORT = 10
_WIDTH = 60


def patterns_table(rows: Sequence[PatternRow]) -> Table:
    """One pattern a row; how like it is, where it was looked for."""
    searched = any(row.similarity is not None for row in rows)
    heads = ("id", "kind", "for", "quality", "uses", "recipe", *(("like",) if searched else ()))
    return plain_table(heads, [_cells(row, searched) for row in rows], numbers=(3, 4, *((6,) if searched else ())))


def patterns_data(rows: Sequence[PatternRow]) -> Data:
    """The same, whole."""
    return {"patterns": [pattern_data(row) for row in rows]}


def pattern_data(row: PatternRow) -> Data:
    """One pattern."""
    one = row.pattern
    return {
        "id": one.id,
        "kind": one.kind.value,
        "project": row.project,
        "folder": one.project,
        "module": one.module,
        "target": one.target,
        "shape": one.shape,
        "imports": list(one.imports),
        "fixtures": list(one.fixtures),
        "arrange": list(one.arrange),
        "act": one.act,
        "roles": list(one.roles),
        "uses": round(one.uses, 3),
        "wins": round(one.wins, 3),
        "gain": round(one.gain, 3),
        "quality": round(one.quality, 4),
        "at": _time(one.at),
        "similarity": None if row.similarity is None else round(row.similarity, 4),
    }


def pattern_text(row: PatternRow, uses: Sequence[Use]) -> str:
    """One pattern as a person reads it: where it is from, the recipe, what became of it."""
    one = row.pattern
    about = (
        f"{one.kind} {one.id}",
        f"from {row.project}, {one.target}, {_time(one.at)}",
        f"quality {one.quality:.2f}: {one.uses:.1f} uses, {one.wins:.1f} wins, {one.gain:.1f} goals a use",
        f"fits {one.shape}",
    )
    fixtures = (f"# fixtures: {', '.join(one.fixtures)}",) if one.fixtures else ()
    history = [
        f"{_time(use.at)}  {use.target}: {count(use.goals, 'goal')} first, {'kept' if use.kept else 'not kept'}"
        for use in uses
    ]
    return "\n".join((*about, "", *one.imports, *fixtures, *one.arrange, one.act, *([""] if history else []), *history))


def uses_data(uses: Sequence[Use]) -> list[Data]:
    """What became of a pattern."""
    return [{"at": _time(use.at), "target": use.target, "goals": use.goals, "kept": use.kept} for use in uses]


def stats_table(stats: MemoryStats) -> Table:
    """One project a row."""
    heads = ("project", "folder", "last run (UTC)", "targets", "patterns", "offered", "won")
    rows = [
        (
            *(one_line(one.name), one_line(one.root), _time(one.at)),
            *(str(one.targets), str(one.patterns), str(one.tried), _share(one.won, one.tried)),
        )
        for one in stats.projects
    ]
    return plain_table(heads, rows, numbers=range(3, 7))


def stats_lines(stats: MemoryStats) -> tuple[str, ...]:
    """What a person should know beside the table."""
    kinds = ", ".join(count(number, f"{kind} pattern") for kind, number in stats.kinds.items()) or "no patterns"
    index = "" if stats.indexed is None else f", {count(stats.indexed, 'shape')} in the index"
    return (f"{kinds}{index}", f"{stats.path}: {stats.size:,} bytes, tables {stats.version}")


def stats_data(stats: MemoryStats) -> Data:
    """All of it."""
    return {
        "path": str(stats.path),
        "bytes": stats.size,
        "version": stats.version,
        "projects": [
            {
                **{"name": one.name, "folder": one.root, "at": _time(one.at)},
                **{"targets": one.targets, "patterns": one.patterns, "offered": one.tried, "won": one.won},
            }
            for one in stats.projects
        ],
        "kinds": dict(stats.kinds),
        "vectors": dict(stats.embedders),
        "indexed": stats.indexed,
    }


def groups_table(found: Groups) -> Table:
    """One group a row."""
    rows = [
        (
            *(str(number), str(one.shapes), str(one.patterns), f"{one.quality:.2f}"),
            "\n".join(_cut(one_line(words)) for words in one.typical),
        )
        for number, one in enumerate(found.groups, start=1)
    ]
    return plain_table(("group", "shapes", "patterns", "quality", "typical"), rows, numbers=range(4))


def groups_data(found: Groups) -> Data:
    """The same."""
    groups = [
        {"shapes": one.shapes, "patterns": one.patterns, "quality": round(one.quality, 4), "typical": list(one.typical)}
        for one in found.groups
    ]
    return {"groups": groups, "silhouette": round(found.silhouette, 4)}


def forgotten_lines(done: Forgotten) -> tuple[str, ...]:
    """What was removed, and what was not."""
    what = (
        *(count(done.patterns, "pattern"), count(done.targets, "target"), count(done.suspects, "suspect")),
        count(done.examples, "example"),
        *(count(done.records, "record"), count(done.cached, "cached outcome")),
    )
    lines = [f"forgotten {', '.join(done.roots)}: {', '.join(what)}"]
    if done.calls:
        lines.append(f"{count(done.calls, 'question')} to models stay in the account, without names")
    if done.examples:
        lines.append("adapters that were trained with its examples stay; `qeforge learn off` leaves them unused")
    if done.copies:
        lines.append(f"older copies of the database still have it: {', '.join(map(str, done.copies))}")
    return tuple(lines)


def forgotten_data(done: Forgotten) -> Data:
    """The same."""
    return {
        "folders": list(done.roots),
        **{"patterns": done.patterns, "targets": done.targets, "suspects": done.suspects, "calls": done.calls},
        **{
            "examples": done.examples,
            "records": done.records,
            "cached": done.cached,
            "copies": [str(path) for path in done.copies],
        },
    }


def imported_lines(done: Imported) -> tuple[str, ...]:
    """What was taken, and every line that was not, with the reason."""
    refused = [one_line(f"line {number}: refused: {reason}") for number, reason in done.refused[:20]]
    more = len(done.refused) - len(refused)
    told = f"{count(done.added, 'pattern')} added, {done.known} known already, {len(done.refused)} refused"
    return (*refused, *([f"… and {more} more"] if more else []), told)


def imported_data(done: Imported) -> Data:
    """The same."""
    refused = [{"line": number, "reason": reason} for number, reason in done.refused]
    return {"added": done.added, "known": done.known, "refused": refused}


def _cells(row: PatternRow, searched: bool) -> tuple[str, ...]:
    one = row.pattern
    like = "" if row.similarity is None else f"{row.similarity:.2f}"
    return (
        *(one.id[:_SHORT], one.kind.value, one_line(_whose(row)), f"{one.quality:.2f}", f"{one.uses:.1f}"),
        *(_short(one), *((like,) if searched else ())),
    )


def _whose(row: PatternRow) -> str:
    one = row.pattern
    if one.kind == "value" and one.roles:
        return f"{one.target} {one.roles[0]}"
    if one.kind in ("construction", "fake"):
        return ".".join(reversed(one.shape.split()[1:]))
    return one.target


def _short(pattern: Pattern) -> str:
    return _cut(one_line("; ".join((*pattern.arrange, pattern.act))))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"


def _time(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="seconds")
