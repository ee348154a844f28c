"""The table of figures to reach, from made-up results."""

from typing import Any

import pytest
from rig.reach import Figure, Results, figures, missing, table
from rig.records import Record
from rig.subjects import Subject, load

from .records import record

SUBJECTS = load().subjects
PUBLIC = sorted(name for name, subject in SUBJECTS.items() if subject.published is not None)
USAGE = {"code": 0, "timed_out": False, "wall": 300.0, "cpu": 500.0, "memory_mb": 400.0, "left_over": 0}


def everything(budget: float = 10.0, **others: Any) -> list[Record]:
    return [record(module=name, budget=budget, **others) for name in PUBLIC]


def results(
    compared: list[Record] | None = None, refined: list[Record] | None = None, whole: dict[str, Any] | None = None
) -> Results:
    subjects: dict[str, Subject] = dict(SUBJECTS)
    return Results(compared=compared or [], refined=refined or [], whole=whole, subjects=subjects)


def of(found: Results, words: str) -> Figure:
    [one] = [figure for figure in figures(found) if words in figure.measure]
    return one


def whole(**others: Any) -> dict[str, Any]:
    modules = [{"module": "a", "tests": 3, "reason": ""}, {"module": "b", "tests": 0, "reason": "nothing to call"}]
    nothing: dict[str, list[str]] = {name: [] for name in ("errors", "left_in_tmp", "changed_in_package")}
    verdicts = {"tests": 3, "failing": [], "flaky": []}
    return {"package": "p==1", "jobs": 2, "modules": modules, "usage": USAGE, **nothing, **verdicts, **others}


@pytest.mark.parametrize("covered, met", [(54, True), (53, False)])
def test_coverage_of_all_modules(covered: int, met: bool) -> None:
    figure = of(results(everything(measures={"covered_lines": covered})), "overall line+branch, 10 s")
    assert figure.met is met
    assert figure.reached == f"{covered + 26:.1f} % of 43 modules"
    assert figure.cause == (
        ""
        if met
        else "258 lines: branch not taken 100 %; most in typesystem.tokenize.tokens 6, "
        "typesystem.tokenize.tokenize_yaml 6, typesystem.tokenize.tokenize_json 6, "
        "typesystem.tokenize.positional_validation 6"
    )


def test_a_run_over_some_modules_has_no_verdict() -> None:
    figure = of(results(everything()[:5]), "overall line+branch, 10 s")
    assert (figure.met, figure.reached, figure.verdict) == (None, "80.0 % of 5 of 43 modules", "–")


def test_the_longer_run_is_another_one() -> None:
    found = results([*everything(), *everything(60.0, measures={"covered_lines": 59})])
    assert of(found, "overall line+branch, 60 s").met is True
    assert of(found, "overall line+branch, 10 s").reached.startswith("80.0 %")


def test_packages_stand_beside_what_was_published() -> None:
    found = results(everything())
    sty, tqdm = of(found, "sty, 2 modules"), of(found, "tqdm, 9 modules")
    assert (sty.target, sty.met) == ("> 97.3 % (CodaMosa)", False)
    assert sty.cause.startswith("12 lines: branch not taken 100 %; most in sty.primitive 6")
    assert (tqdm.met, tqdm.cause) == (True, "")


def test_mutation_is_the_median_and_names_the_lowest() -> None:
    low = record(module=PUBLIC[0], measures={"killed": 2})
    figure = of(results([low, *everything()[1:]]), "mutation score")
    assert (figure.met, figure.reached) == (False, "75.0 % of 43 modules, 20 mutants each")
    assert figure.cause.startswith(f"43 modules below 80: {PUBLIC[0]} 10.0, ")
    assert of(results(everything(measures={"killed": 16})), "mutation score").met is True


@pytest.mark.parametrize("theirs, met", [(90.0, True), (45.0, False)])
def test_wall_time_beside_the_peers(theirs: float, met: bool) -> None:
    peer = record("pynguin", budget=60.0, usage={"wall": theirs})
    figure = of(results([record(), peer, record("pynguin", module="alone", budget=60.0)]), "wall time")
    assert figure.met is met
    assert f"inflection 9 s to {theirs:.0f} s" in figure.reached
    assert ("less than ten times as long on inflection" in figure.cause) is not met


def test_refinement_beside_a_single_pass() -> None:
    rounds = tuple({"number": number} for number in (1, 2, 3, 4))
    pairs = [record("qeforge single pass", own={"quality": 0.5}), record(own={"quality": 0.6}, rounds=rounds)]
    gain, count = of(results(refined=pairs), "single pass"), of(results(refined=pairs), "rounds of")
    assert (gain.met, gain.reached) == (True, "+20.0 % (50.0 to 60.0) over 1 pairs")
    assert (count.met, count.reached) == (True, "4 (4 to 4)")


def test_a_single_pass_that_leaves_no_room_is_the_cause() -> None:
    pairs = [record("qeforge single pass", own={"quality": 0.9}), record(own={"quality": 0.95, "stop": "plateau"})]
    found = results(refined=pairs)
    assert of(found, "single pass").cause == "a single pass has 90.0 % already: at most +11 % could be gained"
    assert of(found, "rounds of").cause == "ended by plateau (1)"


def test_what_must_not_be_written_is_counted_over_all_suites() -> None:
    found = results([record(), record(budget=60.0, measures={"flaky": 1, "without_assertion": 2})])
    figure = of(found, "failing, flaky, xfail")
    assert (figure.met, figure.reached) == (False, "0, 1, 0, 2 of 20 tests in 2 suites")
    assert figure.cause == "inflection at 60 s"
    assert of(results([record()]), "failing, flaky, xfail").met is True


def test_a_whole_package() -> None:
    found = results(whole=whole())
    assert of(found, "stated reason").reached == "1 suites, 1 reasons, 0 neither"
    assert of(found, "hangs").reached == "0, 0, 0 (300 s, 400 MiB at most for 2 jobs)"
    assert all(figure.met for figure in figures(found)[-3:])


@pytest.mark.parametrize(
    "others, words, cause",
    [
        ({"modules": []}, "stated reason", "the run said nothing"),
        ({"modules": [{"module": "c", "tests": 0, "reason": ""}]}, "stated reason", "c"),
        ({"left_in_tmp": ["x"]}, "hangs", "x"),
        ({"usage": {**USAGE, "left_over": 1}}, "hangs", ""),
        ({"failing": ["t::a"]}, "failing, flaky tests", "t::a"),
    ],
)
def test_what_is_wrong_with_a_whole_package(others: dict[str, Any], words: str, cause: str) -> None:
    [figure] = [one for one in figures(results(whole=whole(**others)))[-3:] if words in one.measure]
    assert (figure.met, figure.cause) == (False, cause)


def test_lines_are_all_that_has_causes() -> None:
    assert missing([record(measures={"causes": {}})]) == "branches only"


def test_the_table_has_a_line_for_each_figure() -> None:
    text = table(results())
    assert len(text.splitlines()) == 2 + len(figures(results())) == 12
    assert "| not measured | – |  |" in text
