"""Every script in `benchmarks/`, in its smallest form: it runs, prints, and keeps figures only where it is told to."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
TINY = {
    "figures_to_reach.py": ["--results", "nowhere"],
    "index.py": ["--small"],
    "judge_rate.py": ["--candidates", "128", "--rounds", "1", "--targets", "2"],
    "memory.py": [
        *("--projects", "textkit", "--seeds", "0", "--work", "0.1,0.2", "--before", "1", "--after", "1"),
        *("--short", "0.1", "--learning", "0.1", "--patterns", "80"),
        *("--tasks", "1", "--probes", "1", "--pass-work", "0.1", "--wall"),
    ],
    "mutant_rate.py": ["--module", "textkit.formatting", "--max-time", "3", "--fresh", "2", "--mutants", "20"],
    "overhead.py": ["--rounds", "1", "--samples", "textkit"],
    "startup.py": ["--runs", "1"],
    "suite_quality.py": ["--modules", "colorsys,keyword", "--max-time", "2"],
    "walk.py": ["--modules", "8", "--runs", "1"],
    "whole_repo.py": ["--package", "iniconfig", "--python", sys.executable, "--max-time", "1"],
}
SIDE_BY_SIDE = {"compare.py", "ablation.py", "refinement.py"}  # see test_side_by_side.py
ELSEWHERE = {
    "router.py",
    "router_record.py",
    "proposals.py",
    "answers.py",
    "learning.py",
}  # see test_router.py and others like it


def run(script: str, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "QEFORGE_DATA_DIR": str(cwd / "data")}
    return subprocess.run(
        [sys.executable, "-B", str(SCRIPTS / script), *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def figures_of(script: str, cwd: Path) -> tuple[str, dict[str, Any]]:
    done = run(script, *TINY[script], "--out", "kept.json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    kept: dict[str, Any] = json.loads((cwd / "kept.json").read_text(encoding="utf-8"))
    assert set(kept["machine"]) == {"qeforge", "python", "system", "cores"}
    return done.stdout, kept


@pytest.fixture
def helpers() -> ModuleType:
    spec = importlib.util.spec_from_file_location("figures", SCRIPTS / "figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_script_is_here_and_in_the_readme() -> None:
    scripts = {path.name for path in SCRIPTS.glob("*.py")} - {"figures.py"}
    assert scripts == set(TINY) | SIDE_BY_SIDE | ELSEWHERE
    readme = (SCRIPTS / "README.md").read_text(encoding="utf-8")
    assert all(name in readme for name in scripts)


@pytest.mark.parametrize(
    "share, expected",
    [(0.5, 2), (0.95, 4), (0.75, 3), (0.0, 1), (1.0, 4)],
)
def test_percentiles_are_values_that_were_measured(helpers: ModuleType, share: float, expected: int) -> None:
    assert helpers.percentile([4, 1, 3, 2], share) == expected


def test_there_is_no_percentile_of_nothing(helpers: ModuleType) -> None:
    with pytest.raises(ValueError, match="no values"):
        helpers.percentile([], 0.5)


def test_a_target_is_met_on_its_own_side(helpers: ModuleType) -> None:
    assert helpers.verdict(2.0, 3, at_most=True) == "target ≤ 3: met"
    assert helpers.verdict(2.0, 3, at_most=False) == "target ≥ 3: missed"


@pytest.mark.slow
def test_index(tmp_path: Path) -> None:
    said, kept = figures_of("index.py", tmp_path)
    assert "file saved against f32" in said
    assert {(each["count"], each["scalar"]) for each in kept["measured"]} == {
        (count, scalar) for count in (1000, 2000) for scalar in ("f32", "f16", "i8")
    }
    assert all(each["recall"] >= 0.95 for each in kept["measured"])
    assert kept["saved"]["2000 i8"]["file"] > 0.6
    assert kept["saved"]["2000 f32"]["file"] == 0
    assert kept["chosen"] == {"1000": "i8", "2000": "i8"}


@pytest.mark.slow
def test_judge_rate(tmp_path: Path) -> None:
    said, kept = figures_of("judge_rate.py", tmp_path)
    assert "executions a second" in said
    assert len(kept["executions_per_second"]) == 1
    assert len(kept["first_case_seconds"]) + kept["targets_without_case"] == 2


@pytest.mark.slow
def test_mutant_rate(tmp_path: Path) -> None:
    said, kept = figures_of("mutant_rate.py", tmp_path)
    assert "equal verdicts" in said
    assert kept["mutants"] == 20
    assert kept["fresh_mutants"] == 2
    assert kept["ratio"] > 1
    assert kept["judge_seconds_per_mutant"] > 0


@pytest.mark.slow
def test_startup(tmp_path: Path) -> None:
    said, kept = figures_of("startup.py", tmp_path)
    assert "ratio" in said
    assert kept["heavy"] == []
    assert kept["loaded"] > 50


def test_overhead(tmp_path: Path) -> None:
    said, kept = figures_of("overhead.py", tmp_path)
    assert "together: wall p50" in said
    assert kept["targets"] == kept["calls"] == 34
    for kind in ("wall", "cpu"):
        assert kept[f"together_{kind}_p95_ms"] >= kept[f"together_{kind}_p50_ms"] > 0
    assert kept["features_cpu_p95_ms"] <= kept["together_cpu_p95_ms"] * 1.01


@pytest.mark.slow
def test_walk(tmp_path: Path) -> None:
    said, kept = figures_of("walk.py", tmp_path)
    assert "discovery, 8 modules" in said
    assert kept["qeforge targets"]["megabytes"] > 5


@pytest.mark.slow
def test_memory(tmp_path: Path) -> None:
    said, kept = figures_of("memory.py", tmp_path)
    assert "looking up a target among 80 patterns" in said
    assert kept["cost"]["p95_ms"] > 0
    assert {one["memory"] for one in kept["edited"]["points"]} == {True, False}
    assert {one["work"] for one in kept["edited"]["points"]} == {0.1, 0.2}
    assert kept["transfer"]["pairs"] <= 1
    assert len(kept["quality"]["probes"]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("program", ["unhurried.py", "all_mutants.py"])
def test_the_clock_bounds_nothing_where_work_is_counted(tmp_path: Path, program: str) -> None:
    subject = tmp_path / "small.py"
    subject.write_text("def larger(a, b):\n    return a if a > b else b\n", encoding="utf-8")
    done = run(f"rig/{program}", "generate", "small.py", "--max-time", "0.1", "--jobs", "1", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["data"]["modules"]
    assert found["score"]["quality"] > 0
    assert found["seconds"] < 0.1


def test_a_curve_needs_modules_to_learn_from(tmp_path: Path) -> None:
    done = run("memory.py", "--parts", "quality", "--projects", "textkit", "--probes", "9", cwd=tmp_path)
    assert done.returncode == 1
    assert "textkit has 3 modules, none beside the 9 of --probes to learn from" in done.stderr


@pytest.mark.slow
def test_suite_quality(tmp_path: Path) -> None:
    said, kept = figures_of("suite_quality.py", tmp_path)
    rows = {row["module"]: row for row in kept["modules"]}
    assert said.startswith("| module | tests |")
    assert rows["colorsys"]["tests"] > 0
    assert 0 < rows["colorsys"]["branch"] <= 1
    assert rows["keyword"]["note"] == "nothing in it can be called"


@pytest.mark.slow
def test_a_whole_package_leaves_nothing_behind(tmp_path: Path) -> None:
    said, kept = figures_of("whole_repo.py", tmp_path)
    assert "| processes left over | 0 |" in said
    assert kept["package"].startswith("iniconfig==")
    assert kept["files"] == len(kept["modules"])
    assert any(one["tests"] for one in kept["modules"])
    assert all(one["tests"] or one["reason"] for one in kept["modules"])
    assert kept["tests"] > 0
    assert kept["failing"] == kept["flaky"] == kept["left_in_tmp"] == kept["changed_in_package"] == []
    assert not kept["usage"]["timed_out"]
    again = run("whole_repo.py", "--report", "--out", "kept.json", cwd=tmp_path)
    assert again.stdout == said


def test_figures_that_nobody_measured_are_told_as_such(tmp_path: Path) -> None:
    said, kept = figures_of("figures_to_reach.py", tmp_path)
    assert said.startswith("| measure | target | reached | verdict | cause of the miss |")
    assert {one["reached"] for one in kept["figures"]} == {"not measured"}


def test_a_package_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = run("whole_repo.py", "--package", "nobody-has-this==1", "--python", sys.executable, cwd=tmp_path)
    assert done.returncode == 1
    assert "has no package nobody_has_this; --import-name" in done.stderr


def test_nothing_is_written_without_out(tmp_path: Path) -> None:
    done = run("walk.py", *TINY["walk.py"], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_module_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = run("suite_quality.py", "--modules", "nobody.has.this", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip() == "nobody.has.this: not on the search path of that interpreter"
