from dataclasses import replace

from qeforge.domain.observation import Facet, Observation, Outcome
from qeforge.oracle.stability import stable_facets
from tests.oracle.build import candidate, raised, returned


def test_facets_with_nothing_in_them_are_left_out() -> None:
    assert stable_facets(returned("1"), [returned("1")]) == (Facet.OUTCOME, Facet.RESULT)


def test_what_differs_once_is_left_out() -> None:
    first = replace(returned("1"), stdout="a")
    assert stable_facets(first, [first, replace(first, stdout="b")]) == (Facet.OUTCOME, Facet.RESULT)


def test_frames_of_an_exception_do_not_count() -> None:
    assert stable_facets(raised("ValueError", "no"), [raised("ValueError", "no", ())]) == (
        Facet.OUTCOME,
        Facet.EXCEPTION,
    )


def test_an_address_is_left_out_though_it_is_equal() -> None:
    seen = returned("'<x at 0x7f31c0d2a4b0>'")
    assert stable_facets(seen, [seen]) == (Facet.OUTCOME,)


def test_what_the_test_says_itself_is_stable() -> None:
    seen = returned("'/home/ann'")
    assert stable_facets(seen, [seen]) == (Facet.OUTCOME,)
    assert Facet.RESULT in stable_facets(seen, [seen], candidate=candidate("f('/home/ann')"))


def test_nothing_is_stable_when_the_ends_differ() -> None:
    assert stable_facets(returned("1"), [raised("ValueError", "")]) == ()
    timeout = Observation(outcome=Outcome.TIMEOUT)
    assert stable_facets(timeout, [timeout]) == ()


def test_what_another_python_prints_otherwise_is_left_out() -> None:
    seen = replace(returned("1"), stderr="prog: error: invalid choice: 'z' (choose from 'a', 'b')\n")
    assert stable_facets(seen, [seen]) == (Facet.OUTCOME, Facet.RESULT)


def test_of_an_exception_the_lasting_part_is_expected() -> None:
    seen = raised("argparse.ArgumentError", "invalid choice: 'z' (choose from 'a', 'b')")
    assert Facet.EXCEPTION in stable_facets(seen, [seen])
