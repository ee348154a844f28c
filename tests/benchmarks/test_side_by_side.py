"""The side-by-side scripts in their small mode: from a run to raw results, tables, plots and a page.

Peers, mutants and drawing are replaced, since nothing can be installed here; qeforge and all measuring are real.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ablation
import compare
import pytest
from rig.charts import Chart
from rig.command import Doors
from rig.metered import Usage
from rig.records import Record
from rig.tools import Generated, Job

MIXED_SUITE = """\
import os

import pytest
from textkit.formatting import truncate


def test_short_text_is_kept():
    assert truncate("abc", 5) == "abc"


def test_wrong():
    assert truncate("abc", 5) == "abcd"


@pytest.mark.xfail(strict=True)
def test_expected_to_fail():
    assert truncate("abc", 5) == "abcd"


def test_depends_on_the_hash_seed():
    assert os.environ["PYTHONHASHSEED"] == "0"


def test_without_assertion():
    truncate("abc", 5)
"""
PAGE = "".join(f"<!-- {name}:begin -->\nold\n<!-- {name}:end -->\n" for name in ("compare", "ablation"))


@dataclass
class FakePeer:
    """Writes the same suite for every module, and counts how often it was asked."""

    suite: str = MIXED_SUITE
    name: str = "peer"
    version: str = "1"
    asked: list[str] = field(default_factory=list)

    def generate(self, job: Job) -> Generated:
        self.asked.append(job.subject.module)
        if self.suite:
            (job.suite / "test_peer.py").write_text(self.suite, encoding="utf-8")
        usage = Usage(code=0, timed_out=False, wall=1.0, cpu=1.0, memory_mb=10.0, left_over=0)
        return Generated(usage=usage, note="" if self.suite else "exit code 1: nothing to test")


def two_mutants(python: Path, source: Path, count: int) -> tuple[Mapping[str, Any], ...]:
    """One that any call notices, and one that nobody can."""
    text = source.read_text(encoding="utf-8")
    return ({"text": f"{text}\n\ndef truncate(*args):\n    return None\n"}, {"text": f"{text}\n# the same\n"})


def draw(charts: Sequence[Chart], folder: Path) -> None:
    folder.mkdir()
    for chart in charts:
        (folder / chart["file"]).write_text(json.dumps(chart), encoding="utf-8")


@pytest.fixture
def common(tmp_path: Path) -> list[str]:
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    words = ["--small", "--envs", str(tmp_path / "none"), "--results", str(tmp_path / "results"), "--docs", str(page)]
    return [*words, "--measure-jobs", "1"]


def of(records: Sequence[Record], tool: str) -> Record:
    [found] = [record for record in records if record.tool == tool]
    return found


@pytest.mark.slow
def test_a_comparison_from_run_to_page(tmp_path: Path, common: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    doors = Doors(peers=[FakePeer()], sampler=two_mutants, draw=draw)
    records = compare.main([*common, "--tools", "qeforge", "--suites", str(tmp_path / "suites")], doors)

    ours = of(records, "qeforge")
    assert ours.measures.tests == ours.measures.passed > 0, ours.note
    assert ours.measures.reached > 0.5
    assert ours.measures.without_assertion == ours.measures.flaky == ours.usage.left_over == 0
    assert ours.own is not None
    assert ours.rounds

    theirs = of(records, "peer").measures
    assert (theirs.tests, theirs.passed, theirs.failed, theirs.xfail, theirs.flaky) == (5, 3, 1, 1, 1)
    assert (theirs.functions, theirs.assertions, theirs.without_assertion) == (5, 4, 1)
    assert 0 < theirs.reached < ours.measures.reached
    assert theirs.causes["function never entered"] > 10
    assert (theirs.mutants, theirs.killed) == (2, 1)

    printed = capsys.readouterr().out
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| peer, 5 s | 1 |" in printed
    assert "| peer, 5 s | 1 |" in page
    assert "old" in page.partition("ablation:begin")[2]
    assert "![Wall time in seconds](figures/wall.svg)" in page
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"coverage.svg", "mutation.svg", "wall.svg"}
    assert (tmp_path / "suites" / "peer" / "textkit.formatting@5s-seed0" / "test_peer.py").exists()


@pytest.mark.slow
def test_what_is_there_is_not_done_again(tmp_path: Path, common: list[str]) -> None:
    peer = FakePeer(suite="")
    doors = Doors(peers=[peer], sampler=two_mutants, draw=draw)
    arguments = [*common[:-4], "--tools", ""]
    [first] = compare.main(arguments, doors)
    [second] = compare.main(arguments, doors)
    assert first == second
    assert peer.asked == ["textkit.formatting"]
    assert first.note == "exit code 1: nothing to test"
    assert (first.measures.tests, first.measures.mutants, first.measures.killed) == (0, 2, 0)
    assert 0 < first.measures.reached < 0.5, "importing the module reaches something"
    peer.version = "2"
    compare.main(arguments, doors)
    assert len(peer.asked) == 2
    lines = (tmp_path / "results" / "compare.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["version"] for line in lines] == ["2"]


@pytest.mark.slow
def test_suites_are_written_in_one_run_and_measured_in_another(tmp_path: Path, common: list[str]) -> None:
    peer = FakePeer()
    doors = Doors(peers=[peer], sampler=two_mutants, draw=draw)
    arguments = [*common[:-4], "--tools", ""]
    assert compare.main([*arguments, "--phase", "measure"], doors) == []
    assert compare.main([*arguments, "--phase", "generate"], doors) == []
    assert (tmp_path / "results" / "suites" / "peer" / "textkit.formatting@5s-seed0" / "test_peer.py").exists()
    peer.version = "2"
    [record] = compare.main([*arguments, "--phase", "measure"], doors)
    assert (record.measures.tests, record.usage.wall) == (5, 1.0)
    assert record.version == "1", "that of the tool when it wrote the suite"
    assert peer.asked == ["textkit.formatting"]


@pytest.mark.slow
def test_an_ablation_by_counted_work_runs_with_and_without(
    tmp_path: Path, common: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    doors = Doors(sampler=two_mutants, draw=draw)
    records = ablation.main([*common, "--capabilities", "shrink", "--counted", "--jobs", "2"], doors)
    assert [record.tool for record in records] == ["qeforge", "qeforge without shrink"]
    for record in records:
        assert record.own is not None
        assert record.own["stop"] != "time", "what is counted is not cut by the clock"
        assert record.own["reached"] > 0.5
        assert record.measures.functions > 0
        assert record.measures.size == 0, "nobody else measured"
    printed = capsys.readouterr().out
    assert "in percentage points, counted work" in printed
    assert "| shrink | 1 |" in printed
    assert (tmp_path / "results" / "ablation-counted.jsonl").exists()
    assert (tmp_path / "figures" / "ablation.svg").exists()


@pytest.mark.parametrize(
    "script, arguments, expected",
    [
        (compare, ["--tools", "nobody"], "nobody: no such tool"),
        (compare, ["--subjects", "nothing.here"], "nothing.here: no such module, package or group"),
        (compare, ["--use", "judge"], "--use judge: NAME=PYTHON"),
        (ablation, ["--capabilities", "flying"], "flying: no such capability"),
    ],
)
def test_wrong_words_are_one_line(script: Any, arguments: list[str], expected: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        script.main([*arguments, "--no-install", "--envs", str(tmp_path), "--results", str(tmp_path)])
    assert str(caught.value).startswith(expected)


def test_without_the_judges_environment_nothing_is_measured(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no environment for judge"):
        compare.main(["--no-install", "--envs", str(tmp_path), "--results", str(tmp_path), "--subjects", "small"])
    assert list(tmp_path.iterdir()) == []
