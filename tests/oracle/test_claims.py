from dataclasses import replace

import pytest

from qeforge.domain.candidate import Claim
from qeforge.domain.observation import Observation, Outcome, Raised
from qeforge.oracle.claims import suspects
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
