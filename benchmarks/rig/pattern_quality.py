"""How good the patterns are that memory finds for a frozen set of modules, as it gets older.

A project is worked on again and again, each time edited in another way, but for some of its modules: those are the
probe. After each pass the probe is worked on with a copy of the memory, which is thrown away: nothing is ever learned
from it. What became there of the patterns that were retrieved is the point of the curve.
"""

import random
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from figures import verdict

from qeforge.analysis.discovery import discover
from qeforge.memory.store import NAME
from rig.editing import edited
from rig.memory_runs import UNHURRIED, Setting, modules_of
from rig.paired import interval
from rig.tables import markdown

AT_LEAST = 1.05
"""Win rate at the end, to that at the beginning."""
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One point: `tasks` targets were worked on before; `won` and `lost` count outcomes by the kind of pattern, and
    `patterns` is how many were remembered."""

    project: str
    seed: int
    tasks: int
    patterns: int
    won: Mapping[str, int]
    lost: Mapping[str, int]

    def rate(self, kind: str = ALL) -> float:
        """Share of retrieved patterns that were run and worth it; 0 where none was."""
        used = self.used(kind)
        return sum(self.outcomes(kind)) / used if used else 0.0

    def used(self, kind: str = ALL) -> int:
        """How many were run."""
        return len(self.outcomes(kind))

    def outcomes(self, kind: str = ALL) -> list[int]:
        """1 for each that won, 0 for each that lost."""
        kinds = sorted({*self.won, *self.lost}) if kind == ALL else [kind]
        return [one for each in kinds for one in [1] * self.won.get(each, 0) + [0] * self.lost.get(each, 0)]


def curve(setting: Setting, project: Path, *, tasks: int, probes: int, work: float, seed: int) -> list[Probe]:
    """Works on a project until so many targets were worked on, and probes after each pass.

    Args:
        setting: how runs are made.
        project: its folder; what is edited there is put back.
        tasks: targets to work on, each counted once a pass.
        probes: modules of the frozen set.
        work: seconds allowed for each module.
        seed: which modules are the probe; the seed of each run is that of the pass.

    Raises:
        SystemExit: the project has no module beside the probe.
    """
    setting = replace(setting, counted=UNHURRIED)
    files = [file for file in modules_of(project) if _targets([file])]
    random.Random(seed).shuffle(files)
    probe, others = files[:probes], files[probes:]
    if not others:
        raise SystemExit(f"{project.name} has {len(files)} modules, none beside the {probes} of --probes to learn from")
    texts = {file: file.read_text(encoding="utf-8") for file in others}
    data = Path(tempfile.mkdtemp(dir=setting.place))
    found: list[Probe] = []
    done = number = 0
    each = _targets(others)
    try:
        while done < tasks:
            for file, text in texts.items():
                # another edit each time: none at first, then every second function, every third, …
                changed = edited(text, every=number + 1, first=number)[0] if number else text
                file.write_text(changed, encoding="utf-8")
            setting.run(project, data, files=others, work=work, seed=seed * 1_000 + number, memory=True)
            done, number = done + each, number + 1
            copy = setting.copied(data)
            before = _last(copy)
            setting.run(project, copy, files=probe, work=work, seed=seed, memory=True)
            won, lost = _outcomes(copy, after=before)
            point = Probe(project=project.name, seed=seed, tasks=done, patterns=_patterns(data), won=won, lost=lost)
            print(
                f"{point.project}, seed {seed}: {done} tasks, {point.used()} retrieved, {point.rate():.3f}", flush=True
            )
            found.append(point)
    finally:
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8")
    return found


def quality_figures(points: Sequence[Probe]) -> tuple[dict[str, Any], str]:
    """The curve, and how much better the last point is than the first, over all projects and seeds."""
    rows = []
    for one in points:
        kinds = [f"{one.rate(kind):.3f} ({one.used(kind)})" for kind in ("call", "value", "construction", "fake")]
        rate, low, high = interval(one.outcomes()) if one.used() else (0.0, 0.0, 0.0)
        told = f"{rate:.3f} ({low:.3f} to {high:.3f}; {one.used()})"
        rows.append((one.project, str(one.seed), str(one.tasks), str(one.patterns), told, *kinds))
    head = (
        "project",
        "seed",
        "tasks",
        "patterns",
        "win rate (95%; retrieved)",
        "call",
        "value",
        "construction",
        "fake",
    )
    ratios = []
    for run in sorted({(one.project, one.seed) for one in points}):
        mine = sorted((one for one in points if (one.project, one.seed) == run), key=lambda one: one.tasks)
        first = next((one for one in mine if one.used()), None)
        if first is not None and first.rate() and mine[-1] is not first:
            ratios.append(mine[-1].rate() / first.rate())
    lines = [markdown(head, rows), ""]
    figures: dict[str, Any] = {"probes": [asdict(one) for one in points]}
    if ratios:
        mean, low, high = interval(ratios)
        figures |= {"ratio": mean, "low": low, "high": high, "runs": len(ratios)}
        lines.append(
            f"win rate at the end to that after the first pass: ×{mean:.3f} (95% {low:.3f} to {high:.3f}, "
            f"{len(ratios)} runs); {verdict(mean, AT_LEAST, at_most=False)}"
        )
    else:
        lines.append("no run retrieved anything at both ends")
    return figures, "\n".join(lines)


def _targets(files: Sequence[Path]) -> int:
    return sum(len(module.targets) for module in discover(files).modules)


def _rows(data: Path, query: str, *given: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(data / NAME)) as connection:
        return connection.execute(query, given).fetchall()


def _last(data: Path) -> int:
    return int(_rows(data, "select coalesce(max(id), 0) from outcome")[0][0])


def _patterns(data: Path) -> int:
    return int(_rows(data, "select count(*) from pattern")[0][0])


def _outcomes(data: Path, *, after: int) -> tuple[dict[str, int], dict[str, int]]:
    found: tuple[dict[str, int], dict[str, int]] = ({}, {})
    query = (
        "select pattern.kind, outcome.goals > 0 or outcome.kept, count(*) from outcome "
        "join pattern on pattern.id = outcome.pattern where outcome.id > ? group by 1, 2"
    )
    for kind, won, number in _rows(data, query, after):
        found[0 if won else 1][kind] = number
    return found
