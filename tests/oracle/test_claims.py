from dataclasses import replace

import pytest

from qeforge.domain.candidate import Claim
from qeforge.domain.observation import Observation, Outcome, Raised
from qeforge.oracle.claims import suspects, who_said
from tests.oracle.build import candidate, raised, returned


def doubts(expected: str, seen: Observation, *, raises: bool = False) -> list[str]:
    claim = Claim(expected=expected, source="docstring", raises=raises)
    return [s.observed for s in suspects(replace(candidate(), claims=(claim,)), seen)]


@pytest.mark.parametrize(
    ("expected", "source"),
    [("'a'", '"a"'), ("{1: 2, 3: 4}", "{3: 4, 1: 2}"), ("1.0", "1"), ("Point(1, 2)", "Point(x=1, y=2)"), ("x y", "1")],
)
def test_claims_that_hold_or_cannot_be_compared(expected: str, source: str) -> None:
    assert doubts(expected, returned(source)) == []


def test_a_wrong_value_is_a_suspect() -> None:
    assert doubts("2", returned("3")) == ["returned 3"]
    assert doubts("[1]", returned("'a'")) == ["returned 'a'"]


def test_an_exception_instead_of_a_value_is_a_suspect() -> None:
    assert doubts("2", raised("ValueError", "no\nway")) == ["raised ValueError: no way"]


def test_a_value_instead_of_an_exception_is_a_suspect() -> None:
    assert doubts("ValueError", returned("3"), raises=True) == ["returned 3"]


def test_a_subclass_of_the_claimed_exception_holds() -> None:
    error = Raised(type_name="shop.Odd", message="", ancestors=("builtins.ValueError", "Exception"))
    seen = Observation(outcome=Outcome.RAISED, raised=error)
    assert doubts("ValueError", seen, raises=True) == []
    assert doubts("KeyError", seen, raises=True) == ["raised shop.Odd"]


def test_a_run_that_tells_nothing_refutes_nothing() -> None:
    assert doubts("2", Observation(outcome=Outcome.TIMEOUT)) == []


def test_what_is_stated_of_all_such_calls_is_refuted_by_a_result_alone() -> None:
    claim = Claim(expected="ValueError", source="docstring", raises=True, general=True)
    stated = replace(candidate(), claims=(claim,))
    assert suspects(stated, raised("KeyError", "another argument")) == ()
    assert suspects(stated, raised("ValueError", "no")) == ()
    assert [one.observed for one in suspects(stated, returned("3"))] == ["returned 3"]


def test_a_part_of_the_story_refutes_nothing_and_may_hold() -> None:
    stated = replace(candidate(), claims=(Claim(expected="2", source="docstring", partial=True),))
    assert suspects(stated, returned("3")) == ()
    assert who_said(stated, returned("2")) == "docstring"


def test_what_was_printed_is_not_what_was_returned() -> None:
    stated = replace(candidate(), claims=(Claim(expected="{1: 2}", source="docstring"),))
    assert suspects(stated, replace(returned("None"), stdout="{1: 2}\n")) == ()
    assert len(suspects(stated, returned("None"))) == 1


def test_a_suspect_has_all_that_its_act_needs() -> None:
    claim = Claim(expected="2", source="docstring")
    stated = replace(candidate("f(x)", "x = 1", fixtures=("tmp_path",)), claims=(claim,))
    [one] = suspects(stated, returned("3"))
    assert (one.act, one.arrange, one.imports, one.fixtures) == (
        *("f(x)", ("x = 1",), ("from shop import f",)),
        ("tmp_path",),
    )


@pytest.mark.parametrize(
    ("expected", "seen", "held"),
    [
        ("'a'", returned('"a"'), True),
        ("1.0", returned("1"), True),
        ("Point(1)", returned("Point(1)"), True),
        ("Point(1)", returned("Point(x=1)"), False),
        ("'a...c'", returned("'abc'"), False),
        ("2", returned("3"), False),
        ("2", raised("ValueError", "no"), False),
        ("2", returned(None), False),
        ("2", Observation(outcome=Outcome.TIMEOUT), False),
    ],
)
def test_only_what_held_beyond_doubt_was_said(expected: str, seen: Observation, held: bool) -> None:
    stated = replace(candidate(), claims=(Claim(expected=expected, source="readme"),))
    assert who_said(stated, seen) == ("readme" if held else "")


def test_the_first_that_held_is_named() -> None:
    stated = (("2", "readme"), ("3", "docstring"), ("3", "m"))
    claims = tuple(Claim(expected=value, source=who) for value, who in stated)
    assert who_said(replace(candidate(), claims=claims), returned("3")) == "docstring"
    assert who_said(candidate(), returned("3")) == ""


def test_an_exception_that_was_announced_was_said() -> None:
    claim = Claim(expected="ValueError", source="docstring", raises=True, general=True)
    assert who_said(replace(candidate(), claims=(claim,)), raised("ValueError", "no")) == "docstring"
    assert who_said(replace(candidate(), claims=(claim,)), raised("KeyError", "no")) == ""
