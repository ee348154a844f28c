"""What learning does on this machine: `qeforge learn bench`, a seed at a time, each kept as a line of
`results/learning.jsonl`, so that a run that was stopped goes on.

Training needs answers: those in QEFORGE_DATA_DIR, as `answers.py` collects them. The model is the one that
QEFORGE_LOCAL_MODEL names. With `--projects` the answers about their held-out targets are compared, too, with the
adapter that `qeforge learn micro` left in use and without. `--only-tables` prints what is kept.

    QEFORGE_DATA_DIR=runs QEFORGE_LOCAL_MODEL=smollm2.gguf python benchmarks/learning.py -- --steps 4 --longest 400
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from figures import REPOSITORY, Figures, parser
from rich.console import Console

import qeforge
from qeforge.cli.learn_report import tables_of
from qeforge.learning.bench import Curve, Findings, Matrix
from qeforge.wiring.learning import Benched
from qeforge.wiring.rates import Rates

RESULTS = REPOSITORY / "benchmarks" / "results" / "learning.jsonl"
ANSWERS = "answers"


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measures what is missing, prints all, and returns the lines by model and settings."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2], help="default: 0 1 2")
    options.add_argument("--projects", type=Path, nargs="*", default=[], help="folders with held-out targets")
    options.add_argument("--results", type=Path, default=RESULTS)
    options.add_argument("--only-tables", action="store_true")
    options.add_argument("settings", nargs="*", help="for `qeforge learn bench`, after --")
    given = options.parse_args(arguments)
    lines = kept(given.results)
    if not given.only_tables:
        model = Path(os.environ.get("QEFORGE_LOCAL_MODEL", "")).stem
        if not model:
            raise SystemExit("needs QEFORGE_LOCAL_MODEL=FILE.gguf, and answers in QEFORGE_DATA_DIR")
        wanted: list[int | str] = [*given.seeds, *([ANSWERS] if given.projects else [])]
        done = {line["seed"] for line in lines if (line["model"], line["settings"]) == (model, given.settings)}
        for seed in wanted:
            if seed not in done:
                lines.append(measured(model, seed, given.settings, given.projects))
                given.results.parent.mkdir(parents=True, exist_ok=True)
                with given.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(lines[-1], sort_keys=True) + "\n")
    found: Figures = {}
    for line in lines:
        found.setdefault(" ".join((line["model"], *line["settings"])), []).append(line)
    for own in found.values():
        print(f"{own[0]['model']}: {told(own)}")
        Console(width=160).print(tables_of(benched(own)))
    return found


def kept(path: Path) -> list[dict[str, Any]]:
    """What earlier runs left."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def measured(model: str, seed: int | str, settings: Sequence[str], projects: Sequence[Path]) -> dict[str, Any]:
    """One run of the command.

    Raises:
        SystemExit: it failed.
    """
    which = ["--seeds", "0", *map(str, projects)] if seed == ANSWERS else ["--seeds", "1", "--seed", str(seed)]
    command = [sys.executable, "-m", "qeforge.cli", "learn", "bench", "--json", *which, *settings]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {ended.returncode}\n{ended.stdout}")
    data = json.loads(ended.stdout)["data"]
    machine = {"qeforge": qeforge.__version__, "python": platform.python_version(), "system": sys.platform}
    return {
        "model": model,
        "seed": seed,
        "settings": list(settings),
        "machine": {**machine, "cores": os.cpu_count()},
        "load": round(os.getloadavg()[0], 1),
        "findings": data["findings"],
        "off": data["off"],
        "on": data["on"],
    }


def benched(lines: Sequence[Mapping[str, Any]]) -> Benched:
    """All seeds of a model as one bench."""
    of_seeds = sorted((line for line in lines if line["seed"] != ANSWERS), key=lambda line: line["seed"])
    first = of_seeds[0]["findings"] if of_seeds else {"projects": [], "trained": [], "held_out": []}
    findings = Findings(
        projects=tuple(first["projects"]),
        trained=tuple(first["trained"]),
        held_out=tuple(first["held_out"]),
        curves=tuple(
            Curve(seed=line["seed"], losses=tuple(one["losses"]), seconds=one["seconds"])
            for line in of_seeds
            for one in line["findings"]["curves"]
        ),
        matrices=tuple(
            Matrix(name=one["name"], before=tuple(one["before"]), scores=tuple(map(tuple, one["scores"])))
            for line in of_seeds
            for one in line["findings"]["matrices"]
        ),
    )
    answers = next((line for line in lines if line["off"] is not None and line["on"] is not None), None)
    off, on = (Rates(**answers[name]) if answers else None for name in ("off", "on"))
    return Benched(findings=findings, off=off, on=on)


def told(lines: Sequence[Mapping[str, Any]]) -> str:
    """Projects, examples and settings, in words."""
    for line in lines:
        if line["findings"]["projects"]:
            found = line["findings"]
            sizes = zip(found["projects"], found["trained"], found["held_out"], strict=True)
            return (
                ", ".join(f"{name} {train}+{held}" for name, train, held in sizes) + f"; {' '.join(line['settings'])}"
            )
    return "no training"


if __name__ == "__main__":
    main()
