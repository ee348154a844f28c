"""A suite as an outsider sees it: pytest's verdicts on a copy of the package, coverage.py's counts, mutants killed.

Nothing here asks the tool that wrote the suite. All runs are confined to a scratch folder and limited in time.
"""

import ast
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rig.causes import classified
from rig.environments import site_packages
from rig.metered import Finished, plain_environment, run
from rig.subjects import Subject

PLUGIN = Path(__file__).with_name("plugin")
SAMPLER = Path(__file__).with_name("sample_mutants.py")
RUNS = (("given", 0), ("reversed", 101), ("1", 102), ("given", 103))
"""Order and hash seed of each run; the first one is measured for coverage."""
BAD = ("failed", "error", "xpass")
SUITE_LIMIT = 300.0  # seconds for one run of a suite
MUTANT_SEED = 7

Sampler = Callable[[Path, Path, int], tuple[Mapping[str, Any], ...] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What a suite is worth. Tests are counted as pytest does, a row of a table each; `functions` as they are written;
    `flaky` ones changed their verdict between runs.
    `mutants` is None where none were tried, and `mutants_asked` says how many were wanted. `missing` is of lines."""

    tests: int = 0
    passed: int = 0
    failed: int = 0
    xfail: int = 0
    skipped: int = 0
    flaky: int = 0
    functions: int = 0
    without_assertion: int = 0
    assertions: int = 0
    lines_of_code: int = 0
    suite_seconds: float = 0.0
    statements: int = 0
    covered_lines: int = 0
    branches: int = 0
    covered_branches: int = 0
    missing: str = ""
    causes: Mapping[str, int] = field(default_factory=dict)
    mutants_asked: int = 0
    mutants: int | None = None
    killed: int = 0

    @property
    def line(self) -> float:
        """Share of lines that ran."""
        return self.covered_lines / max(1, self.statements)

    @property
    def branch(self) -> float:
        """Share of branches taken; 1 where there are none."""
        return self.covered_branches / self.branches if self.branches else 1.0

    @property
    def size(self) -> int:
        """Lines and branches."""
        return self.statements + self.branches

    @property
    def covered(self) -> int:
        """Lines and branches reached."""
        return self.covered_lines + self.covered_branches

    @property
    def reached(self) -> float:
        """Share of lines and branches together, as the literature counts."""
        return self.covered / max(1, self.size)

    @property
    def mutation(self) -> float | None:
        """Share of the sampled mutants that a passing, stable test notices."""
        return None if not self.mutants else self.killed / self.mutants


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Measures suites.

    Args:
        python: has the subjects, pytest and coverage; for mutants cosmic-ray as well.
        mutants: sampled for each subject; 0 for none.
        sampler: where mutants come from.
    """

    python: Path
    mutants: int
    sampler: Sampler

    def measure(self, subject: Subject, suite: Path, place: Path) -> Measures:
        """Everything about one suite, in an empty folder of its own; a suite without files counts as an import."""
        copy = _Copy.made(self.python, subject, suite, place / "base")
        files = sorted(copy.tests.rglob("test_*.py"))
        covered, verdicts, seconds = self._covered(copy, bool(files))
        flaky: set[str] = set()
        for order, hash_seed in RUNS[1:] if verdicts else ():
            again, _ = copy.pytest(order=order, hash_seed=hash_seed)
            flaky |= {test for test, verdict in verdicts.items() if again.get(test) != verdict}
        bad = {test for test, verdict in verdicts.items() if verdict in BAD} | flaky
        measures: dict[str, Any] = {
            "tests": len(verdicts),
            "passed": sum(verdict == "passed" for verdict in verdicts.values()),
            "failed": sum(verdict in BAD for verdict in verdicts.values()),
            "xfail": sum(verdict == "xfail" for verdict in verdicts.values()),
            "skipped": sum(verdict == "skipped" for verdict in verdicts.values()),
            "flaky": len(flaky),
            "suite_seconds": seconds,
            "mutants_asked": self.mutants,
            **_written(files),
            **covered,
        }
        if self.mutants:
            measures |= self._mutated(copy, subject, suite, place, sorted(bad), bool(set(verdicts) - bad))
        return Measures(**measures)

    def _covered(self, copy: "_Copy", has_tests: bool) -> tuple[dict[str, Any], dict[str, str], float]:
        verdicts, done = copy.pytest(coverage=True, tests=has_tests)
        file = copy.counted()
        if file is None:  # nothing of the module ran, as when it cannot be imported; what there is counts all the same
            copy.coverage("run", "--branch", "--source", copy.source.parent, "-m", "keyword")
            file = copy.counted()
        if file is None:
            return {}, verdicts, done.usage.wall
        summary = file["summary"]
        text = copy.source.read_text(encoding="utf-8")
        figures = {
            "statements": summary["num_statements"],
            "covered_lines": summary["covered_lines"],
            "branches": summary["num_branches"],
            "covered_branches": summary["covered_branches"],
            "missing": _ranges(file["missing_lines"]),
            "causes": dict(sorted(classified(text, file["missing_lines"], set(file["executed_lines"])).items())),
        }
        return figures, verdicts, done.usage.wall

    def _mutated(
        self, copy: "_Copy", subject: Subject, suite: Path, place: Path, bad: Sequence[str], any_good: bool
    ) -> dict[str, Any]:
        sample = self.sampler(self.python, copy.source, self.mutants)
        if sample is None:
            return {}
        if not any_good:
            return {"mutants": len(sample), "killed": 0}
        out = set(bad)
        for _ in range(3):  # tests that lean on those which are left out go as well
            began = time.monotonic()
            verdicts, done = copy.pytest(leave_out=sorted(out), first_failure=True)
            limit = max(10.0, 4 * (time.monotonic() - began))
            if done.usage.code == 0:
                break
            out |= {test for test, verdict in verdicts.items() if verdict in BAD}
        else:
            return {"mutants": len(sample), "killed": 0}
        killed = 0
        mutated: _Copy | None = None
        for number, mutant in enumerate(sample):
            if mutated is None or not mutated.is_whole:  # a mutant may empty the folder that it runs in
                mutated = _Copy.made(self.python, subject, suite, place / f"mutant-{number}")
            mutated.source.write_text(mutant["text"], encoding="utf-8")
            _, done = mutated.pytest(leave_out=sorted(out), first_failure=True, limit=limit)
            killed += done.usage.code not in (0, 5)
        return {"mutants": len(sample), "killed": killed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """Reads suites and runs nothing: enough where the figures that count are those that qeforge states itself."""

    mutants: int = 0

    def measure(self, subject: Subject, suite: Path, place: Path) -> Measures:
        """What can be counted in the text."""
        counted: dict[str, Any] = dict(_written(sorted(suite.rglob("test_*.py"))))
        return Measures(**counted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """A suite beside a copy of the package that it tests."""

    python: Path
    place: Path
    source: Path

    @classmethod
    def made(cls, python: Path, subject: Subject, suite: Path, place: Path) -> "_Copy":
        """Copies the package and the suite, and writes a test that only imports the module."""
        site = site_packages(python)
        root = subject.root(site)
        source = subject.source(site)
        top = root / subject.package
        unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
        if top.is_dir():
            shutil.copytree(top, place / "site" / top.name, ignore=unwanted)
        else:
            (place / "site").mkdir(parents=True)
            shutil.copy(source, place / "site")
        shutil.copytree(suite, place / "tests", ignore=unwanted)
        (place / "imported").mkdir()
        importing = f"import importlib\n\n\ndef test_import():\n    importlib.import_module({subject.module!r})\n"
        (place / "imported" / "test_import_alone.py").write_text(importing, encoding="utf-8")
        (place / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n", encoding="utf-8")
        return cls(python=python, place=place, source=place / "site" / source.relative_to(root))

    @property
    def is_whole(self) -> bool:
        """Whether the package, the suite and the configuration are still there."""
        return self.source.is_file() and self.tests.is_dir() and (self.place / "pytest.ini").is_file()

    @property
    def tests(self) -> Path:
        """The suite's folder."""
        return self.place / "tests"

    def environment(self, hash_seed: int) -> dict[str, str]:
        """Variables of a run: the copy comes before what is installed."""
        paths = [self.place / "site", PLUGIN]
        return plain_environment(self.place, python_path=paths, hash_seed=hash_seed)

    def coverage(self, *arguments: str | Path) -> Finished:
        """Runs coverage.py."""
        command = [self.python, "-m", "coverage", *arguments]
        return run(command, cwd=self.place, limit=60, environment=self.environment(0), writable=self.place)

    def counted(self) -> dict[str, Any] | None:
        """What coverage.py says about the module, from the last run; None for nothing."""
        data = self.place / "coverage.json"
        self.coverage("json", "-q", "--include", self.source, "-o", data)
        if not data.exists():
            return None
        files: dict[str, dict[str, Any]] = json.loads(data.read_text(encoding="utf-8"))["files"]
        return next(iter(files.values()), None)

    def pytest(
        self,
        *,
        order: str = "given",
        hash_seed: int = 0,
        coverage: bool = False,
        tests: bool = True,
        leave_out: Sequence[str] = (),
        first_failure: bool = False,
        limit: float = SUITE_LIMIT,
    ) -> tuple[dict[str, str], Finished]:
        """One run, and the verdict on each test of the suite."""
        verdicts = self.place / "verdicts.json"
        verdicts.unlink(missing_ok=True)
        command: list[str | Path] = [self.python, "-m"]
        if coverage:
            command += ["coverage", "run", "--branch", "--include", self.source, "-m"]
        command += ["pytest", "-q", "-p", "verdicts", "-p", "no:randomly", "-p", "no:xdist"]
        command += [*(["-x"] if first_failure else []), *(["tests"] if tests else [])]
        command += ["imported"] if coverage else []
        command += [f"--ignore={test}" for test in leave_out if "::" not in test]  # whole files
        environment = self.environment(hash_seed) | {"VERDICTS": str(verdicts), "ORDER": order}
        if first_failure:  # once for each mutant, where looking for plugins would take most of the time
            environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        if leave_out:
            listed = self.place / "leave_out.txt"
            listed.write_text("\n".join(leave_out), encoding="utf-8")
            environment["LEAVE_OUT"] = str(listed)
        done = run(command, cwd=self.place, limit=limit, environment=environment, writable=self.place)
        found: dict[str, str] = json.loads(verdicts.read_text(encoding="utf-8")) if verdicts.exists() else {}
        return {test: verdict for test, verdict in found.items() if not test.startswith("imported")}, done


def cosmic_ray(python: Path, source: Path, count: int) -> tuple[Mapping[str, Any], ...] | None:
    """A sample of mutants that depends on the source alone; None where the interpreter has no cosmic-ray."""
    place = source.parent
    while (place / "pytest.ini").exists() is False and place != place.parent:
        place = place.parent
    command: list[str | Path] = [python, SAMPLER, source, str(count), str(MUTANT_SEED)]
    done = run(command, cwd=place, limit=600, environment=plain_environment(place), writable=place)
    if done.usage.code:
        return None
    return tuple(json.loads(done.output)["mutants"])


def _written(files: Sequence[Path]) -> dict[str, int]:
    """What can be counted in the text: lines, assertions, test functions without any."""
    lines = assertions = functions = bare = 0
    for file in files:
        text = file.read_text(encoding="utf-8")
        lines += len(text.splitlines())
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                count = sum(map(_asserts, ast.walk(node)))
                assertions += count
                functions += 1
                bare += not count
    return {"lines_of_code": lines, "functions": functions, "assertions": assertions, "without_assertion": bare}


def _asserts(node: ast.AST) -> bool:
    """`assert`, `pytest.raises` and the like, `mock.assert_called…`."""
    if isinstance(node, ast.Call):
        name = str(getattr(node.func, "attr", None) or getattr(node.func, "id", ""))
        return name in ("raises", "warns", "fail") or name.startswith("assert")
    return isinstance(node, ast.Assert)


def _ranges(lines: Sequence[int]) -> str:
    """`1-3, 7`."""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in parts)
