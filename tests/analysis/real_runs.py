"""Runs modules under coverage.py itself, so that its numbers can be compared with ours."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

from qeforge.analysis.targets import find_targets
from qeforge.domain.goal import Coverage
from qeforge.domain.observation import Arc
from qeforge.domain.target import SourceModule


@dataclass(frozen=True)
class Measured:
    """What coverage.py reported for one file, and the raw arcs that it recorded."""

    totals: Coverage
    excluded: int
    arcs: frozenset[Arc]


def module_of(source: str, name: str = "m") -> SourceModule:
    """A module that exists as text only."""
    path = Path(f"{name}.py")
    return SourceModule(
        name=name, path=path, import_root=path.parent, source=source, targets=find_targets(source, name)
    )


def measure(folder: Path, files: Mapping[str, str], driver: str) -> dict[str, Measured]:
    """Writes files into a folder, runs a driver script there under `coverage run --branch`, and reads its report."""
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    (folder / "driver.py").write_text(driver, encoding="utf-8")
    # The pure Python tracer is there on every machine and records what the others do.
    environment = {**os.environ, "COVERAGE_CORE": "pytrace"}
    for command in (["run", "--branch", "--source=.", "driver.py"], ["json", "-q"]):
        done = subprocess.run(
            [sys.executable, "-m", "coverage", *command], cwd=folder, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
    data = CoverageData(basename=str(folder / ".coverage"))
    data.read()
    report = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))["files"]
    return {name: _measured(data, folder / f"{name}.py", report[f"{name}.py"]["summary"]) for name in files}


def _measured(data: CoverageData, path: Path, summary: Mapping[str, int]) -> Measured:
    totals = Coverage(
        lines=summary["num_statements"],
        lines_met=summary["covered_lines"],
        branches=summary["num_branches"],
        branches_met=summary["covered_branches"],
    )
    arcs = frozenset(data.arcs(str(path.resolve())) or ())
    return Measured(totals=totals, excluded=summary["excluded_lines"], arcs=arcs)
