import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.codegen.syntax import expression
from qeforge.domain.observation import Facet, Snapshot
from qeforge.oracle.values import approximate, state_of, value_assertions
from tests.oracle.build import value


def codes(snapshot: Snapshot) -> list[str]:
    return [a.code for a in value_assertions("result", snapshot, facet=Facet.RESULT, module="shop")]


@pytest.mark.parametrize(
    ("source", "type_name", "code"),
    [
        ("None", "NoneType", "assert result is None"),
        ("True", "bool", "assert result is True"),
        ("NotImplemented", "NotImplementedType", "assert result is NotImplemented"),
        ("Account", "type", "assert result is Account"),
        ("3", "int", "assert result == 3"),
        ("0.30000000000000004", "float", "assert result == pytest.approx(0.3)"),
        ("-1.5", "float", "assert result == pytest.approx(-1.5)"),
        ("1700000000.25", "float", "assert result == pytest.approx(1700000000.25, rel=1e-09)"),
        ("float('nan')", "float", "assert math.isnan(result)"),
        ("float('inf')", "float", "assert result == float('inf')"),
        ("[0.1, 0.25]", "list", "assert result == pytest.approx([0.1, 0.25])"),
        ("(1, 0.1)", "tuple", "assert result == (1, pytest.approx(0.1))"),
        ("{'a': [0.1, 0.2]}", "dict", "assert result == {'a': pytest.approx([0.1, 0.2])}"),
        ("{0.5}", "set", "assert result == {0.5}"),
        ("Point(x=0.5)", "shop.Point", "assert result == Point(x=0.5)"),
        ("[float('nan')]", "list", "assert result == [pytest.approx(float('nan'), nan_ok=True)]"),
    ],
)
def test_equality(source: str, type_name: str, code: str) -> None:
    assert codes(value(source, type_name)) == [code]


def test_a_long_text_is_asserted_by_its_size_and_ends() -> None:
    assert codes(value(repr("ab" * 800), "str")) == [
        "assert len(result) == 1600",
        f"assert result.startswith('{'ab' * 20}')",
        f"assert result.endswith('{'ab' * 10}')",
    ]


def test_a_long_list_is_asserted_by_its_size_and_ends() -> None:
    assert codes(value(repr(list(range(400))), "list")) == [
        "assert len(result) == 400",
        "assert result[0] == 0",
        "assert result[-1] == 399",
    ]


def test_a_long_dict_is_asserted_by_its_size_and_first_keys() -> None:
    found = codes(value(repr({f"k{i}": i for i in range(100)}), "dict"))
    assert found == ["assert len(result) == 100", *(f"assert result['k{i}'] == {i}" for i in range(3))]


def test_the_most_telling_attributes_come_first_and_are_few() -> None:
    parts = (
        (".a", value("None")),
        (".b", value("''")),
        (".c", value("1")),
        ("len()", value("2")),
        (".d", Snapshot(type_name="shop.D", attributes=((".e", value("3")), (".f", Snapshot(type_name="x.Y"))))),
        (".g", value("4")),
    )
    assert codes(Snapshot(type_name="shop.Thing", attributes=parts)) == [
        "assert result.c == 1",
        "assert len(result) == 2",
        "assert result.g == 4",
        "assert result.b == ''",
        "assert result.a is None",
    ]


def test_nested_state_is_followed_one_level() -> None:
    inner = Snapshot(type_name="shop.D", attributes=((".e", value("3")),))
    assert codes(Snapshot(type_name="shop.Thing", attributes=((".d", inner),))) == ["assert result.d.e == 3"]


def test_an_object_without_state_is_asserted_by_its_text() -> None:
    assert codes(Snapshot(type_name="shop.Thing", text="thing")) == ['assert str(result) == "thing"']


@pytest.mark.parametrize(
    ("type_name", "found"),
    [
        ("shop.Thing", ["assert isinstance(result, Thing)"]),
        ("function", ["assert callable(result)"]),
        ("generator", []),
        ("shop.make.<locals>.Thing", []),
    ],
)
def test_a_value_that_shows_nothing_is_asserted_by_its_type(type_name: str, found: list[str]) -> None:
    assert codes(Snapshot(type_name=type_name)) == found


NESTED = st.recursive(
    st.floats() | st.integers() | st.text(max_size=5) | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(NESTED)
def test_a_value_equals_its_own_approximation(number: object) -> None:
    source = repr(number).replace("nan", "float('nan')").replace("inf", "float('inf')")
    if "float('float" in source:  # the text itself says inf or nan
        return
    expected = approximate(ast.parse(source, mode="eval").body)
    if expected is not None:
        assert eval(expected, {"pytest": pytest}) == eval(source)


def test_what_is_asserted_of_one_object_stays_readable() -> None:
    wide = value(repr(["a" * 20] * 18), "list")
    parts = tuple((f"[{number}]", wide) for number in range(4))
    found = codes(Snapshot(type_name="list", attributes=(("len()", value("4", "int")), *parts)))
    assert found[0] == "assert len(result) == 4"
    assert len(found) == 2
    assert sum(map(len, found)) < 1_000


def test_of_a_stand_in_only_calls_are_asserted() -> None:
    def seen(calls: str) -> list[str]:
        return codes(Snapshot(type_name="unittest.mock.Mock", attributes=((".mock_calls", value(calls, "list")),)))

    assert seen("[call(1)]") == ["assert result.mock_calls == [call(1)]"]
    assert seen("[]") == ["assert isinstance(result, Mock)"]


@pytest.mark.parametrize(
    ("act", "kept"), [("Mode(0)", None), ("[1]", "[1]"), ("f()", "Mode(0)"), ("Mode(1)", "Mode(0)")]
)
def test_nothing_is_compared_with_what_it_says_itself(act: str, kept: str | None) -> None:
    shown = value("[1]" if act == "[1]" else "Mode(0)", "m.Mode")

    assert state_of(expression(act), shown).source == kept


def test_an_object_that_was_built_from_the_same_keywords_is_told_by_its_attributes() -> None:
    shown = state_of(expression("Point(x=1, y=2)"), value("Point(x=1, y=2)", "m.Point"))

    assert [(suffix, part.source) for suffix, part in shown.attributes] == [(".x", "1"), (".y", "2")]
