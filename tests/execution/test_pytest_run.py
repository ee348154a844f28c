"""Suites run by the real pytest of this environment, in the sandbox."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.mutant import Mutant, Verdict
from qeforge.domain.target import SourceModule
from qeforge.errors import UnavailableError
from qeforge.execution.interpreter import find_interpreter
from qeforge.execution.pytest_run import SuiteRun, run_suite, score_suite
from tests.execution.sandboxed import linux

CODE = '''"""A module."""

LIMIT = 3
TABLE = {"a": 1}


def clamp(value, low=0, high=LIMIT):
    if value < low:
        return low
    if value > high:
        return high
    return value


def double(value):
    return value * 2


def spin(count):
    while count > 0:
        count -= 1
    return count


class Box:
    size = 2

    def __init__(self, value):
        self.value = value

    @property
    def twice(self):
        return self.value * self.size


def adder(amount):
    def add(value):
        return value + amount

    return add


add_two = adder(2)
'''

TESTS = """
import pytest
from pkg.shapes import Box, TABLE, add_two, adder, clamp, double, spin


def test_low():
    assert clamp(-1) == 0


def test_high():
    assert clamp(9) == 3


def test_double():
    assert double(4) == 8


def test_spin():
    assert spin(3) == 0


def test_twice():
    assert Box(5).twice == 10


def test_add_two():
    assert add_two(1) == 3


def test_adder():
    assert adder(5)(1) == 6


def test_table():
    assert TABLE["a"] == 1
"""


class Project:
    """A small src-layout project on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "src" / "pkg" / "shapes.py"
        self.path.parent.mkdir(parents=True)
        (self.path.parent / "__init__.py").touch()
        self.path.write_text(CODE)
        (root / "tests").mkdir()
        (root / "pyproject.toml").write_text("[project]\nname = 'pkg'\n")

    @property
    def module(self) -> SourceModule:
        source = self.path.read_text()
        return SourceModule(name="pkg.shapes", path=self.path, import_root=self.root / "src", source=source, targets=())

    def write(self, text: str, name: str = "tests/test_it.py") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *files: Path, **options: object) -> SuiteRun:
        settings: dict[str, object] = {"module": self.module, "rootdir": self.root, **options}
        return run_suite(files, interpreter=find_interpreter(Path(sys.executable), self.root), **settings)  # type: ignore[arg-type]

    def mutant(self, line: int, original: str, replacement: str) -> Mutant:
        text = self.path.read_text().splitlines()[line - 1]
        column = text.index(original)
        return Mutant(
            operator="test",
            start=(line, column),
            end=(line, column + len(original)),
            original=original,
            replacement=replacement,
            scope=None,
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def names(run: SuiteRun) -> dict[str, str]:
    return {name.rpartition("::")[2]: outcome for name, outcome in run.results.items()}


def test_assertions_can_be_left_as_they_are_written(project: Project) -> None:
    file = project.write("def test_it():\n    assert '@pytest_ar' in globals()\n")

    assert set(project.run(file).results.values()) == {"passed"}
    assert set(project.run(file, rewrite=False).results.values()) == {"failed"}


def test_every_outcome_has_its_name(project: Project) -> None:
    run = project.run(
        project.write("""
import pytest

@pytest.fixture
def broken(): raise RuntimeError("no database")

@pytest.fixture
def broken_later():
    yield
    raise RuntimeError("cannot clean up")

def test_passes(): pass
def test_fails(): assert [1] == [2], "not the same"
def test_setup(broken): pass
def test_teardown(broken_later): pass
def test_skips(): pytest.skip("not today")
@pytest.mark.xfail
def test_expected(): assert False
@pytest.mark.parametrize("n", [1, 2])
def test_each(n): assert n == 1
""")
    )
    assert names(run) == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_setup": "error",
        "test_teardown": "error",
        "test_skips": "skipped",
        "test_expected": "xfailed",
        "test_each[1]": "passed",
        "test_each[2]": "failed",
    }
    assert run.messages["tests/test_it.py::test_fails"] == "AssertionError: not the same"
    assert run.messages["tests/test_it.py::test_setup"] == "RuntimeError: no database"
    assert run.crashed == ""
    assert run.with_result("failed") == ("tests/test_it.py::test_fails", "tests/test_it.py::test_each[2]")


def test_arcs_are_told_for_each_test(project: Project) -> None:
    run = project.run(project.write(TESTS))
    arcs = {name.rpartition("::")[2]: found for name, found in run.per_test.items()}
    assert arcs["test_low"] == {(-7, 8), (8, 9), (9, -7)}
    assert arcs["test_high"] == {(-7, 8), (8, 10), (10, 11), (11, -7)}
    assert (3, 4) in run.import_arcs
    assert run.arcs == run.import_arcs.union(*run.per_test.values())


def test_files_outside_of_the_project_are_named_from_their_common_folder(project: Project, tmp_path: Path) -> None:
    first, second = tmp_path / "new" / "test_a.py", tmp_path / "new" / "sub" / "test_b.py"
    second.parent.mkdir(parents=True)
    for file in (first, second):
        file.write_text("from pkg.shapes import double\ndef test_it(): assert double(1) == 2\n")
    run = project.run(first, second)
    assert run.results == {"test_a.py::test_it": "passed", "sub/test_b.py::test_it": "passed"}


def test_the_order_can_be_reversed(project: Project) -> None:
    file = project.write("def test_a(): pass\ndef test_b(): pass\n")
    assert list(names(project.run(file, reverse=True))) == ["test_b", "test_a"]


def test_the_hash_seed_is_what_was_asked_for(project: Project) -> None:
    file = project.write("def test_it(): assert False, hash('x')\n")
    messages = [tuple(project.run(file, hash_seed=seed, module=None).messages.values()) for seed in (1, 1, 2)]
    assert messages[0] == messages[1] != messages[2]


@pytest.mark.skipif(os.name == "nt", reason="crashes are POSIX's")
def test_crashes_and_hangs_are_found_and_the_rest_is_run(project: Project) -> None:
    run = project.run(
        project.write("""
import ctypes, os, time
def test_first(): pass
def test_exit(): os._exit(7)
def test_segfault(): ctypes.string_at(0)
def test_hang(): time.sleep(100)
def test_last(): pass
"""),
        test_timeout=1.0,
    )
    assert names(run) == {
        "test_first": "passed",
        "test_exit": "error",
        "test_segfault": "error",
        "test_hang": "error",
        "test_last": "passed",
    }
    assert "tests/test_it.py::test_exit: the process ended with exit status 7" in run.crashed
    assert "test_segfault: the process died by SIGSEGV" in run.crashed
    assert "test_hang: did not end within 1 s" in run.crashed


def test_the_whole_run_ends_in_time(project: Project) -> None:
    file = project.write("import time\n" + "".join(f"def test_{n}(): time.sleep(0.4)\n" for n in range(30)))
    started = time.monotonic()
    run = project.run(file, timeout=3.0)
    assert time.monotonic() - started < 6
    assert "the time for the suite is up" in run.crashed
    assert 0 < len(run.results) < 30


def test_a_file_that_cannot_be_collected_is_an_error_and_the_others_run(project: Project) -> None:
    bad = project.write("import no_such_module\n", "tests/test_bad.py")
    good = project.write("def test_it(): pass\n")
    run = project.run(bad, good)
    assert run.results == {"tests/test_bad.py": "error", "tests/test_it.py::test_it": "passed"}
    assert run.messages["tests/test_bad.py"] == "ModuleNotFoundError: No module named 'no_such_module'"


def test_exit_in_a_test_is_a_result(project: Project) -> None:
    run = project.run(project.write("import sys\ndef test_a(): sys.exit(3)\ndef test_b(): pass\n"))
    assert names(run) == {"test_a": "failed", "test_b": "passed"}


def test_nothing_is_written_next_to_the_tests(project: Project) -> None:
    before = sorted(project.root.rglob("*"))
    file = project.write("def test_it(tmp_path): (tmp_path / 'x').write_text('x')\n")
    assert names(project.run(file)) == {"test_it": "passed"}
    assert sorted(project.root.rglob("*")) == sorted([*before, file])


def test_tests_are_sandboxed(project: Project, tmp_path: Path) -> None:
    text = f"def test_it(): open({str(tmp_path / 'evil')!r}, 'w')\n"
    run = project.run(project.write(text))
    assert "blocked by qeforge" in run.messages["tests/test_it.py::test_it"]
    assert not (tmp_path / "evil").exists()
    assert "audit" in run.layers
    assert names(project.run(project.write(text), sandbox=False)) == {"test_it": "passed"}
    assert (tmp_path / "evil").exists()


@pytest.mark.skipif(not linux, reason="lenience needs namespaces")
def test_a_projects_own_tests_may_start_programs(project: Project) -> None:
    file = project.write("import subprocess\ndef test_it(): subprocess.run(['true'], check=True)\n")
    assert names(project.run(file)) == {"test_it": "failed"}
    run = project.run(file, lenient=True)
    assert names(run) == {"test_it": "passed" if "network-namespace" in run.layers else "failed"}


def test_options_that_get_in_the_way_are_dropped_and_the_rest_kept(project: Project) -> None:
    (project.root / "pyproject.toml").write_text("""
[tool.pytest.ini_options]
addopts = "--cov=pkg --no-such-option -x -m 'not slow' --import-mode=importlib"
markers = ["slow: slow"]
filterwarnings = ["error"]
cache_dir = ".mycache"
""")
    run = project.run(
        project.write("""
import pytest, sys, warnings
def test_fails(): assert False
def test_warns(): warnings.warn("careful")
@pytest.mark.slow
def test_slow(): pass
def test_imported_by_importlib(): assert not any(path.endswith("tests") for path in sys.path)
""")
    )
    assert names(run) == {"test_fails": "failed", "test_warns": "failed", "test_imported_by_importlib": "passed"}


def test_fixtures_of_conftest_files_elsewhere_are_seen(project: Project, tmp_path: Path) -> None:
    conftest = project.write(
        "import pytest, pathlib\n"
        "HERE = pathlib.Path(__file__).parent.name\n"
        "@pytest.fixture\ndef place(): return HERE\n",
        "tests/conftest.py",
    )
    new = tmp_path / "new" / "test_new.py"
    new.parent.mkdir()
    new.write_text("def test_it(place): assert place == 'tests'\n")
    assert names(project.run(new, conftests=[conftest])) == {"test_it": "passed"}
    assert names(project.run(new)) == {"test_it": "error"}


def test_hypothesis_is_imported_only_where_a_test_does(project: Project) -> None:
    run = project.run(project.write("import sys\ndef test_it(): assert 'hypothesis.core' not in sys.modules\n"))
    assert names(run) == {"test_it": "passed"}


def test_a_suite_without_tests_says_so(project: Project) -> None:
    assert project.run(project.write("X = 1\n")).crashed == "no tests were found"


def test_without_pytest_the_command_to_install_it_is_named(project: Project) -> None:
    interpreter = replace(find_interpreter(Path(sys.executable), project.root), has_pytest=False)
    with pytest.raises(UnavailableError) as caught:
        run_suite([], interpreter=interpreter, module=None, rootdir=project.root)
    assert caught.value.hint == f"{interpreter.path} -m pip install pytest"


pytest_score = pytest.mark.skipif(os.name == "nt", reason="mutants need fork")

MUTANTS = {
    "body": (8, "value < low", "value > low", Verdict.KILLED, "test_low"),
    "boundary": (8, "<", "<=", Verdict.SURVIVED, ""),
    "arithmetic": (16, "*", "**", Verdict.KILLED, "test_double"),
    "endless": (21, "count -= 1", "count -= 0", Verdict.TIMEOUT, "test_spin"),
    "method": (29, "= value", "= None", Verdict.KILLED, "test_twice"),
    "property": (33, "*", "+", Verdict.KILLED, "test_twice"),
    "class level": (26, "2", "3", Verdict.KILLED, "test_twice"),
    "module level": (3, "3", "4", Verdict.KILLED, "test_high"),
    "table": (4, "1", "2", Verdict.KILLED, "test_table"),
    "default": (7, "0", "1", Verdict.KILLED, "test_low"),
    "closure made at import": (38, "+", "-", Verdict.KILLED, "test_add_two"),
    "argument at import": (43, "2", "3", Verdict.KILLED, "test_add_two"),
    "not covered": (12, "value", "None", Verdict.NOT_COVERED, ""),
    "syntax": (16, "value", "value value", Verdict.INCOMPETENT, ""),
    "import fails": (3, "3", "unknown", Verdict.INCOMPETENT, ""),
}


@pytest_score
def test_mutants_get_their_verdicts(project: Project) -> None:
    file = project.write(TESTS)
    mutants = [project.mutant(*entry[:3]) for entry in MUTANTS.values()]
    results = score_suite(
        [file],
        interpreter=find_interpreter(Path(sys.executable), project.root),
        module=project.module,
        mutants=mutants,
        rootdir=project.root,
    )
    assert [result.mutant for result in results] == mutants
    got = {
        name: (result.verdict, result.killed_by.rpartition("::")[2])
        for name, result in zip(MUTANTS, results, strict=True)
    }
    assert got == {name: entry[3:] for name, entry in MUTANTS.items()}
    assert project.path.read_text() == CODE


@pytest_score
def test_failing_tests_kill_nothing(project: Project) -> None:
    file = project.write("from pkg.shapes import double\ndef test_wrong(): assert double(2) == 5\n")
    (result,) = score_suite(
        [file],
        interpreter=find_interpreter(Path(sys.executable), project.root),
        module=project.module,
        mutants=[project.mutant(16, "*", "+")],
        rootdir=project.root,
    )
    assert result.verdict is Verdict.NOT_COVERED


@pytest_score
def test_a_mutant_that_crashes_is_noticed(project: Project) -> None:
    file = project.write(TESTS)
    (result,) = score_suite(
        [file],
        interpreter=find_interpreter(Path(sys.executable), project.root),
        module=project.module,
        mutants=[project.mutant(16, "value * 2", "__import__('os')._exit(1)")],
        rootdir=project.root,
    )
    assert (result.verdict, result.killed_by) == (Verdict.KILLED, "tests/test_it.py::test_double")


@pytest_score
def test_a_module_that_a_conftest_imports_is_mutated_all_the_same(project: Project) -> None:
    project.write("import pkg.shapes\n", "tests/conftest.py")
    file = project.write(TESTS)
    results = score_suite(
        [file],
        interpreter=find_interpreter(Path(sys.executable), project.root),
        module=project.module,
        mutants=[project.mutant(3, "3", "4"), project.mutant(16, "*", "+")],
        rootdir=project.root,
    )
    assert [result.verdict for result in results] == [Verdict.KILLED, Verdict.KILLED]


@pytest_score
@pytest.mark.slow
def test_verdicts_agree_with_a_fresh_pytest_for_each_mutant(project: Project) -> None:
    file = project.write(TESTS)
    chosen = [name for name in MUTANTS if name not in ("endless", "syntax", "import fails")]
    mutants = [project.mutant(*MUTANTS[name][:3]) for name in chosen]
    results = score_suite(
        [file],
        interpreter=find_interpreter(Path(sys.executable), project.root),
        module=project.module,
        mutants=mutants,
        rootdir=project.root,
    )
    for name, mutant, result in zip(chosen, mutants, results, strict=True):
        lines = CODE.splitlines(keepends=True)
        line = lines[mutant.start[0] - 1]
        lines[mutant.start[0] - 1] = line[: mutant.start[1]] + mutant.replacement + line[mutant.end[1] :]
        project.path.write_text("".join(lines))
        done = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", str(file)],
            cwd=project.root,
            env={**os.environ, "PYTHONPATH": str(project.root / "src")},
            capture_output=True,
        )
        project.path.write_text(CODE)
        assert (done.returncode != 0) is (result.verdict is Verdict.KILLED), name
