"""The sample projects from source to suites, and the suites under plain pytest."""

import ast
import io
import shutil
import tokenize
from dataclasses import dataclass
from pathlib import Path

import pytest

from qeforge.codegen.header import read_header
from tests.e2e.bench import SAMPLES, Bench, Done, not_passed, pytest_results, tree, without_assertion
from tests.e2e.conftest import Share

pytestmark = pytest.mark.slow

LEAST = {"textkit": 0.6, "ledger": 0.35, "fetcher": 0.5}
"""Lines and branches that a suite written in very little time on a busy machine still reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A generated sample project."""

    name: str
    bench: Bench
    project: Path
    done: Done

    @property
    def suites(self) -> list[Path]:
        """What was written."""
        return [Path(m["suite"]) for m in self.done.data["modules"] if m["action"] == "written"]


def copy_of(name: str, to: Path) -> Path:
    return Path(
        shutil.copytree(
            SAMPLES / name, to / name, ignore=shutil.ignore_patterns("__pycache__", ".*cache", "*_generated.py")
        )
    )


def generated(name: str, share: Share) -> Sample:
    """Once for all tests."""

    def generate(bench: Bench) -> Done:
        return bench("generate", copy_of(name, bench.root) / "src", "--json", "--max-time=4")

    bench, done = share(name, generate)
    return Sample(name=name, bench=bench, project=bench.root / name, done=done)


@pytest.fixture(params=list(LEAST))
def sample(request: pytest.FixtureRequest, share: Share) -> Sample:
    return generated(request.param, share)


def test_suites_pass_in_two_orders_with_other_hash_seeds_and_reach_much(sample: Sample) -> None:
    assert sample.done.code == 0
    assert sample.suites
    tests = sorted(sample.project.rglob("test_*.py"))  # hand-written ones of the project beside ours

    forwards, reached = pytest_results(tests, cwd=sample.project, hash_seed=1, cover=sample.name)
    backwards, _ = pytest_results(tests, cwd=sample.project, hash_seed=77, backwards=True)

    assert not_passed(forwards) == {}
    assert not_passed(backwards) == {}
    assert len(forwards) >= 20
    assert reached >= LEAST[sample.name]


def test_every_test_checks_something_and_none_is_excused(sample: Sample) -> None:
    for suite in sample.suites:
        text = suite.read_text(encoding="utf-8")
        header = read_header(text)
        assert header is not None
        assert not header.edited
        assert without_assertion(text) == []
        assert "xfail" not in text
        assert "skip" not in {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
        assert str(sample.bench.root) not in text
        assert "qeforge" not in {name.partition(".")[0] for name in imported(text)}


def imported(text: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_only_suites_are_new_and_nothing_else_changed(sample: Sample, tmp_path: Path) -> None:
    before = tree(copy_of(sample.name, tmp_path))
    after = tree(sample.project)
    new = {str(path.relative_to(sample.project)) for path in sample.suites}

    assert {path: text for path, text in after.items() if path not in new} == before
    assert sample.bench.left() == []


def test_the_style_of_the_project_is_followed_and_its_tests_are_not_touched(share: Share) -> None:
    fetcher = generated("fetcher", share)

    for part in ("retry", "cache", "client", "settings"):
        name = f"test_{part}.py"
        theirs = SAMPLES / "fetcher" / "tests" / name
        assert (fetcher.project / "tests" / name).read_bytes() == theirs.read_bytes()
        assert name not in {path.name for path in fetcher.suites}
    for suite in fetcher.suites:
        text = suite.read_text(encoding="utf-8")
        assert max(map(len, text.splitlines())) <= 120
        strings = [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.STRING]
        assert [s for s in strings if s.startswith('"') and not s.startswith('"""') and "'" not in s] == []


def test_what_existing_tests_reach_is_not_tested_again(share: Share) -> None:
    assert generated("fetcher", share).done.actions()["fetcher.settings"] == "nothing open"


def test_a_contradicted_example_is_a_suspect_and_in_no_test(share: Share) -> None:
    textkit = generated("textkit", share)
    suspects = [suspect for module in textkit.done.data["modules"] for suspect in module["suspects"]]

    assert [(s["target"], s["expected"]) for s in suspects] == [("textkit.formatting:truncate", "'incompre...'")]
    assert "incompre" not in "".join(path.read_text(encoding="utf-8") for path in textkit.suites)


def test_an_update_right_after_finds_nothing_to_do(share: Share) -> None:
    textkit = generated("textkit", share)
    again = textkit.bench("generate", textkit.project / "src", "--update", "--json", "--max-time=4", "--dry-run")

    assert {a for module, a in again.actions().items() if module != "textkit"} == {"unchanged"}
