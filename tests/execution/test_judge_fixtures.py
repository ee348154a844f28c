"""The project's own fixtures, as pytest would give them."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from qeforge.domain.observation import Outcome
from qeforge.execution.judge import ForkJudge
from tests.execution.judging import candidate, judging, source_of

OUTER = """
    import pytest

    events = []

    @pytest.fixture(autouse=True)
    def around():
        import sample
        sample.STATE.append("on")
        yield
        sample.STATE.clear()

    @pytest.fixture
    def number():
        return 3

    @pytest.fixture(name="word")
    def make_word(number):
        return "x" * number

    @pytest.fixture(scope="session")
    def file(tmp_path, word):
        path = tmp_path / "f.txt"
        path.write_text(word)
        yield path
        path.unlink()

    @pytest.fixture(params=[1, 2])
    def several(request):
        return request.param

    @pytest.fixture
    def broken():
        yield 1
        raise RuntimeError("teardown")
"""
INNER = """
    import pytest

    @pytest.fixture
    def number(number):
        return number + 1
"""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkJudge]:
    folder = tmp_path_factory.mktemp("project")
    outer, inner = folder / "tests" / "conftest.py", folder / "tests" / "deep" / "conftest.py"
    inner.parent.mkdir(parents=True)
    outer.write_text(textwrap.dedent(OUTER))
    inner.write_text(textwrap.dedent(INNER))
    source = "STATE = []\ndef read(path):\n    return path.read_text()\n"
    with judging(folder, source, conftests=(outer, inner)) as opened:
        yield opened


def test_their_names_are_told(judge: ForkJudge) -> None:
    assert judge.fixtures == ("around", "broken", "file", "number", "word")
    assert judge.notes == ()


@pytest.mark.parametrize(
    "act, fixtures, source",
    [
        ("number", ("number",), "4"),
        ("word", ("word",), "'xxxx'"),
        ("sample.read(file)", ("file",), "'xxxx'"),
        ("(file.parent == tmp_path, number)", ("file", "tmp_path", "number"), "(True, 4)"),
        ("list(sample.STATE)", (), "['on']"),
    ],
)
def test_they_are_made(judge: ForkJudge, act: str, fixtures: tuple[str, ...], source: str) -> None:
    for observe in (judge.run, judge.observe):
        assert source_of(observe([candidate(act, fixtures=fixtures)])[0]) == source


def test_they_are_taken_down(judge: ForkJudge) -> None:
    first, second = judge.run([candidate("sample.STATE[:]"), candidate("sample.STATE[:]")])

    assert source_of(first) == source_of(second) == "['on']"


@pytest.mark.parametrize(
    "name, message",
    [
        ("nowhere", "fixture 'nowhere' not found"),
        ("several", "fixture 'several' is parametrized"),
        ("broken", "teardown"),
    ],
)
def test_one_that_cannot_be_had_fails_the_arrangement(judge: ForkJudge, name: str, message: str) -> None:
    [observation] = judge.run([candidate("1", fixtures=(name,))])

    assert observation.outcome is Outcome.ARRANGE_FAILED
    assert observation.raised is not None
    assert observation.raised.message == message


def test_a_conftest_that_does_not_run_is_told(tmp_path: Path) -> None:
    conftest = tmp_path / "conftest.py"
    conftest.write_text("raise ValueError('no')\n")
    with judging(tmp_path, "x = 1", conftests=(conftest,)) as judge:
        assert judge.notes == (f"{conftest}: ValueError: no",)
