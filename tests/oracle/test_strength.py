from dataclasses import replace

from qeforge.domain.observation import Facet, Observation
from qeforge.domain.testcase import Assertion, TestCase
from qeforge.oracle.strength import strength
from tests.oracle.build import case, raised


def raising(observation: Observation) -> TestCase:
    assertion = Assertion(facet=Facet.EXCEPTION, code="pytest.raises(E)")
    return replace(case("f(1)"), observation=observation, assertions=(assertion,))


def test_grades_from_the_best_to_the_worst() -> None:
    ordered = [
        replace(case("f(1)", "assert result == 1"), stated="docstring"),
        case("f(1)", "assert result == 1"),
        raising(raised("ValueError", "must be positive")),
        case("f(1)", "assert items == [1]", facet=Facet.CHANGES),
        case("f(1)", "assert result is None"),
        case("f(1)", "assert isinstance(result, Foo)"),
        raising(raised("AttributeError", "'NoneType' object has no attribute 'lower'")),
        replace(case("f(1)"), assertions=()),
    ]
    grades = list(map(strength, ordered))
    assert grades == sorted(grades, reverse=True)
    assert len(set(grades)) == len(grades)


def test_a_type_error_of_the_code_itself_is_as_good_as_any() -> None:
    assert strength(raising(raised("TypeError", "amount has to be a Decimal"))) == strength(
        raising(raised("ValueError", "no"))
    )


def test_the_strongest_assertion_counts() -> None:
    weak = case("f(1)", "assert isinstance(result, Foo)")
    both = replace(weak, assertions=(*weak.assertions, Assertion(facet=Facet.CHANGES, code="assert x == 1")))
    assert strength(both) > strength(weak)


def test_what_was_stated_counts_only_where_it_is_asserted() -> None:
    incidental = raising(raised("TypeError", "'int' object is not iterable"))
    assert strength(replace(incidental, stated="docstring")) == strength(replace(case("f(1)"), stated="docstring"))
    kind = case("f(1)", "assert isinstance(result, Foo)")
    state = case("f(1)", "assert items == [1]", facet=Facet.CHANGES)
    assert [strength(replace(one, stated="docstring")) for one in (kind, state)] == [strength(kind), strength(state)]
