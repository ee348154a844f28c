"""Every kind of target there is, and modules that fight back, in one run."""

import ast
import shutil
from pathlib import Path

import pytest

from tests.e2e.bench import SUBJECTS, Bench, Done, not_passed, pytest_results, tree, without_assertion
from tests.e2e.conftest import Share

pytestmark = pytest.mark.slow

HARD = {"hostile", "import_exits", "import_fails", "import_hangs"}
TARGETS = {path.stem for path in SUBJECTS.glob("*.py")} - HARD


def run_all(bench: Bench) -> Done:
    project = bench.project("things", {})
    for path in SUBJECTS.glob("*.py"):
        shutil.copy(path, project)
    for precious in (bench.home / "precious" / "diary.txt", bench.home / "precious.txt", project / "precious.txt"):
        precious.parent.mkdir(exist_ok=True)
        precious.write_text("precious", encoding="utf-8")
    return bench(
        *("generate", project, "--out", project / "out", "--max-time=3", "--json"),
        environ={"SECRET_TOKEN": "hunter2hunter2"},
    )


@pytest.fixture
def run(share: Share) -> tuple[Bench, Done]:
    return share("subjects", run_all)


def test_every_kind_of_target_gets_a_suite_that_passes(run: tuple[Bench, Done]) -> None:
    bench, done = run
    project = bench.root / "things"
    suites = sorted((project / "out").glob("test_*.py"))

    assert done.code == 0
    # One or two may find nothing in so little time on a busy machine; that most do is what matters.
    assert len({path.stem.removeprefix("test_") for path in suites} & TARGETS) >= len(TARGETS) - 2
    for seed, backwards in ((3, False), (4242, True)):
        results, _ = pytest_results(suites, cwd=project, hash_seed=seed, backwards=backwards)
        assert not_passed(results) == {}
    for suite in suites:
        assert without_assertion(suite.read_text(encoding="utf-8")) == []


def test_what_cannot_be_imported_is_told_in_one_line_and_the_run_goes_on(run: tuple[Bench, Done]) -> None:
    _, done = run
    reasons = done.reasons()

    assert {module for module, action in done.actions().items() if action == "skipped"} >= HARD - {"hostile"}
    assert reasons["import_fails"].startswith("RuntimeError: the limit in RAW must be a number")
    assert reasons["import_exits"].startswith("it exits on import (SystemExit: 2)")
    assert reasons["import_hangs"] == "importing it takes more than 5 s"
    assert all(len(reason.splitlines()) <= 1 for reason in reasons.values())
    assert done.err == ""


def test_hostile_code_harms_nothing_and_nothing_is_left_behind(run: tuple[Bench, Done]) -> None:
    bench, _ = run
    things = {path: text for path, text in tree(bench.root).items() if not path.startswith(("data/", "pytest-"))}
    sources = {f"things/{path.name}" for path in SUBJECTS.glob("*.py")}
    precious = {"things/precious.txt", "home/precious/diary.txt", "home/precious.txt"}
    known = {"done.json", "things/pyproject.toml"} | precious

    assert {path for path in things if not path.startswith("things/out/test_")} == sources | known
    assert {things[path] for path in precious} == {b"precious"}
    assert bench.left() == []


def test_no_secret_of_the_environment_is_in_a_suite_or_a_record(run: tuple[Bench, Done]) -> None:
    bench, done = run

    assert [path for path, text in tree(bench.root).items() if b"hunter2" in text] == []
    assert "hunter2" not in done.out


def test_suites_name_neither_the_machine_nor_its_folders(run: tuple[Bench, Done]) -> None:
    bench, _ = run
    for suite in (bench.root / "things" / "out").glob("test_*.py"):
        text = suite.read_text(encoding="utf-8")
        assert str(bench.root) not in text
        assert str(Path.home()) + "/" not in text
        ast.parse(text, feature_version=(3, 10))
