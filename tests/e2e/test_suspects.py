"""A module whose docstrings lie, from the command line to failing tests and back."""

from pathlib import Path

import pytest

from tests.e2e.bench import Bench, Done, not_passed, pytest_results

pytestmark = pytest.mark.slow

LIAR = '''\
"""Shares of things."""


class Empty(Exception):
    """Nothing is there."""


def take(items: list[str], count: int) -> list[str]:
    """The first few.

    >>> take(["a", "b"], 1)
    ['a']

    Raises:
        ValueError: If `count` is negative.
    """
    return items[:count]


def mean(values: list[float]) -> float:
    """What is in the middle.

    :raises ValueError: if values is empty
    """
    return sum(values) / len(values)


def shout(text: str) -> str:
    """In capitals. Raises `Empty` if the text is empty.

    >>> shout("ab")
    'Ab'
    """
    return text.upper()


def half(number: int) -> float:
    """A half of it.

    >>> half(3)
    1.5

    Raises
    ------
    ValueError
        If number is negative.
    """
    if number < 0:
        raise ValueError("nothing to halve")
    return number / 2
'''
HONEST = (
    ("return items[:count]", 'if count < 0:\n        raise ValueError("too few")\n    return items[:count]'),
    (":raises ValueError", ":raises ZeroDivisionError"),
    (" Raises `Empty` if the text is empty.", ""),
    ("'Ab'", "'AB'"),
)
FOUND = {
    ("take(['abc'], -1)", "ValueError", "returned []"),
    ("mean([])", "ValueError", "raised ZeroDivisionError: division by zero"),
    ("shout('ab')", "'Ab'", "returned 'AB'"),
    ("shout('')", "Empty", "returned ''"),
}


@pytest.fixture
def project(bench: Bench) -> Path:
    options = "[tool.pytest.ini_options]\npythonpath = ['src']\n"
    return bench.project("shares", {"pyproject.toml": options, "src/shares.py": LIAR})


def listed(done: Done) -> set[tuple[str, str, str]]:
    assert done.code == 0
    return {(one["act"], one["expected"], one["observed"]) for one in done.data["suspects"]}


def test_lies_are_told_listed_written_and_forgotten_when_they_are_mended(bench: Bench, project: Path) -> None:
    first = bench("generate", "src", "--max-time=5", cwd=project)
    assert first.code == 0
    assert "4 suspects: `qeforge suspects` lists them again; --suspects-as-tests writes them" in first.err
    assert listed(bench("suspects", "--json", cwd=project)) == FOUND
    suite, file = project / "tests" / "test_shares.py", project / "tests" / "test_shares_suspects.py"
    assert not file.exists()

    again = bench("generate", "src", "--max-time=5", "--suspects-as-tests", "--json", cwd=project)
    [module] = again.data["modules"]
    assert (module["cached"], module["suspect_tests"]) == (True, str(file))
    wrong, _ = pytest_results([file], cwd=project)
    assert sorted(name.partition("::")[2] for name in wrong) == [
        *("test_mean_suspect", "test_shout_suspect", "test_shout_suspect_2", "test_take_suspect"),
    ]
    assert set(wrong.values()) == {"failure"}
    right, _ = pytest_results([suite], cwd=project)
    assert not_passed(right) == {}
    text = suite.read_text(encoding="utf-8")
    assert "# as the docstring says; " in text
    assert "half(-1)" in text
    for act, _, _ in FOUND:
        assert act.replace("'", '"') not in text

    assert bench("check", "src", cwd=project).code == 0
    [scored] = bench("score", "src", "--json", cwd=project).data["modules"]
    assert scored["score"]["failing"] == 0

    source = LIAR
    for lie, truth in HONEST:
        assert lie in source
        source = source.replace(lie, truth)
    (project / "src" / "shares.py").write_text(source, encoding="utf-8")
    assert listed(bench("suspects", "--json", cwd=project)) == set()
    last = bench("generate", "src", "--max-time=5", "--json", cwd=project)
    assert [one["suspects"] for one in last.data["modules"]] == [[]]
    assert not file.exists()
    assert listed(bench("suspects", "--json", "src/shares.py", cwd=project)) == set()
    assert bench.left() == []


def test_a_dry_run_shows_the_file_and_writes_none(bench: Bench, project: Path) -> None:
    done = bench("generate", "src", "--max-time=2", "--suspects-as-tests", "--dry-run", cwd=project)
    assert done.code == 0
    assert "+++ b/tests/test_shares_suspects.py" in done.out
    assert not (project / "tests").exists()


def test_nothing_to_list_is_no_failure(bench: Bench, project: Path) -> None:
    done = bench("suspects", cwd=project)
    assert (done.code, done.out, done.err) == (0, "", "no suspects\n")
    assert bench("suspects", "nowhere", cwd=project).complaint.startswith("nowhere: no such file or folder")
