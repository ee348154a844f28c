import json
from dataclasses import replace

import pytest
from rich.console import Console

from qeforge.cli.learn_report import data_of, share, tables_of
from qeforge.learning.bench import Curve, Findings, Matrix
from qeforge.wiring.learning import Benched
from qeforge.wiring.rates import Rates

BEFORE = (0.2, 0.1)


def found(*, rates: bool = True) -> Benched:
    matrices = [
        Matrix(name=name, before=BEFORE, scores=((0.5, 0.2), (last, 0.4)))
        for name, scores in (("no penalty", (0.4, 0.42)), ("replay", (0.5, 0.52)))
        for last in scores
    ]
    findings = Findings(
        projects=("shop", "textkit"),
        trained=(6, 6),
        held_out=(2, 2),
        curves=(
            Curve(seed=5, losses=(1.0, 0.9, 0.8), seconds=4.0),
            Curve(seed=6, losses=(1.0, 1.1, 0.7), seconds=6.0),
        ),
        matrices=tuple(matrices),
    )
    one = Rates(questions=3, candidates=8, valid=5, goals=10, reached=2) if rates else None
    return Benched(findings=findings, off=one, on=one)


def printed(one: Benched) -> str:
    console = Console(width=140)
    with console.capture() as out:
        console.print(tables_of(one))
    return out.get()


def test_every_way_has_one_row_with_its_interval_and_its_matrix() -> None:
    text = printed(found())
    [plain] = [line for line in text.splitlines() if line.startswith("no penalty ")]
    assert plain.split()[2:6] == ["2", "82.0", "±", "25.4%"]
    assert "+0.2000 ± 0.0000" in plain
    [last] = [line for line in text.splitlines() if line.startswith("replay, after textkit")]
    assert last.split()[-2:] == ["0.5100", "0.4000"]
    assert [line.split()[:3] for line in text.splitlines() if line.startswith("seed ")] == [
        ["seed", "5", "1.0000"],
        ["seed", "6", "1.0000"],
    ]
    assert "5 of 8, 62%" in text
    assert "2.0 s" in text


def test_what_was_not_measured_is_not_printed() -> None:
    assert "valid candidates" not in printed(found(rates=False))


def test_what_was_known_when_the_other_side_was_left_out_is_printed() -> None:
    text = printed(replace(found(), on=None))
    assert [line.split()[0] for line in text.splitlines() if "5 of 8" in line] == ["without"]


def test_data_has_every_seed_and_the_intervals() -> None:
    data = json.loads(json.dumps(data_of(found())))
    assert [one["seed"] for one in data["findings"]["curves"]] == [5, 6]
    assert data["falls_at"] == [1, 2]
    assert data["retention"] == pytest.approx([0.8, 0.84, 1.0, 1.04])
    assert data["summary"]["replay"]["retention"]["mean"] == pytest.approx(1.02)


def test_a_share_has_an_interval_that_stays_within_all_and_nothing() -> None:
    assert share(5, 8) == "5 of 8, 62% (31%–86%)"
    assert share(0, 4).startswith("0 of 4, 0% (0%–")
    assert share(0, 0) == "–"
