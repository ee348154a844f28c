import ast
import random

from hypothesis import given
from hypothesis import strategies as st

from qeforge.engine.tweak import substitute, tweak
from qeforge.engine.value import literal

literals = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8) | st.binary(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(literals, st.integers(0, 10_000))
def test_a_tweaked_literal_is_still_an_expression(value: object, seed: int) -> None:
    changed = tweak(literal(repr(value)), random.Random(seed), ["abc", ":"])

    ast.parse(changed.source, mode="eval")


@given(literals, st.integers(0, 10_000))
def test_a_seed_decides_the_tweak(value: object, seed: int) -> None:
    first, second = (tweak(literal(repr(value)), random.Random(seed), ["abc"]) for _ in range(2))

    assert first == second


def test_substitute_replaces_each_fitting_constant_once() -> None:
    found = list(substitute(literal("['a', 'b', 'a']"), lambda old: "z" if old == "a" else ...))

    assert [value.source for value in found] == ["['z', 'b', 'a']", "['a', 'b', 'z']"]


def test_substitute_distinguishes_one_from_true() -> None:
    found = list(substitute(literal("[1, True]"), lambda old: 5 if old is True else ...))

    assert [value.source for value in found] == ["[1, 5]"]


def test_an_f_string_is_left_alone() -> None:
    assert list(substitute(literal("f'a{1}'"), lambda old: "z")) == []
