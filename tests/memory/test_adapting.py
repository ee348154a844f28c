import ast
from dataclasses import replace

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.pattern import Pattern, PatternKind
from qeforge.memory.adapting import PROPOSER, adapted, same, value_recipe
from tests.memory.samples import PROJECT, call, learned, module, target


def recipe(candidate: Candidate) -> Pattern:
    return next(one for one in learned(candidate) if one.kind is PatternKind.CALL)


def fitted(candidate: Candidate, source: str, name: str = "f", project: str = PROJECT) -> Candidate | None:
    return adapted(recipe(candidate), target(name, module(source, "shop.other")), project=project)


def test_the_same_target_is_offered_what_was_kept() -> None:
    before = call("slugify('a')", arrange=("x = 1",), fixtures=("tmp_path",))
    assert same(recipe(before)) == replace(before, proposer=PROPOSER)


@pytest.mark.parametrize(
    ("act", "source", "expected"),
    [
        ("slugify('a')", "def f(text): return 1", "f('a')"),
        ("slugify('a', '+')", "def f(separator, text): return 1", "f('+', 'a')"),
        ("slugify('a', separator='+')", "def f(text, *, separator): return 1", "f('a', separator='+')"),
        ("slugify('a', '+')", "def f(text): return 1", "f('a')"),
        ("slugify('a')", "def f(name): return 1", "f('a')"),  # by its place
        ("slugify('a', '+')", "def f(name, other=1, separator=2): return 1", "f('a', separator='+')"),
        ("list(slugify('a'))", "def f(text): return 1", "list(f('a'))"),
        ("slugify()", "def f(a=1): return 1", "f()"),
        ("slugify('a')", "def f(text, needed): return 1", None),
        ("slugify('a')", "def f(*, needed): return 1", "f(needed='a')"),
        ("slugify(*x)", "def f(text): return 1", None),
        ("slugify(**{'text': 'a'})", "def f(text): return 1", None),
        ("(slugify('a'), slugify('b'))", "def f(text): return 1", None),
        ("slugify.__name__", "def f(text): return 1", None),
    ],
)
def test_values_go_where_they_belong(act: str, source: str, expected: str | None) -> None:
    made = fitted(call(act), source)
    assert (made.act if made else None) == expected
    if made is not None:
        assert made.imports == ("from shop.other import f",)
        assert made.target == "shop.other:f"
        ast.parse(made.act)


def test_a_method_is_called_on_the_object_of_another_method_of_its_class() -> None:
    recipe_of_add = recipe(call("cart.add('tea', 2.5)", "Cart.add", arrange=("cart = Cart('ann')",)))
    made = adapted(recipe_of_add, target("Cart.remove"), project=PROJECT)
    assert made is not None
    assert (made.arrange, made.act) == (("cart = Cart('ann')",), "cart.remove('tea')")
    assert made.imports == ("from shop.texts import Cart",)
    elsewhere = module("class Cart:\n    def remove(self, name): return 1\n", "shop.other")
    assert adapted(recipe_of_add, target("Cart.remove", elsewhere), project=PROJECT) is None
    assert adapted(recipe_of_add, target("slugify"), project=PROJECT) is None


def test_another_project_gets_only_what_it_can_run() -> None:
    plain = "def f(text): return 1\n"
    assert fitted(call("slugify('a')"), plain, project="/other") is not None
    theirs = call("slugify(Title('a'))", imports=("from shop.texts import slugify", "from shop.titles import Title"))
    assert fitted(theirs, plain, project="/other") is None
    made = fitted(theirs, plain)
    assert made is not None
    assert made.imports == ("from shop.other import f", "from shop.titles import Title")
    assert fitted(call("slugify(slugify.__name__)"), plain, project="/other") is None
    assert fitted(call("slugify(slugify.__name__)"), plain) is not None
    fixture = call("slugify(str(tmp_path))", fixtures=("tmp_path",))
    assert fitted(fixture, plain, project="/other") is not None
    own = call("slugify(title)", fixtures=("title",))
    assert fitted(own, plain, project="/other") is None
    assert fitted(own, plain) is not None


def test_a_value_becomes_what_the_engine_reads() -> None:
    value = next(one for one in learned(call("slugify('a b')")) if one.kind is PatternKind.VALUE)
    [given] = value_recipe(value, "title").arguments
    assert (given.name, given.value.source, given.keyword) == ("title", "'a b'", True)
