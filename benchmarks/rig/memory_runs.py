"""Runs of `qeforge generate` with a memory of their own."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figures import copy_sample, environment

from rig.unhurried import SLOWNESS

ALL_MUTANTS = Path(__file__).parent / "all_mutants.py"
UNHURRIED = Path(__file__).parent / "unhurried.py"
_LIMIT = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One module after one run: `work` is the budget in seconds, `executions` the candidates that were run."""

    module: str
    seed: int
    memory: bool
    work: float
    executions: int
    seconds: float
    quality: float
    coverage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How runs are made: `counted` is what is started where not the clock bounds the work."""

    place: Path
    wall: bool
    python: str | None
    counted: Path = ALL_MUTANTS

    def run(self, project: Path, data: Path, *, files: Sequence[Path], work: float, seed: int, memory: bool) -> Any:
        """The modules in the report of one run, whose suites are thrown away."""
        out = Path(tempfile.mkdtemp(dir=self.place))
        start: list[str] = ["-m", "qeforge.cli"] if self.wall else [str(self.counted)]
        command = [sys.executable, *start, "generate", *map(str, files), "--out", str(out), "--json", "--no-cache"]
        command += ["--max-time", f"{work:g}", "--seed", str(seed), "--jobs", "1", "--engine", "native"]
        command += ["--ignore-existing", "--memory" if memory else "--no-memory"]
        command += ["--python", self.python] if self.python else []
        done = subprocess.run(
            command,
            cwd=project,
            env={**environment(), "QEFORGE_DATA_DIR": str(data)},
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
        shutil.rmtree(out)
        try:
            return json.loads(done.stdout)["data"]["modules"]
        except (ValueError, KeyError) as problem:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}") from problem

    def points(
        self, project: Path, data: Path, *, files: Sequence[Path], work: float, seed: int, memory: bool
    ) -> Iterator[Point]:
        """The modules that got a suite."""
        for found in self.run(project, data, files=files, work=work, seed=seed, memory=memory):
            score: Mapping[str, Any] | None = found["score"]
            if score is not None:
                yield Point(
                    module=found["module"],
                    seed=seed,
                    memory=memory,
                    work=work,
                    executions=score["offered"],
                    seconds=found["seconds"] * (1 if self.wall else SLOWNESS),
                    quality=score["quality"],
                    coverage=found["coverage"]["rate"] if "rate" in (found["coverage"] or {}) else _rate(found),
                )

    def copied(self, data: Path) -> Path:
        """What was learned, in a place of its own: what one run learns is nothing to the next."""
        return Path(shutil.copytree(data, Path(tempfile.mkdtemp(dir=self.place)) / "data"))


def _rate(found: Mapping[str, Any]) -> float:
    coverage = found["coverage"] or {}
    met = coverage.get("lines_met", 0) + coverage.get("branches_met", 0)
    total = coverage.get("lines", 0) + coverage.get("branches", 0)
    return met / total if total else 1.0


def modules_of(project: Path) -> list[Path]:
    """The code of a project, tests left out."""
    root = project / "src" if (project / "src").is_dir() else project
    left_out = {"tests", "test", "docs", "__pycache__"}
    return [
        path
        for path in sorted(root.rglob("*.py"))
        if not left_out & set(path.relative_to(root).parts) and path.stat().st_size > 200
    ]


def brought(name: str, place: Path, python: str | None) -> Path:
    """A project in a folder of its own: a sample project, or a package that the interpreter has."""
    if (Path(__file__).parent.parent.parent / "sample-projects" / name).is_dir():
        return copy_sample(name, place)
    code = f"import importlib.util as u; print(u.find_spec({name!r}).submodule_search_locations[0])"
    done = subprocess.run([python or sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: neither a sample project nor a package of the interpreter")
    project = place / name
    shutil.copytree(done.stdout.strip(), project / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    (project / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "0"\n', encoding="utf-8")
    return project
