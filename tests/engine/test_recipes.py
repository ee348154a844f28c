"""What calls that were seen become in the engine."""

import random
from dataclasses import replace

import pytest

from qeforge.domain.capability import Capability
from qeforge.domain.facts import CallableFact, ClassFact, ClassKind, ModuleFacts, ParameterFact
from qeforge.domain.protocols import Request
from qeforge.domain.recipe import Before, Given, Ingredient, Recipe
from qeforge.domain.target import ParameterKind, SourceModule, Target
from qeforge.engine.build import Builder
from qeforge.engine.plan import to_candidate
from qeforge.engine.proposer import NativeProposer
from qeforge.engine.recipes import KnownCalls
from tests.analysis.modules import module_of

CART = """
class Cart:
    def __init__(self, owner):
        self.owner = owner

    def add(self, item, count=1):
        return item

    @property
    def size(self):
        return 0


class Owner:
    def __init__(self, name):
        self.name = name


def ship(cart, place):
    return cart


def label(place):
    return place
"""


def parameter(name: str, **more: object) -> ParameterFact:
    return replace(ParameterFact(name=name, kind=ParameterKind.POSITIONAL), **more)  # type: ignore[arg-type]


def klass(name: str, *parameters: ParameterFact) -> ClassFact:
    return ClassFact(path=f"shop.cart:{name}", kind=ClassKind.PLAIN, constructor=parameters)


FACTS = ModuleFacts(
    module="shop.cart",
    callables={
        "Cart.add": CallableFact(
            qualname="Cart.add", parameters=(parameter("item"), parameter("count", has_default=True, default="1"))
        ),
        "ship": CallableFact(qualname="ship", parameters=(parameter("cart"), parameter("place"))),
        "label": CallableFact(qualname="label", parameters=(parameter("place"),)),
    },
    classes={
        "shop.cart.Cart": klass("Cart", parameter("owner")),
        "shop.cart.Owner": klass("Owner", parameter("name")),
    },
)
IMPORT = ("from shop.cart import Cart",)
ANN = Ingredient(source="Owner('ann')", type_name="shop.cart.Owner", imports=("from shop.cart import Owner",))
CART_OF_ANN = Ingredient(source="Cart(Owner('ann'))", type_name="shop.cart.Cart", imports=(*IMPORT, *ANN.imports))


def text(source: str) -> Ingredient:
    return Ingredient(source=source, type_name="str")


def given(name: str, value: Ingredient, *, keyword: bool = False) -> Given:
    return Given(name=name, value=value, keyword=keyword)


@pytest.fixture
def module() -> SourceModule:
    return module_of(CART)


def target_of(module: SourceModule, qualname: str) -> Target:
    return next(target for target in module.targets if target.qualname == qualname)


def builder() -> Builder:
    return Builder(FACTS, (), (), random.Random(0))


def test_a_call_that_was_seen_becomes_a_plan(module: SourceModule) -> None:
    recipe = Recipe(target="shop.cart:ship", arguments=(given("cart", CART_OF_ANN), given("place", text("'Oslo'"))))
    [plan] = KnownCalls([recipe], "shop").plans(target_of(module, "ship"), ())
    candidate = to_candidate(plan)
    assert candidate.arrange == ("cart = Cart(Owner('ann'))",)
    assert candidate.act == "ship(cart, 'Oslo')"
    assert candidate.imports == ("from shop.cart import ship", *IMPORT, "from shop.cart import Owner")


def test_earlier_calls_come_before_it_as_a_person_writes_them(module: SourceModule) -> None:
    steps = (
        Before(method="add", arguments=(given("item", text("'pen'")), given("count", text("2"), keyword=True))),
        Before(method="__setitem__", arguments=(given("key", text("'a'")), given("value", text("1")))),
        Before(method="__delitem__", arguments=(given("key", text("'a'")),)),
        Before(method="__call__", arguments=(given("key", text("'b'")),)),
    )
    recipe = Recipe(target="shop.cart:Cart.size", receiver=CART_OF_ANN, steps=steps)
    stepped, plain = KnownCalls([recipe], "shop").plans(target_of(module, "Cart.size"), ())
    assert to_candidate(stepped).arrange == (
        "cart = Cart(Owner('ann'))",
        "cart.add('pen', count=2)",
        "cart['a'] = 1",
        "del cart['a']",
        "cart('b')",
    )
    assert to_candidate(plain).arrange == ("cart = Cart(Owner('ann'))",)


def test_a_method_seen_without_its_object_is_called_on_one_that_is_known(module: SourceModule) -> None:
    recipe = Recipe(target="shop.cart:Cart.add", arguments=(given("item", text("'pen'")),))
    known, target = KnownCalls([recipe], "shop"), target_of(module, "Cart.add")
    assert known.plans(target, ()) == []
    [plan] = known.plans(target, builder().instance("shop.cart.Cart"))
    assert to_candidate(plan).act == "cart.add('pen')"


def test_constructions_are_taught_the_simplest_first() -> None:
    long = given("owner", text("'a rather long name of an owner'"))
    recipes = [
        Recipe(target="shop.cart:Cart", arguments=(long,)),
        Recipe(target="shop.cart:Cart", arguments=(given("owner", ANN),)),
        Recipe(target="shop.cart:ship", arguments=(given("cart", CART_OF_ANN), given("place", text("'Oslo'")))),
    ]
    taught = builder()
    KnownCalls(recipes, "shop").teach(taught)
    assert [value.source for value in taught.instance("shop.cart.Cart")][:2] == [
        "Cart(Owner('ann'))",
        "Cart('a rather long name of an owner')",
    ]


def test_a_fixture_of_the_project_comes_before_what_has_to_be_built() -> None:
    fixture = Ingredient(source="full_cart", type_name="shop.cart.Cart", fixtures=("full_cart",))
    recipes = [
        Recipe(target="shop.cart:Cart", arguments=(given("owner", ANN),)),
        Recipe(target="conftest:full_cart", receiver=fixture),
    ]
    taught = builder()
    KnownCalls(recipes, "shop").teach(taught)
    first = taught.instance("shop.cart.Cart")[0]
    assert (first.source, first.fixtures) == ("full_cart", ("full_cart",))


def test_an_object_that_is_remembered_is_built_so_and_called_nowhere(module: SourceModule) -> None:
    made = Ingredient(source="Cart(Owner('zoe'))", type_name="shop.cart.Cart", imports=CART_OF_ANN.imports)
    known, taught = KnownCalls([Recipe(target="memory:3f", receiver=made)], "shop"), builder()
    known.teach(taught)
    first = taught.instance("shop.cart.Cart")[0]
    assert (first.source, first.shared) == ("Cart(Owner('zoe'))", True)
    assert known.plans(target_of(module, "Cart.add"), ()) == []


def test_different_shapes_of_a_call_come_before_more_of_the_same(module: SourceModule) -> None:
    recipes = [Recipe(target="shop.cart:label", arguments=(given("place", text(f"'{name}'")),)) for name in "abc"]
    number = Ingredient(source="12345", type_name="int")
    recipes.append(Recipe(target="shop.cart:label", arguments=(given("place", number),)))
    plans = KnownCalls(recipes, "shop").plans(target_of(module, "label"), ())
    assert [to_candidate(plan).act for plan in plans] == ["label('a')", "label(12345)", "label('b')", "label('c')"]


def offered(module: SourceModule, recipes: list[Recipe], *, without: frozenset[Capability] = frozenset()) -> list[str]:
    proposer = NativeProposer(module, FACTS, seed=0, recipes=recipes, without=without)
    request = Request(goals=frozenset(), mutants=(), count=200)
    return [candidate.act for _ in range(3) for candidate in proposer.propose(request)]


SEEN = [Recipe(target="shop.cart:label", arguments=(given("place", text("'Trondheim'")),))]


def test_the_proposer_offers_seen_calls_and_values_of_namesakes(module: SourceModule) -> None:
    acts = offered(module, SEEN)
    assert "label('Trondheim')" in acts
    assert any(act.startswith("ship(") and "'Trondheim'" in act for act in acts)


def test_without_recipes_they_are_not_used(module: SourceModule) -> None:
    acts = offered(module, SEEN, without=frozenset({Capability.RECIPES}))
    assert not any("Trondheim" in act for act in acts)


def test_a_parameter_named_like_a_class_gets_its_objects(module: SourceModule) -> None:
    recipes = [
        Recipe(target="shop.cart:Cart", arguments=(given("owner", ANN),)),
        Recipe(
            target="conftest:full_cart",
            receiver=Ingredient(source="full_cart", type_name="shop.cart.Cart", fixtures=("full_cart",)),
        ),
    ]
    acts = offered(module, recipes)
    assert any(act.startswith("ship(full_cart, ") for act in acts)
    assert any(act.startswith("ship(cart, ") for act in acts)


def test_a_fixture_is_asked_for_only_where_it_is_used(module: SourceModule) -> None:
    fixture = Ingredient(source="full_cart", type_name="shop.cart.Cart", fixtures=("full_cart",))
    recipe = Recipe(target="shop.cart:ship", arguments=(given("cart", fixture), given("place", text("'Oslo'"))))
    [plan] = KnownCalls([recipe], "shop").plans(target_of(module, "ship"), ())
    assert to_candidate(plan).fixtures == ("full_cart",)
    changed = plan.map_values(lambda value: replace(value, source="None"))
    assert to_candidate(changed).fixtures == ()


def test_driven_methods_are_left_to_the_seeds() -> None:
    module = module_of("class Door:\n    def __enter__(self):\n        return self\n")
    recipe = Recipe(target="shop.cart:Door.__enter__", receiver=Ingredient(source="Door()"))
    assert KnownCalls([recipe], "shop").plans(target_of(module, "Door.__enter__"), ()) == []
