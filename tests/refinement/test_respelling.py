from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Facet
from qeforge.domain.testcase import TestCase
from qeforge.refinement.cases import case_of
from qeforge.refinement.respelling import with_named_options
from tests.fakes.subject import Subject, subject

SOURCE = """
    import functools


    def by_place(function):
        @functools.wraps(function)
        def call(*args):
            return function(*args)
        return call


    def size(value, binary=False, gnu=False, form="%.1f"):
        if value < 0:
            raise ValueError("negative")
        return f"{form % value}{'K' if gnu else 'kB'}{binary}"


    @by_place
    def bare(value, places=0):
        return round(value, places)
    """


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


def confirmed(shop: Subject, act: str) -> TestCase:
    [candidate] = shop.calls(act)
    [seen] = shop.judge.observe([candidate])
    case = case_of(candidate, seen, (seen,), shop.goals)
    assert case is not None
    return case.case


def spelled(shop: Subject, *cases: TestCase) -> tuple[list[Candidate], dict[str, frozenset[Facet]]]:
    needed = {case.candidate.key: {"m": frozenset({Facet.RESULT})} for case in cases}
    found, duties = with_named_options(shop.judge, cases, needed, {t.id: t for t in shop.module.targets})
    assert [case.assertions for case in found] == [case.assertions for case in cases]
    return [case.candidate for case in found], duties[found[0].candidate.key]


def test_a_call_that_stays_what_it_was_is_spelled_so(shop: Subject) -> None:
    [candidate], duty = spelled(shop, confirmed(shop, "size(1, False, True)"))
    assert candidate.act == "size(1, gnu=True)"
    assert duty == {"m": {Facet.RESULT}}


def test_an_exception_stays_the_same_exception(shop: Subject) -> None:
    [candidate], _ = spelled(shop, confirmed(shop, "size(-1, True)"))
    assert candidate.act == "size(-1, binary=True)"


def test_what_takes_no_names_keeps_its_places(shop: Subject) -> None:
    [candidate], _ = spelled(shop, confirmed(shop, "bare(1.25, 1)"))
    assert candidate.act == "bare(1.25, 1)"


def test_what_somebody_stated_stays_stated(shop: Subject) -> None:
    case = replace(confirmed(shop, "size(1, True)"), stated="docstring")
    found, _ = with_named_options(shop.judge, [case], {}, {t.id: t for t in shop.module.targets})
    assert [(one.stated, one.candidate.act) for one in found] == [("docstring", "size(1, binary=True)")]
