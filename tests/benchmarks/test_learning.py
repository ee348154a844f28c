"""Answers that are collected to learn from, and seeds of the bench of learning as one."""

import json
import sys
from pathlib import Path
from typing import Any

import answers
import learning
import pytest

from qeforge.domain.target import Target
from qeforge.learning.data import is_held_out
from qeforge.memory.examples import SqliteExamples
from qeforge.memory.store import NAME, Store
from tests.learning.tiny import CODE, Echo


@pytest.mark.slow
def test_what_meets_a_goal_first_is_accepted_and_known_targets_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "prices.py").write_text(CODE, encoding="utf-8")
    store = SqliteExamples(Store(tmp_path / NAME))
    model = Echo("1)\nsign(2)\nsign(-1)\nsign('')\n")
    limits: dict[str, Any] = {"python": Path(sys.executable), "times": 1, "limit": 60.0, "budget": 300}
    row = answers.collected(folder, model, store, **limits)
    assert row == {"targets": 1, "answers": 1, "accepted": 1}
    [kept] = store.all()
    assert (kept.project, kept.target, kept.kept) == ("shop", "prices:sign", 2)
    assert kept.accepted == "1)\nsign(-1)\n```"
    assert kept.rejected == ("sign(2)", "sign('')")
    assert answers.collected(folder, model, store, **limits)["targets"] == 0
    assert model.asked == 1


def test_targets_that_will_be_held_out_come_by_turns() -> None:
    class Named:
        def __init__(self, name: str) -> None:
            self.id = name

    targets: Any = [Named(f"shop.m:f{number}") for number in range(30)]
    found: list[Target] = answers.by_turns("shop", targets)
    assert sorted(one.id for one in found) == sorted(one.id for one in targets)
    assert [is_held_out("shop", one.id) for one in found[:6]] == [False, False, True] * 2


def line(seed: int | str, last: float) -> dict[str, Any]:
    matrix = {"name": "replay", "before": [0.1, 0.1], "scores": [[0.5, 0.2], [last, 0.6]]}
    findings = {
        "projects": ["shop", "textkit"],
        "trained": [4, 4],
        "held_out": [2, 2],
        "curves": [{"losses": [1.0, 0.5], "seconds": 2.0}],
        "matrices": [matrix],
        "cut": False,
    }
    nothing: dict[str, Any] = {name: False if name == "cut" else [] for name in findings}
    rates = {"questions": 2, "candidates": 4, "valid": 3, "goals": 5, "reached": 1}
    one = {"model": "small", "seed": seed, "settings": ["--steps", "1"], "findings": findings, "off": None, "on": None}
    return one if seed != learning.ANSWERS else {**one, "findings": nothing, "off": rates, "on": rates}


def test_seeds_that_were_kept_become_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = tmp_path / "learning.jsonl"
    lines = [line(1, 0.5), line(learning.ANSWERS, 0.0), line(0, 0.45)]
    results.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    learning.main(["--results", str(results), "--only-tables"])
    text = capsys.readouterr().out
    assert text.startswith("small: shop 4+2, textkit 4+2; --steps 1\n")
    assert [row.split()[1] for row in text.splitlines() if row.startswith("seed ")] == ["0", "1"]
    assert "95.0 ± 63.5%" in text
    assert text.count("3 of 4, 75%") == 2


def test_without_a_model_it_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QEFORGE_LOCAL_MODEL", raising=False)
    with pytest.raises(SystemExit, match="needs QEFORGE_LOCAL_MODEL"):
        learning.main(["--results", str(tmp_path / "none.jsonl")])
