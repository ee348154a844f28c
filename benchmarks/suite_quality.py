"""How good generated suites are: tests, line and branch coverage, mutation score (by `qeforge score`), seconds.

Runs `qeforge generate` into temporary folders for the sample projects, or for the modules that are named, and scores
what was written. Nothing is written anywhere else.
"""

import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from figures import SAMPLES, Figures, copy_sample, keep, parser, qeforge_json

from qeforge.execution.interpreter import find_interpreter

COLUMNS = ("module", "tests", "line", "branch", "mutation", "seconds", "note")


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measures, prints, and returns the figures."""
    options = parser(__doc__)
    options.add_argument("--modules", default="", help="names with commas between; default: the sample projects")
    options.add_argument("--samples", default=",".join(SAMPLES), help="sample projects (default: %(default)s)")
    options.add_argument("--python", type=Path, help="interpreter that has the modules, and pytest; default: this one")
    options.add_argument("--max-time", type=float, default=10.0, help="seconds a module (default: %(default)s)")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args(arguments)
    python = find_interpreter(given.python or Path(sys.executable), Path.cwd())
    rows: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="qeforge-bench-") as folder:
        if given.modules:
            files = [find_module(name.strip(), python.search_path) for name in given.modules.split(",")]
            jobs = [(file, Path(folder) / f"suites{number}") for number, file in enumerate(files)]
        else:
            roots = [copy_sample(name.strip(), Path(folder)) for name in given.samples.split(",")]
            jobs = [(root / "src", Path(folder) / f"{root.name}-suites") for root in roots]
        settings = ("--python", str(python.path), "--max-time", f"{given.max_time:g}", "--seed", str(given.seed))
        for path, out in jobs:
            rows += measured(path, out, settings)
    print(table(rows))
    figures: Figures = {"max_time": given.max_time, "seed": given.seed, "modules": rows}
    keep(figures, given.out)
    return figures


def find_module(name: str, search_path: Sequence[Path]) -> Path:
    """The file of a module, found without importing anything.

    Raises:
        SystemExit: it is nowhere on the search path.
    """
    for entry in search_path:
        base = entry.joinpath(*name.split("."))
        for file in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
            if file.is_file():
                return file
    raise SystemExit(f"{name}: not on the search path of that interpreter")


def measured(path: Path, out: Path, settings: Sequence[str]) -> list[Figures]:
    """Generates and scores; one row for each module that is not empty."""
    generating: list[str | Path] = ["generate", path, "--out", out, "--no-cache", "--ignore-existing", *settings]
    generated = qeforge_json(generating)
    written = {one["module"]: one for one in generated["modules"]}
    scored: dict[str, Any] = {}
    if any(one["action"] == "written" for one in written.values()):
        scoring: list[str | Path] = ["score", path, "--tests", out, "--python", settings[1]]
        scored = {one["module"]: one for one in qeforge_json(scoring)["modules"]}
    rows = []
    for name, one in written.items():
        score = (scored.get(name) or {}).get("score") if one["action"] == "written" else None
        row: Figures = {"module": name, "seconds": one["seconds"], "note": one["reason"] or f"stopped by {one['stop']}"}
        if score is not None:
            row |= {key: score[key] for key in ("tests", "line", "branch", "mutation", "failing", "flaky", "quality")}
            row["tests"] = one["score"]["tests"]
        rows.append(row)
    return rows


def table(rows: Iterable[Figures]) -> str:
    """The rows as a table in Markdown."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    for row in rows:
        cells = [row["module"], str(row.get("tests", "–"))]
        cells += [f"{row[key]:.1%}" if row.get(key) is not None else "–" for key in ("line", "branch", "mutation")]
        cells += [f"{row['seconds']:.1f}", row["note"]]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
