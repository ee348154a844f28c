"""What is known of real calls, put to use: as first plans, as values of parameters, as ways to build objects."""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TypeVar

from qeforge.domain.facts import ClassKind
from qeforge.domain.recipe import Given, Ingredient, Recipe
from qeforge.domain.target import Kind, Target
from qeforge.engine.build import Builder
from qeforge.engine.plan import Argument, Plan, Step
from qeforge.engine.shapes import interleave
from qeforge.engine.state import FLAVOURS, State
from qeforge.engine.value import Value, call, literal, unique

_T = TypeVar("_T")

_MOST_PLANS = 20
_MOST_BUILDS = 6
_FIRST = 3
_MOST_OWN = 6
_MOST_NAMESAKES = 4
_DRIVEN = frozenset({"__enter__", "__exit__", "__aenter__", "__aexit__", "__aiter__", "__anext__"})


class KnownCalls:
    """The recipes that concern one module, the simplest first.

    Args:
        recipes: of its own callables, and of what builds the objects that it works with.
        package: top-level package of the module; objects of its classes get variables of their own.
    """

    def __init__(self, recipes: Sequence[Recipe], package: str) -> None:
        self._package = package
        self._by_target: dict[str, list[Recipe]] = {}
        self._by_name: dict[str, list[Value]] = {}
        for recipe in sorted(recipes, key=lambda each: (each.length, repr(each))):
            self._by_target.setdefault(recipe.target, []).append(recipe)
            for given in recipe.arguments:
                self._by_name.setdefault(given.name, []).append(self._value(given.value))
            if recipe.builds:
                value = self._value(recipe.receiver) if recipe.receiver else self._made(recipe.target, recipe)
                self._by_name.setdefault(recipe.builds, []).append(value)

    def teach(self, builder: Builder) -> None:
        """Gives the builder the constructions that were seen, those with the fewest words first."""
        built: dict[str, list[Value]] = {}
        for target, recipes in self._by_target.items():
            dotted = target.replace(":", ".")
            fact = builder.facts.classes.get(dotted)
            if fact is not None and fact.kind is not ClassKind.ENUM:
                built.setdefault(dotted, []).extend(self._made(target, recipe) for recipe in recipes)
            for recipe in recipes:
                for each in _ingredients(recipe):
                    if each.type_name in builder.facts.classes and (each.fixtures or _is_call(each.source)):
                        built.setdefault(each.type_name, []).append(self._value(each))
        for dotted, values in sorted(built.items()):
            for value in sorted(unique(values), key=lambda each: len(each.source))[:_MOST_BUILDS]:
                builder.found_instance(dotted, value)

    def enrich(self, state: State) -> None:
        """Puts the values that were seen into the pools of a target's parameters: its own by turns with the likely
        ones, those of parameters of the same name behind the likeliest."""
        recipes = self._by_target.get(_id(state.target), ())
        types = {parameter.name: parameter.type.name for parameter in state.parameters}
        for name, pool in state.pools.items():
            own = unique(self._value(g.value) for recipe in recipes for g in recipe.arguments if g.name == name)
            own = own[:_MOST_OWN]
            kinds = {value.type_name for value in (*own, *pool[:4])}
            unknown = types.get(name) in ("Any", "object")
            others = [v for v in self._by_name.get(name, ()) if unknown or v.type_name in kinds]
            others = unique(others)[:_MOST_NAMESAKES]
            state.pools[name] = unique(interleave([own, [*pool[:3], *others, *pool[3:]]]))

    def plans(self, target: Target, receivers: Sequence[Value]) -> list[Plan]:
        """The calls of a target that were seen; on the first of `receivers` where the object is not known."""
        if target.name in _DRIVEN:
            return []
        plans: list[Plan] = []
        needs = target.kind in (Kind.METHOD, Kind.PROPERTY)
        for recipe in _varied(self._by_target.get(_id(target), ()))[:_MOST_PLANS]:
            receiver = self._value(recipe.receiver) if recipe.receiver else next(iter(receivers), None)
            if needs and receiver is None:
                continue
            plain = Plan(
                target=target,
                receiver=receiver if needs else None,
                arguments=self._arguments(recipe.arguments),
                drive=FLAVOURS[target.flavour],
            )
            steps = tuple(Step(method=each.method, arguments=self._arguments(each.arguments)) for each in recipe.steps)
            plans += [replace(plain, steps=steps)] if steps else [plain]
            if steps and len(plans) < _FIRST:
                plans.append(plain)
        return plans

    def queue(self, target: Target, receivers: Sequence[Value], seeds: Sequence[Plan]) -> list[Plan]:
        """The first plans of a target: a few calls that were seen, then seeds and more of those by turns."""
        seen = self.plans(target, receivers)
        return [*seen[:_FIRST], *_by_turns([seeds[::2], seeds[1::2], seen[_FIRST:]])]

    def _made(self, target: str, recipe: Recipe) -> Value:
        module, _, qualname = target.partition(":")
        arguments = [(g.name if g.keyword else "", self._value(g.value)) for g in recipe.arguments]
        imports = (f"from {module} import {qualname.partition('.')[0]}",)
        return call(qualname, arguments, type_name=qualname.rpartition(".")[2], imports=imports)

    def _arguments(self, given: Iterable[Given]) -> tuple[Argument, ...]:
        return tuple(Argument(name=g.name, value=self._value(g.value), keyword=g.keyword) for g in given)

    def _value(self, ingredient: Ingredient) -> Value:
        value = literal(ingredient.source)
        own = ingredient.type_name.partition(".")[0] == self._package and _is_call(ingredient.source)
        return replace(
            value,
            type_name=ingredient.type_name.rpartition(".")[2] or value.type_name,
            imports=ingredient.imports,
            fixtures=ingredient.fixtures,
            shared=value.shared or own,
        )


def _varied(recipes: Sequence[Recipe]) -> list[Recipe]:
    """One of each shape first (which arguments, of what types), then the next of each."""
    shapes: dict[tuple[object, ...], list[Recipe]] = {}
    for recipe in recipes:
        given = tuple((each.name, each.value.type_name) for each in recipe.arguments)
        shapes.setdefault((given, len(recipe.steps) > 0), []).append(recipe)
    return _by_turns(shapes.values())


def _by_turns(columns: Iterable[Sequence[_T]]) -> list[_T]:
    return [item for row in zip_longest(*columns) for item in row if item is not None]


def _ingredients(recipe: Recipe) -> list[Ingredient]:
    own = [recipe.receiver] if recipe.receiver else []
    return [*own, *(given.value for given in recipe.arguments)]


def _is_call(source: str) -> bool:
    return isinstance(ast.parse(source, mode="eval").body, ast.Call)


def _id(target: Target) -> str:
    """How recipes name it: a constructor goes by its class."""
    if target.kind is Kind.CONSTRUCTOR:
        return f"{target.module}:{target.owner or target.qualname}"
    return target.id
