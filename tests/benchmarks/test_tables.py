"""Records as tables, and what the figures in them are."""

import pytest
from rig import ablation_table, charts, refinement_table, tables
from rig.subjects import load

from .records import record

ROUNDS = tuple({"number": n, "quality": q, "seconds": 2.0} for n, q in enumerate((0.5, 0.8, 0.801), 1))


def test_overall_weighs_modules_by_their_size() -> None:
    small = record(measures={"statements": 10, "covered_lines": 10, "branches": 0, "covered_branches": 0})
    assert tables.overall([small, record()]) == pytest.approx(90 / 110)
    assert tables.overall([]) is None


def test_a_summary_has_a_line_for_each_tool_and_budget_qeforge_first() -> None:
    rows = tables.summary([record("pynguin", measures={"xfail": 3, "passed": 7}), record(), record(budget=60.0)])
    body = rows.splitlines()[2:]
    assert [line.split("|")[1].strip() for line in body] == ["qeforge, 10 s", "qeforge, 60 s", "pynguin, 10 s"]
    assert body[0].split("|")[2:9] == [" 1 ", " 80.0 ", " 80.0 ", " 75.0 ", " 10 ", " 100.0 ", " 0 "]
    assert body[2].split("|")[7].strip() == "70.0"


def test_only_shared_modules_stand_side_by_side() -> None:
    text = tables.side_by_side([record(), record("pynguin"), record(module="alone")])
    assert "inflection: pynguin" in text
    assert "alone" not in text
    assert tables.side_by_side([record()]) == ""


def test_wall_time_as_a_ratio() -> None:
    text = tables.wall_ratio([record(), record("pynguin", usage={"wall": 180.0})])
    assert "median 0.05, largest 0.05" in text
    assert tables.wall_ratio([record()]) == ""


def test_causes_are_shares_of_the_missing_lines() -> None:
    text = tables.causes([record(measures={"causes": {"branch not taken": 3, "except handler": 1}})])
    assert text.splitlines()[2] == "| qeforge, 10 s | 4 | 0.0 | 0.0 | 75.0 | 25.0 | 0.0 |"


def test_published_figures_are_weighted_by_their_own_sizes() -> None:
    subjects = load().subjects
    text = tables.published([record(module="sty.lib"), record(module="sty.primitive"), record()], subjects)
    row = next(line for line in text.splitlines() if line.startswith("| sty |"))
    expected = (100.0 * 23 + 96.8 * 126) / 149
    assert row.split("|")[3:6] == [" 80.0 ", " 100.0 ", f" {expected:.1f} "]
    assert tables.published([record(module="textkit.parsing")], subjects) == ""


def test_what_has_no_suite_is_told_with_the_reason() -> None:
    text = tables.failures([record(), record(note="exit code 1: no", measures={"tests": 0})])
    assert text == "- inflection: qeforge at 10 s: exit code 1: no"


def test_ablation_compares_the_same_seeds() -> None:
    base = [record(seed=seed, own={"quality": 0.8, "mutation": 0.7}) for seed in (0, 1)]
    less = [record("qeforge without repair", seed=seed, own={"quality": 0.6, "mutation": 0.5}) for seed in (1, 2)]
    found = ablation_table.difference([*base, *less], "qeforge without repair", ablation_table.quality)
    assert found is not None
    assert found.mean == pytest.approx(-20.0)
    assert (found.worse, found.better) == (1, 0)
    assert "| repair | 1 | +0.0 ± 0.0 | -20.0 ± 0.0 | -20.0 ± 0.0 | 1/0 |" in ablation_table.table([*base, *less])
    [chart] = charts.ablation([*base, *less])
    assert chart["labels"] == ["repair"]


def test_a_change_within_the_noise_of_seeds_is_neither_better_nor_worse() -> None:
    base = [record(seed=seed, own={"quality": q}) for seed, q in enumerate((0.5, 0.9))]
    less = [record("qeforge without fakes", seed=seed, own={"quality": q}) for seed, q in enumerate((0.55, 0.75))]
    found = ablation_table.difference([*base, *less], "qeforge without fakes", ablation_table.quality)
    assert found is not None
    assert found.mean == pytest.approx(-5.0)
    assert (found.worse, found.better) == (0, 0)
    assert ablation_table.noises(base) == pytest.approx(28.28, abs=0.01)


def test_there_is_no_ablation_without_a_baseline() -> None:
    assert ablation_table.table([record("qeforge without repair")]) == ""


def test_refinement_settles_when_rounds_gain_nothing_to_speak_of() -> None:
    assert refinement_table.settled(ROUNDS) == 2
    assert refinement_table.settled(()) == 0


@pytest.mark.parametrize("wanted, expected", [(0.5, 2.0), (0.6, 4.0), (0.9, None)])
def test_time_to_a_quality(wanted: float, expected: float | None) -> None:
    assert refinement_table.seconds_to(ROUNDS, wanted) == expected


def test_refinement_beside_a_single_pass() -> None:
    single = record("qeforge single pass", own={"quality": 0.5}, rounds=ROUNDS[:1])
    refined = record(own={"quality": 0.8}, rounds=ROUNDS)
    text = refinement_table.table([single, refined])
    assert text.splitlines()[2] == "| inflection | 50.0 | 80.0 | +60.0 | 3.0 | 2.0 | 2.0 (1 of 1) | 2.0 |"
    assert refinement_table.table([refined]) == ""
    [chart] = charts.refinement([refined])
    assert [quality for _, quality in chart["series"]["qeforge"]] == pytest.approx([50.0, 80.0, 80.1])


def test_charts_show_what_is_there() -> None:
    records = [record(module="inflection"), record("pynguin"), record(budget=60.0), record(module="sty.lib")]
    made = {chart["file"]: chart for chart in charts.comparison(records, load().subjects)}
    assert sorted(made) == ["coverage.svg", "mutation.svg", "over-time.svg", "packages.svg", "wall.svg"]
    assert made["over-time.svg"]["series"] == {"qeforge, 1 modules": [[10.0, 80.0], [60.0, 80.0]]}
    assert made["coverage.svg"]["labels"] == ["inflection"]
    assert charts.comparison([record()], {}) == []
