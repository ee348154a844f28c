from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from qeforge.domain.observation import Effect, Facet
from qeforge.domain.testcase import Assertion, TestCase
from qeforge.oracle.select import prune_assertions, select
from tests.oracle.build import case, line, raised


def acts(cases: tuple[TestCase, ...]) -> list[str]:
    return [one.candidate.act for one in cases]


def test_what_adds_nothing_is_left_out() -> None:
    both, one = case("f(1)", "assert result == 1", line(1), line(2)), case("f(2)", "assert result == 1", line(1))
    assert acts(select([one, both, case("f(3)")])) == ["f(1)"]


def test_mutants_count_as_much_as_goals() -> None:
    plain = case("f(1)", "assert result == 1", line(1))
    killer = replace(case("f(2)"), mutants=frozenset({"m"}))
    assert acts(select([plain, killer])) == ["f(1)", "f(2)"]


def test_the_shorter_of_equals_wins() -> None:
    goals = (line(1),)
    assert acts(
        select([case("f(1234)", "assert result == 1", *goals), case("f(1)", "assert result == 1", *goals)])
    ) == ["f(1)"]


def test_the_stronger_of_equals_wins_though_it_is_longer() -> None:
    weak = case("f(1)", "assert isinstance(result, int)", line(1))
    strong = case("f(123456)", "assert result == 123456", line(1))
    assert acts(select([weak, strong])) == ["f(123456)"]


def test_a_choice_that_later_ones_make_superfluous_goes() -> None:
    wide = case("f(1)", "assert result == 1", line(1), line(2), line(3), line(4))
    left = case("f(2)", "assert result == 1", line(1), line(2), line(5))
    right = case("f(3)", "assert result == 1", line(3), line(4), line(6))
    assert acts(select([wide, left, right])) == ["f(2)", "f(3)"]


def test_a_case_that_asserts_nothing_is_never_chosen() -> None:
    assert select([replace(case("f(1)", "", line(1)), assertions=())]) == ()


CASES = st.lists(st.sets(st.integers(0, 12), max_size=6), max_size=12)


@given(CASES)
def test_a_selection_keeps_everything_and_nothing_twice(goals: list[set[int]]) -> None:
    cases = [case(f"f({i})", "assert result == 1", *map(line, numbers)) for i, numbers in enumerate(goals)]
    chosen = select(cases)
    assert {g for c in chosen for g in c.goals} == {g for c in cases for g in c.goals}
    for one in chosen:
        rest = {g for c in chosen if c is not one for g in c.goals}
        assert one.goals - rest


@given(CASES, st.randoms())
def test_a_selection_does_not_depend_on_the_order(goals: list[set[int]], random: Random) -> None:
    cases = [case(f"f({i})", "assert result == 1", *map(line, numbers)) for i, numbers in enumerate(goals)]
    shuffled = cases[:]
    random.shuffle(shuffled)
    assert sorted(acts(select(cases))) == sorted(acts(select(shuffled)))


def rich(*pairs: tuple[Facet, str]) -> TestCase:
    return replace(case("f(1)"), assertions=tuple(Assertion(facet=facet, code=code) for facet, code in pairs))


RESULT = (Facet.RESULT, "assert result == 1")
NOTHING = (Facet.RESULT, "assert result is None")
OUTPUT = (Facet.STDOUT, "assert capsys.readouterr().out == ''")
CHANGE = (Facet.CHANGES, "assert items == [1]")
WARNING = (Facet.WARNINGS, "pytest.warns(UserWarning)")


def pruned(one: TestCase, **needed: set[Facet]) -> list[Facet]:
    found = prune_assertions(one, {name: frozenset(facets) for name, facets in needed.items()})
    return [a.facet for a in found.assertions]


def test_the_result_stays_alone_when_nothing_needs_more() -> None:
    assert pruned(rich(RESULT, OUTPUT, CHANGE)) == [Facet.RESULT]


def test_what_alone_notices_a_mutant_stays() -> None:
    assert pruned(rich(RESULT, OUTPUT, CHANGE), m={Facet.STDOUT}) == [Facet.RESULT, Facet.STDOUT]


def test_what_the_result_notices_too_needs_nothing_more() -> None:
    assert pruned(rich(RESULT, OUTPUT), m={Facet.STDOUT, Facet.RESULT}, n={Facet.OUTCOME}) == [Facet.RESULT]


def test_returning_none_is_not_said_where_something_happened() -> None:
    assert pruned(rich(NOTHING, CHANGE, OUTPUT)) == [Facet.CHANGES]
    assert pruned(rich(NOTHING, CHANGE), m={Facet.RESULT}) == [Facet.RESULT, Facet.CHANGES]
    assert pruned(rich(NOTHING)) == [Facet.RESULT]


def test_an_expected_warning_stays() -> None:
    assert pruned(rich(RESULT, WARNING)) == [Facet.RESULT, Facet.WARNINGS]


def test_a_message_whose_text_is_mutated_is_expected_from_its_beginning() -> None:
    error = Assertion(facet=Facet.EXCEPTION, code='pytest.raises(ValueError, match="no")')
    one = replace(case("f(1)"), observation=raised("ValueError", "no"), assertions=(error,))
    plain = prune_assertions(one, {"1:0-1:2:number:2": frozenset({Facet.EXCEPTION})})
    assert plain.assertions[0].code == error.code
    sharp = prune_assertions(one, {"1:0-1:2:string:'XXnoXX'": frozenset({Facet.EXCEPTION})})
    assert sharp.assertions[0].code == 'pytest.raises(ValueError, match="^no")'


def test_the_plainer_of_equals_wins_though_it_is_longer() -> None:
    strange, plain = case("f('')", "assert result == 1", line(1)), case("f('word')", "assert result == 1", line(1))
    assert acts(select([strange, plain])) == ["f('')"]
    assert acts(select([strange, plain], lambda candidate: 3 * ("''" in candidate.act))) == ["f('word')"]


def test_a_plain_case_does_not_win_over_one_that_adds_more() -> None:
    strange = case("f('')", "assert result == 1", line(1), line(2))
    plain = case("f('word')", "assert result == 1", line(1))
    assert acts(select([strange, plain], lambda candidate: 50 * ("''" in candidate.act))) == ["f('')"]


def test_a_complaint_of_the_interpreter_comes_last_however_much_it_adds() -> None:
    message = "'<' not supported between instances of 'str' and 'int'"
    nonsense = replace(
        case("f('a')", "pytest.raises(TypeError)", line(1), line(2), line(3), facet=Facet.EXCEPTION),
        observation=raised("TypeError", message),
    )
    others = [case("f(1)", "assert result == 1", line(1), line(2)), case("f(2)", "assert result == 1", line(3))]
    assert acts(select([nonsense, *others])) == ["f(1)", "f(2)"]
    assert acts(select([nonsense, others[0]])) == ["f('a')", "f(1)"]


def test_what_leaves_the_state_changed_gives_way_to_what_does_not() -> None:
    left = case("f(1)", "assert result == 1", line(1))
    change = Effect(kind="state", event="module", detail="", blocked=False)
    left = replace(left, observation=replace(left.observation, effects=(change,)))
    assert acts(select([left, case("f(1234)", "assert result == 1", line(1))])) == ["f(1234)"]
