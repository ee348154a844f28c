import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.score import Score
from qeforge.domain.trajectory import Round, Route, Stop, Trajectory
from qeforge.refinement.record import append, data_dir

ONE = Trajectory(
    module="shop.cart",
    digest="abc",
    seed=3,
    version="0",
    python="3.11.0",
    route=Route(proposers=("recipes", "native"), reason="native is free", executions=64),
    rounds=(
        Round(
            number=1,
            proposers=("native",),
            offered=64,
            kept=5,
            open_goals=1,
            open_mutants=2,
            quality=0.5,
            seconds=0.1,
        ),
    ),
    stop=Stop.PLATEAU,
    score=Score(line=1.0, branch=0.5, mutation=None),
    accepted=("from shop import f\n\nf('ü')",),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "not" / "there yet"
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(place))
    return place


def lines(folder: Path) -> list[dict[str, object]]:
    text = (folder / "trajectories.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_each_run_is_a_line_that_tells_all(folder: Path) -> None:
    assert append(ONE) == ""
    [line] = lines(folder)
    assert line["module"] == "shop.cart"
    assert line["stop"] == "plateau"
    assert line["rounds"] == [
        {
            "number": 1,
            "proposers": ["native"],
            "offered": 64,
            "kept": 5,
            "open_goals": 1,
            "open_mutants": 2,
            "quality": 0.5,
            "seconds": 0.1,
        }
    ]
    assert line["accepted"] == ["from shop import f\n\nf('ü')"]


def test_what_is_there_stays(folder: Path) -> None:
    append(ONE)
    before = (folder / "trajectories.jsonl").read_bytes()
    append(replace(ONE, module="shop.tax"))
    after = (folder / "trajectories.jsonl").read_bytes()
    assert after.startswith(before)
    assert [line["module"] for line in lines(folder)] == ["shop.cart", "shop.tax"]


def test_long_lines_of_several_writers_do_not_mix(folder: Path) -> None:
    long = [replace(ONE, module=f"m{number}", accepted=(str(number) * 100_000,)) for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(append, long)) == [""] * 8
    assert sorted(str(line["module"]) for line in lines(folder)) == [f"m{number}" for number in range(8)]


def test_text_that_no_file_can_hold_is_written_as_an_escape(folder: Path) -> None:
    assert append(replace(ONE, accepted=("f('\ud800')",))) == ""
    assert lines(folder)[0]["accepted"] == ["f('\ud800')"]


def test_a_folder_that_cannot_be_written_gives_a_note_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "file"))
    note = append(ONE)
    assert note.startswith(f"trajectory not recorded in {tmp_path / 'file' / 'trajectories.jsonl'}: ")
    assert "\n" not in note


def test_without_the_variable_it_is_the_platforms_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QEFORGE_DATA_DIR", raising=False)
    assert data_dir().name == "qeforge"
    assert data_dir().is_absolute()
