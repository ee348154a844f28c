"""A whole package that nobody looked at before: a suite or a stated reason for each module, and nothing left behind?

One `qeforge generate` over all of it, in an environment of its own, under a limit of time that only a hang can reach.
Then plain pytest on what was written, twice, with other hash seeds. Recorded: what became of each module, processes
that were still there at the end, files in the folder for temporary ones, changes in the installed package, the most
memory that the tree held, tests that fail or waver.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from figures import REPOSITORY, Figures, keep, parser
from rig.command import PAGE, say, start
from rig.document import replace_section
from rig.environments import Environments, Unavailable, default_folder, site_packages, version_of
from rig.measure import BAD, PLUGIN, SUITE_LIMIT
from rig.metered import plain_environment, run
from rig.running import scratch, without_folders
from rig.subjects import load
from rig.tables import markdown, percent

PACKAGE = "werkzeug==3.1.3"
RESULTS = REPOSITORY / "benchmarks" / "results" / "whole-repo.json"
SECTION = "whole-repo"
WROTE = ("written", "unchanged")
CALM = 120.0  # seconds beside the budget of all modules, until a run counts as one that hangs


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measures, prints, and returns the figures."""
    options = parser(__doc__)
    options.add_argument("--package", default=PACKAGE, metavar="NAME==VERSION", help="default: %(default)s")
    options.add_argument("--import-name", default="", help="of the package, where it is not that of the distribution")
    options.add_argument("--max-time", type=float, default=10.0, help="seconds a module (default: %(default)s)")
    options.add_argument("--jobs", type=int, default=2, help="modules at a time (default: %(default)s)")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--envs", type=Path, default=default_folder(), help="environments (default: %(default)s)")
    options.add_argument("--python", type=Path, help="has the package and pytest; default: an environment is made")
    options.add_argument("--report", action="store_true", help="run nothing; the tables of the figures that are there")
    options.add_argument(
        "--docs", type=Path, nargs="?", const=PAGE, metavar="PAGE", help="write them (default page: docs/benchmarks.md)"
    )
    options.set_defaults(out=RESULTS)
    given = options.parse_args(arguments)
    if given.report:
        figures: Figures = json.loads(given.out.read_text(encoding="utf-8"))
    else:
        figures = _run(given)
        given.out.parent.mkdir(parents=True, exist_ok=True)
        keep(figures, given.out)
    text = report(figures)
    print(text)
    if given.docs is not None:
        replace_section(given.docs, SECTION, text)
        say(f"written: {given.docs}")
    return figures


def _run(given: argparse.Namespace) -> Figures:
    name = given.package.partition("==")[0]
    python = given.python.absolute() if given.python else _environment(given.package, given.envs)
    package = site_packages(python) / (given.import_name or name.replace("-", "_").lower())
    if not package.is_dir():
        raise SystemExit(f"{name}: {python} has no package {package.name}; --import-name says what it is called")
    with scratch() as place:
        figures = measured(python, package, place, given.max_time, given.jobs, given.seed)
    return {"package": f"{name}=={version_of(python, name)}", **figures}


def _environment(package: str, folder: Path) -> Path:
    catalogue = replace(load(), packages=(), environments={"whole": (package, "pytest==9.2.0", "coverage==7.17.3")})
    try:
        return Environments(catalogue=catalogue, folder=folder, python=Path(sys.executable), say=say).interpreter(
            "whole"
        )
    except Unavailable as problem:
        raise SystemExit(str(problem)) from problem


def measured(python: Path, package: Path, place: Path, max_time: float, jobs: int, seed: int) -> Figures:
    """One run over the package, and what is there afterwards.

    Args:
        python: the interpreter that has it.
        package: its folder.
        place: an empty folder.
        max_time: seconds a module.
        jobs: modules at a time.
        seed: of the search.
    """
    files = sorted(package.rglob("*.py"))
    suites, data = place / "suites", place / "data"
    suites.mkdir()
    environment = plain_environment(place, python_path=[REPOSITORY]) | {"QEFORGE_DATA_DIR": str(data)}
    before = contents(package)
    limit = len(files) * max(2 * max_time, 20.0) + CALM
    command: list[str | Path] = [sys.executable, "-m", "qeforge.cli", "generate", package, "--out", suites]
    command += ["--python", python, "--max-time", f"{max_time:g}", "--seed", str(seed), "--jobs", str(jobs)]
    command += ["--engine", "native", "--ignore-existing", "--no-cache", "--json"]
    done = run(command, cwd=place, limit=limit, environment=environment)
    try:
        envelope: dict[str, Any] = json.loads(done.output)
    except ValueError:
        envelope = {"errors": [{"message": done.last_words}]}
    modules = [told(one) for one in (envelope.get("data") or {}).get("modules") or ()]
    after = contents(package)
    tmp = place / "tmp"
    return {
        "files": len(files),
        "max_time": max_time,
        "jobs": jobs,
        "seed": seed,
        "limit": limit,
        "usage": asdict(done.usage),
        "errors": [without_folders(error["message"]) for error in envelope.get("errors") or ()],
        "modules": modules,
        "left_in_tmp": sorted(str(path.relative_to(tmp)) for path in tmp.rglob("*")),
        "changed_in_package": sorted(
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        ),
        **tested(python, suites, place / "check"),
    }


def contents(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Size and time of change of each file, but for byte code."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            status = path.stat()
            found[str(path.relative_to(folder))] = status.st_size, status.st_mtime_ns
    return found


def told(module: Mapping[str, Any]) -> Figures:
    """What is kept of what qeforge says about a module."""
    score = module["score"] or {}
    return {
        "module": module["module"],
        "action": module["action"],
        "reason": without_folders(module["reason"] or ""),
        "tests": score.get("tests", 0),
        "reached": (module["coverage"] or {}).get("rate"),
        "mutation": score.get("mutation"),
        "stop": module["stop"],
        "seconds": module["seconds"],
    }


def tested(python: Path, suites: Path, place: Path) -> Figures:
    """Plain pytest on all suites at once, twice: what does not pass, and what changes its verdict."""
    place.mkdir()
    if not any(suites.rglob("test_*.py")):
        return {"tests": 0, "failing": [], "flaky": []}
    runs: list[dict[str, str]] = []
    for hash_seed in (1, 2):
        verdicts = place / f"verdicts{hash_seed}.json"
        environment = plain_environment(place, python_path=[PLUGIN], hash_seed=hash_seed)
        environment |= {"VERDICTS": str(verdicts)}
        command: list[str | Path] = [python, "-m", "pytest", "-q", "-p", "verdicts", "-p", "no:cacheprovider", suites]
        run(command, cwd=place, limit=2 * SUITE_LIMIT, environment=environment, writable=place)
        runs.append(json.loads(verdicts.read_text(encoding="utf-8")) if verdicts.exists() else {})
    first, second = runs
    names = {name: name.rpartition("suites/")[2] for name in {*first, *second}}
    failing = {names[name] for name, verdict in [*first.items(), *second.items()] if verdict in BAD}
    flaky = {shown for name, shown in names.items() if first.get(name) != second.get(name)}
    xfail = sum(verdict == "xfail" for verdict in first.values())
    return {"tests": len(first), "failing": sorted(failing), "flaky": sorted(flaky), "xfail": xfail}


def without_reason(figures: Mapping[str, Any]) -> list[str]:
    """Modules that have neither a suite nor a reason why there is none."""
    return [one["module"] for one in figures["modules"] if one["action"] not in WROTE and not one["reason"]]


def report(figures: Mapping[str, Any]) -> str:
    """Two tables in Markdown: the run, and the modules."""
    usage = figures["usage"]
    modules = figures["modules"]
    wrote = sum(one["action"] in WROTE for one in modules)
    run_rows = [
        ["modules", str(len(modules))],
        ["with a suite", str(wrote)],
        ["with a stated reason", str(len(modules) - wrote - len(without_reason(figures)))],
        ["with neither", _listed(without_reason(figures))],
        ["exit code", str(usage["code"])],
        ["hung", f"{'yes' if usage['timed_out'] else 'no'} (limit {figures['limit']:.0f} s)"],
        ["wall s, CPU s", f"{usage['wall']:.0f}, {usage['cpu']:.0f}"],
        ["most memory of the tree, MiB", f"{usage['memory_mb']:.0f}"],
        ["processes left over", str(usage["left_over"])],
        ["files left in the temporary folder", _listed(figures["left_in_tmp"])],
        ["files changed in the package", _listed(figures["changed_in_package"])],
        ["tests, by plain pytest", str(figures["tests"])],
        ["failing", _listed(figures["failing"])],
        ["flaky", _listed(figures["flaky"])],
        *([["errors", "; ".join(figures["errors"])]] if figures["errors"] else []),
    ]
    rows = [
        [
            one["module"],
            str(one["tests"]),
            percent(one["reached"]),
            percent(one["mutation"]),
            f"{one['seconds']:.1f}",
            one["reason"] or f"{one['action']}, stopped by {one['stop']}",
        ]
        for one in modules
    ]
    head = ["module", "tests", "line+branch %", "mutation %", "s", "note"]
    return f"{markdown([figures['package'], 'figure'], run_rows)}\n\n{markdown(head, rows)}"


def _listed(names: Sequence[str]) -> str:
    return "0" if not names else f"{len(names)}: {', '.join(names[:5])}{', …' if len(names) > 5 else ''}"


if __name__ == "__main__":
    start(main)
