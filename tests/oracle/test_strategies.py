"""What strategies say they draw, they draw; and narrower ones come later."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qeforge.domain.facts import ANY, TypeRef
from qeforge.domain.properties import Strategy
from qeforge.oracle.strategies import combinations, kind_of, probing_values, strategies

INT, STR = TypeRef("int"), TypeRef("str")


def sources(kind: TypeRef, *accepted: object, refused: tuple[object, ...] = ()) -> list[str]:
    return [strategy.source for strategy in strategies(kind, accepted, refused)]


def test_numbers_without_bounds_and_small_ones() -> None:
    assert sources(INT, 1, 2) == ["st.integers()", "st.integers(min_value=0, max_value=10)"]
    assert sources(TypeRef("float"), 1.5) == [
        "st.floats(allow_nan=False, allow_infinity=False)",
        "st.floats(min_value=0, max_value=10)",
    ]


def test_numbers_begin_where_the_refused_end() -> None:
    found = sources(INT, 3, 10, refused=(-1, 0, 2))
    assert found[:3] == ["st.integers()", "st.integers(min_value=0)", "st.integers(min_value=3)"]


def test_numbers_end_where_the_refused_begin() -> None:
    assert "st.integers(min_value=0, max_value=4000)" in sources(INT, 1, 4000, refused=(2**70,))


def test_texts_are_drawn_of_the_characters_that_were_seen() -> None:
    assert sources(STR, "b-a", "a.a") == ["st.text()", "st.text(alphabet='ab-.')"]
    assert sources(STR, refused=("",)) == ["st.text()", "st.text(min_size=1)"]


def test_texts_follow_a_pattern_that_the_code_knows() -> None:
    found = [s.source for s in strategies(STR, (), (), (r"\d{2}:\d{2}", "("))]
    assert found == ["st.text()", r"st.from_regex('\\d{2}:\\d{2}', fullmatch=True)"]


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        (TypeRef("bool"), "st.booleans()"),
        (TypeRef("bytes"), "st.binary()"),
        (TypeRef("literal", (), ("'r'", "'w'")), "st.sampled_from(['r', 'w'])"),
        (TypeRef("list", (INT,)), "st.lists(st.integers())"),
        (TypeRef("set", (STR,)), "st.sets(st.text())"),
        (TypeRef("tuple", (INT, STR)), "st.tuples(st.integers(), st.text())"),
        (TypeRef("tuple", (INT, TypeRef("..."))), "st.lists(st.integers()).map(tuple)"),
        (TypeRef("dict", (STR, INT)), "st.dictionaries(st.text(), st.integers())"),
        (TypeRef("union", (INT, TypeRef("None"))), "st.none() | st.integers()"),
    ],
)
def test_broadest_strategy_of_a_type(kind: TypeRef, source: str) -> None:
    assert sources(kind)[0] == source


def test_a_class_is_not_drawn() -> None:
    assert sources(TypeRef("shop.Cart")) == []
    assert kind_of(TypeRef("shop.Cart"), (), ()) == ANY


def test_a_list_that_must_not_be_empty() -> None:
    assert "st.lists(st.integers(), min_size=1)" in sources(TypeRef("list", (INT,)), [1], refused=([],))


@pytest.mark.parametrize(
    ("declared", "accepted", "expected"),
    [
        (STR, [1, 2], STR),
        (ANY, ["a", 1, "b"], STR),
        (ANY, [None, 3], INT),
        (ANY, [[1, 2], []], TypeRef("list", (INT,))),
        (ANY, [{"a": 1}], TypeRef("dict", (STR, INT))),
        (ANY, [(1, "a"), (2, "b")], TypeRef("tuple", (INT, STR))),
        (ANY, [], ANY),
        (TypeRef("collections.abc.Sequence", (STR,)), [], TypeRef("list", (STR,))),
    ],
)
def test_the_type_is_what_is_declared_else_what_was_taken(
    declared: TypeRef, accepted: list[object], expected: TypeRef
) -> None:
    assert kind_of(declared, (), accepted) == expected


def test_what_the_code_says_comes_before_what_was_taken() -> None:
    assert kind_of(ANY, (STR,), [1, 2]) == STR


def test_the_broadest_combination_comes_first() -> None:
    found = combinations([strategies(INT, ()), strategies(STR, ("ab",))])
    assert [s.source for s in found[0]] == ["st.integers()", "st.text()"]
    assert [s.source for s in found[-1]] == ["st.integers(min_value=0, max_value=10)", "st.text(alphabet='ab')"]
    assert len(found) == 4


KINDS: list[tuple[TypeRef, tuple[object, ...], tuple[object, ...]]] = [
    (INT, (3, 10), (1, -1)),
    (TypeRef("float"), (0.5,), (-1.0,)),
    (STR, ("a-b", "c\n"), ("",)),
    (TypeRef("list", (STR,)), (["ab"],), ([],)),
    (TypeRef("dict", (STR, INT)), ({"a": 1},), ()),
    (TypeRef("tuple", (INT, STR)), ((1, "ab"),), ()),
    (TypeRef("union", (INT, TypeRef("None"))), (1, None), ()),
]
EVERY = [strategy for kind, accepted, refused in KINDS for strategy in strategies(kind, accepted, refused)]


@pytest.mark.parametrize("strategy", EVERY, ids=lambda strategy: strategy.source)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_strategy_draws_what_it_admits(strategy: Strategy, data: st.DataObject) -> None:
    assert strategy.admits(data.draw(eval(strategy.source, {"st": st})))


@pytest.mark.parametrize("kind", [INT, STR, TypeRef("float"), TypeRef("list", (INT,))])
def test_what_is_tried_first_is_what_the_broadest_draws(kind: TypeRef) -> None:
    (broadest, *_) = strategies(kind, ())
    assert all(map(broadest.admits, probing_values(kind)))


def test_nothing_is_known_of_the_ends_of_a_class() -> None:
    assert probing_values(TypeRef("shop.Cart")) == ()
