"""What memory brings: `qeforge generate` with what an earlier run left behind, and without.

Four parts (`--parts`):

edited    a project is worked on once; then every second function of it is edited (`rig/editing.py` says how), and it
          is worked on again, from no suites, with memory and without, with more and more work allowed. Compared is
          what each needs to the quality that a run without memory reaches at the end: executions, and seconds.
transfer  some modules of a project are worked on; then each of the others, with what was learned and with nothing.
          Compared is the coverage of lines and branches after a short time.
cost      CPU time for each target that looking things up takes, with so many patterns in the store.
quality   a project is worked on again and again, each time edited in another way, but for some modules; after each pass
          those are worked on with a copy of the memory (`rig/pattern_quality.py`). What is looked at is the share of
          the patterns found for them that were worth their run.

Work is counted unless `--wall` is given. In `edited` all mutants are tried whatever the work (`rig/all_mutants.py`), so
that quality means the same in every run. With `--wall` the clock bounds everything, and the machine must be idle.
"""

import math
import os
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from figures import Figures, keep, parser, percentile, verdict
from rig.editing import edited
from rig.memory_runs import UNHURRIED, Point, Setting, brought, modules_of
from rig.paired import interval, sign_test
from rig.pattern_quality import curve, quality_figures
from rig.tables import markdown

PARTS = ("edited", "transfer", "cost", "quality")
_NEAR = 0.002
"""Quality that counts as equal: less than a test in a hundred mutants."""


# -- edited ---------------------------------------------------------------------------------------------------------


def after_edits(setting: Setting, project: Path, *, work: Sequence[float], seeds: Sequence[int]) -> list[Point]:
    """Every module of a project after every amount of work, with memory and without."""
    found: list[Point] = []
    files = modules_of(project)
    for seed in seeds:
        data = Path(tempfile.mkdtemp(dir=setting.place))
        setting.run(project, data, files=files, work=max(work), seed=seed, memory=True)
        copy = Path(shutil.copytree(project, Path(tempfile.mkdtemp(dir=setting.place)) / project.name))
        # the edits have to be where memory knows the project, so that they are made in place and taken back
        try:
            for file in files:
                file.write_text(edited(file.read_text(encoding="utf-8"), first=seed)[0], encoding="utf-8")
            for amount in work:
                for memory in (True, False):
                    other = setting.copied(data)
                    found += setting.points(project, other, files=files, work=amount, seed=seed, memory=memory)
        finally:
            for file in files:
                shutil.copyfile(copy / file.relative_to(project), file)
    return found


def needed(points: Sequence[Point], wanted: float, measure: str) -> float | None:
    """How much a module took to that quality, between two amounts of work in proportion; None where it never came
    there."""
    before: tuple[float, float] = (0.0, 0.0)
    for point in sorted(points, key=lambda one: one.work):
        spent = float(getattr(point, measure))
        if point.quality >= wanted - _NEAR:
            quality, least = before
            rise = point.quality - quality
            share = 1.0 if rise <= 0 or least == 0 else min(1.0, (wanted - quality) / rise)
            return least + max(0.0, share) * (spent - least) if least else spent
        before = (point.quality, spent)
    return None


def edited_figures(points: Sequence[Point]) -> tuple[Figures, str]:
    """The ratio of what was needed, with memory to without, over modules and seeds."""
    rows: list[tuple[str, ...]] = []
    ratios: dict[str, list[float]] = {"executions": [], "seconds": []}
    missed = 0
    for module, seed in sorted({(one.module, one.seed) for one in points}):
        mine = [one for one in points if (one.module, one.seed) == (module, seed)]
        arms = {memory: [one for one in mine if one.memory is memory] for memory in (True, False)}
        if not all(arms.values()):
            continue
        goal = max(one.quality for one in arms[False])
        cells = []
        for measure, found in ratios.items():
            spent = {memory: needed(arm, goal, measure) for memory, arm in arms.items()}
            cells += [_number(spent[True]), _number(spent[False])]
            on, off = spent[True], spent[False]
            if on is not None and off:
                found.append(on / off)
            elif measure == "executions":
                missed += on is None
        rows.append((module, str(seed), f"{goal:.3f}", *cells))
    head = ("module", "seed", "quality", "executions, on", "off", "seconds, on", "off")
    figures: Figures = {"pairs": len(rows), "never_reached_with_memory": missed}
    told = [markdown(head, rows), ""]
    for measure, found in ratios.items():
        if found:
            mean, low, high = (math.exp(one) for one in interval([math.log(max(one, 1e-9)) for one in found]))
            figures[measure] = {"ratio": mean, "low": low, "high": high, "pairs": len(found)}
            figures[measure]["p"] = sign_test([math.log(max(one, 1e-9)) for one in found])
            told.append(
                f"{measure} to equal quality, on / off: {mean:.2f} (95% {low:.2f} to {high:.2f}, {len(found)} pairs, "
                f"sign test p = {figures[measure]['p']:.3g}); {verdict(mean, 0.8, at_most=True)}"
            )
    if missed:
        told.append(f"with memory, {missed} of {len(rows)} never came to that quality; they are not in the ratio")
    return figures, "\n".join(told)


# -- transfer -------------------------------------------------------------------------------------------------------


def transferred(
    setting: Setting, project: Path, *, before: int, after: int, work: float, learning: float, seeds: Sequence[int]
) -> list[Point]:
    """Modules that memory has not seen, after others of the project that it has."""
    found: list[Point] = []
    setting = replace(setting, counted=UNHURRIED)
    for seed in seeds:
        files = modules_of(project)
        random.Random(seed).shuffle(files)
        data = Path(tempfile.mkdtemp(dir=setting.place))
        setting.run(project, data, files=files[:before], work=learning, seed=seed, memory=True)
        for file in files[before : before + after]:
            for memory in (True, False):
                other = setting.copied(data)
                found += setting.points(project, other, files=[file], work=work, seed=seed, memory=memory)
    return found


def transfer_figures(points: Sequence[Point]) -> tuple[Figures, str]:
    """The difference of coverage, with memory to without, over modules and seeds."""
    by_pair: dict[tuple[str, int], dict[bool, Point]] = {}
    for one in points:
        by_pair.setdefault((one.module, one.seed), {})[one.memory] = one
    pairs = {key: arms for key, arms in sorted(by_pair.items()) if len(arms) == 2}
    rows = [
        (module, str(seed), f"{arms[True].coverage:.3f}", f"{arms[False].coverage:.3f}")
        for (module, seed), arms in pairs.items()
    ]
    told = [markdown(("module", "seed", "coverage, on", "off"), rows), ""]
    if not pairs:
        return {"pairs": 0}, "\n".join((*told, "no module got a suite in both arms"))
    differences = [arms[True].coverage - arms[False].coverage for arms in pairs.values()]
    mean, low, high = interval(differences)
    p = sign_test(differences)
    told.append(
        f"coverage, on - off: {mean:+.4f} (95% {low:+.4f} to {high:+.4f}, {len(pairs)} pairs, "
        f"{sum(one > 0 for one in differences)} up, {sum(one < 0 for one in differences)} down, sign test p = {p:.3g})"
    )
    return {"pairs": len(pairs), "difference": mean, "low": low, "high": high, "p": p}, "\n".join(told)


# -- cost -----------------------------------------------------------------------------------------------------------


def lookups(setting: Setting, project: Path, *, patterns: int) -> tuple[Figures, str]:
    """CPU milliseconds for each target of a project, in a store with so many patterns of other targets."""
    from qeforge.analysis.discovery import discover
    from qeforge.config import Config
    from qeforge.domain.pattern import Pattern, PatternKind, Place
    from qeforge.memory.bank import shape_of
    from qeforge.memory.recall import recall
    from qeforge.wiring.memory import patterns_in

    data = Path(tempfile.mkdtemp(dir=setting.place))
    memory = patterns_in({"QEFORGE_DATA_DIR": str(data)}, Config())
    modules = discover(modules_of(project)).modules
    targets = [(module, target) for module in modules for target in module.targets]
    root = str(project)
    for number in range(math.ceil(patterns / 8)):
        module, target = targets[number % len(targets)]
        name = f"{module.name}:{target.qualname}_{number}"
        shape = shape_of(module, target).replace(target.name, f"{target.name}_{number}")
        made = [
            Pattern(
                kind=PatternKind.CALL,
                shape=shape,
                act=f"{target.name}_{number}({value})",
                roles=tuple(one.name for one in target.parameters),
                project=root,
                module=module.name,
                target=name,
            )
            for value in range(8)
        ]
        memory.keep(Place(project=root, target=name, path="", digest=""), made, at=0.0)
    memory.save()
    began = time.process_time()
    fresh = patterns_in({"QEFORGE_DATA_DIR": str(data)}, Config())
    fresh.near("anything", 1, project=root)
    opening = time.process_time() - began
    spent = []
    for module, target in targets * 3:
        began = time.process_time()
        recall(fresh, module, project=root, everywhere=False, targets={target.id})
        spent.append((time.process_time() - began) * 1000)
    p50, p95 = percentile(spent, 0.5), percentile(spent, 0.95)
    told = (
        f"looking up a target among {patterns} patterns: {p50:.1f} ms at p50, {p95:.1f} ms at p95 ({len(spent)} "
        f"lookups); {verdict(p95, 10, at_most=True)}\nopening the index: {opening * 1000:.0f} ms, once a run"
    )
    return {"patterns": patterns, "p50_ms": p50, "p95_ms": p95, "opening_ms": opening * 1000}, told


# -- the command ----------------------------------------------------------------------------------------------------


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.split(",")]


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Runs the parts that were asked for, prints what came of them, and returns it."""
    made = parser(__doc__)
    made.add_argument("--parts", default=",".join(PARTS), help="edited, transfer, cost, quality")
    made.add_argument("--projects", default="textkit,ledger,fetcher", help="sample projects and installed packages")
    made.add_argument("--seeds", default="0,1,2")
    made.add_argument("--work", default="0.25,0.5,1,2,4,8", help="seconds allowed, for `edited`")
    made.add_argument("--short", type=float, default=5.0, help="seconds allowed for a new module, for `transfer`")
    made.add_argument("--learning", type=float, default=10.0, help="seconds for each module before that")
    made.add_argument("--before", type=int, default=10, help="modules before that")
    made.add_argument("--after", type=int, default=20, help="new modules")
    made.add_argument("--tasks", type=int, default=1_000, help="targets to work on, for `quality`")
    made.add_argument("--probes", type=int, default=4, help="modules of the frozen set, for `quality`")
    made.add_argument("--pass-work", type=float, default=0.5, help="seconds for each module, for `quality`")
    made.add_argument("--patterns", type=int, default=10_000, help="in the store, for `cost`")
    made.add_argument("--python", help="the interpreter that has the packages")
    made.add_argument("--wall", action="store_true", help="let the clock bound the work")
    given = made.parse_args(arguments)
    parts, seeds = given.parts.split(","), [int(word) for word in given.seeds.split(",")]
    figures: Figures = {"parts": parts, "seeds": seeds, "wall": given.wall}
    with tempfile.TemporaryDirectory(prefix="qeforge-memory-") as folder:
        place = Path(os.path.realpath(folder))
        setting = Setting(place=place, wall=given.wall, python=given.python)
        projects = [brought(name, place / "projects", given.python) for name in given.projects.split(",")]
        if "edited" in parts:
            points = [p for one in projects for p in after_edits(setting, one, work=_numbers(given.work), seeds=seeds)]
            found, told = edited_figures(points)
            figures["edited"] = {**found, "points": [asdict(one) for one in points]}
            print(f"## Edited\n\n{told}\n")
        if "transfer" in parts:
            more = {"before": given.before, "after": given.after}
            points = [
                p
                for one in projects
                for p in transferred(setting, one, work=given.short, learning=given.learning, seeds=seeds, **more)
            ]
            found, told = transfer_figures(points)
            figures["transfer"] = {**found, "points": [asdict(one) for one in points]}
            print(f"## Transfer\n\n{told}\n")
        if "cost" in parts:
            found, told = lookups(setting, projects[0], patterns=given.patterns)
            figures["cost"] = found
            print(f"## Cost\n\n{told}\n")
        if "quality" in parts:
            much = {"tasks": given.tasks, "probes": given.probes, "work": given.pass_work}
            probes = [p for one in projects for seed in seeds for p in curve(setting, one, seed=seed, **much)]
            found, told = quality_figures(probes)
            figures["quality"] = found
            print(f"## Quality\n\n{told}\n")
    keep(figures, given.out)
    return figures


if __name__ == "__main__":
    main()
