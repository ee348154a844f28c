"""What confirmed candidates are worth, and who said so."""

from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.candidate import Claim
from qeforge.refinement.cases import case_of
from tests.fakes.subject import Subject, subject

SOURCE = """
    def price(amount):
        if amount < 0:
            raise ValueError("negative")
        return amount * 2
    """


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


@pytest.mark.parametrize(
    ("act", "expected", "raises", "stated"),
    [
        ("price(2)", "4", False, "docstring"),
        ("price(2)", "5", False, ""),
        ("price(-1)", "ValueError", True, "docstring"),
        ("price(-1)", "KeyError", True, ""),
    ],
)
def test_a_case_knows_who_said_that_it_would_end_so(
    shop: Subject, act: str, expected: str, raises: bool, stated: str
) -> None:
    claim = Claim(expected=expected, source="docstring", raises=raises)
    candidate = replace(shop.call(act), claims=(claim,))
    [seen] = shop.judge.observe([candidate])
    made = case_of(candidate, seen, (seen,), shop.goals)
    assert made is not None
    assert made.case.stated == stated


def test_without_a_claim_nobody_said_anything(shop: Subject) -> None:
    candidate = shop.call("price(2)")
    [seen] = shop.judge.observe([candidate])
    made = case_of(candidate, seen, (seen,), shop.goals)
    assert made is not None
    assert made.case.stated == ""
