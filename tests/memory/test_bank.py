import pytest

from qeforge.domain.pattern import Outcome, Pattern, PatternKind
from qeforge.memory.bank import HALF_LIFE, LEAST_QUALITY, MOST_OF_ONE, judged, ranked, role_range, shape_of, useless
from tests.memory.samples import PROJECT, call, learned, module, target


def pattern(act: str = "slugify('a')", **more: object) -> Pattern:
    fields: dict[str, object] = {
        **{"kind": PatternKind.CALL, "shape": "s", "act": act, "project": PROJECT},
        **{"module": "shop.texts", "target": "shop.texts:slugify"},
    }
    return Pattern(**{**fields, **more})  # type: ignore[arg-type]


def test_an_accepted_call_gives_its_recipe_and_its_values() -> None:
    found = learned(call("slugify('Some Title', separator='+')"))
    whole, *values = found
    assert (whole.kind, whole.act, whole.roles) == (
        PatternKind.CALL, "slugify('Some Title', separator='+')", ("text", "separator")
    )  # fmt: skip
    assert whole.imports == ("from shop.texts import slugify",)
    assert [(one.kind, one.roles, one.act, one.imports) for one in values] == [
        (PatternKind.VALUE, ("text",), "'Some Title'", ()),
        (PatternKind.VALUE, ("separator",), "'+'", ()),
    ]
    assert all(one.project == PROJECT and one.target == "shop.texts:slugify" for one in found)


def test_a_value_takes_the_imports_that_it_needs_and_no_name_from_outside() -> None:
    with_import = call(
        "area(Decimal('1.5'), width)",
        "area",
        arrange=("width = 2",),
        imports=("from decimal import Decimal, getcontext", "from shop.texts import area"),
    )
    values = [one for one in learned(with_import) if one.kind is PatternKind.VALUE]
    assert [(one.roles, one.act, one.imports) for one in values] == [
        (("width",), "Decimal('1.5')", ("from decimal import Decimal",))
    ]


def test_layout_makes_no_second_pattern_and_long_recipes_are_not_kept() -> None:
    found = learned(call("slugify('a')"), call('slugify(  "a" )'), call(f"slugify('{'x' * 3000}')"))
    assert [one.act for one in found if one.kind is PatternKind.CALL] == ["slugify('a')"]


def test_a_value_is_the_same_whoever_was_given_it() -> None:
    one = pattern("'a'", kind=PatternKind.VALUE, roles=("text",))
    other = pattern("'a'", kind=PatternKind.VALUE, roles=("text",), target="shop.texts:other")
    assert one.id == other.id
    assert pattern().id != pattern(target="shop.texts:other").id
    assert pattern().id != pattern(project="/elsewhere").id
    assert pattern().id == pattern(uses=3.0, quality=0.9, at=5.0).id


def test_the_shape_tells_parameters_and_what_is_called() -> None:
    shape = shape_of(module(), target("slugify"))
    assert shape.startswith("function plain slugify(text: str, separator: str) -> str")
    assert {"re.sub", "text.lower"} <= set(shape.split())


def test_the_range_of_a_role_holds_its_shapes_and_no_other() -> None:
    first, behind = role_range("text")
    assert first <= "value text: str" < behind
    assert first <= "value text: unknown" < behind
    assert not first <= "value text_id: str" < behind
    assert not first <= "value tex: str" < behind


def test_quality_begins_in_the_middle_and_follows_what_is_measured() -> None:
    won = judged(pattern(), Outcome(pattern="p", target="t", goals=4), at=10.0)
    assert (won.uses, won.wins, won.gain, won.at) == (1, 1, 4, 10.0)
    assert won.quality == pytest.approx(2 / 3)
    lost = judged(won, Outcome(pattern="p", target="t"), at=10.0)
    assert (lost.uses, lost.wins, lost.gain, lost.quality) == (2, 1, 2, 0.5)
    kept = judged(pattern(), Outcome(pattern="p", target="t", kept=True), at=10.0)
    assert (kept.wins, kept.gain) == (1, 0)


def test_what_is_long_ago_counts_half_and_a_clock_set_back_adds_nothing() -> None:
    before = pattern(uses=4.0, wins=4.0, gain=2.0, at=0.0)
    later = judged(before, Outcome(pattern="p", target="t"), at=HALF_LIFE)
    assert later.uses == pytest.approx(3)
    assert later.wins == pytest.approx(2)
    assert later.gain == pytest.approx(4 / 3)
    assert judged(before, Outcome(pattern="p", target="t"), at=-HALF_LIFE).uses == 5


def test_five_uses_in_vain_and_a_pattern_is_useless_four_and_it_is_not() -> None:
    one = pattern()
    for number in range(1, 6):
        one = judged(one, Outcome(pattern="p", target="t"), at=0.0)
        assert (useless([one]) == [one]) is (number == 5)
    assert one.quality < LEAST_QUALITY


def test_of_one_target_the_best_stay() -> None:
    many = [pattern(f"slugify({number})", quality=0.3 + number / 100) for number in range(MOST_OF_ONE + 2)]
    other = pattern("slugify(0)", target="shop.texts:other", quality=0.3)
    assert {one.act for one in useless([*many, other])} == {"slugify(0)", "slugify(1)"}
    assert ranked(many)[0].act == f"slugify({MOST_OF_ONE + 1})"
    assert ranked(reversed(many)) == ranked(many)
