"""Recorded calls as the worker sends them, read into recipes."""

from typing import Any

from qeforge.domain.recipe import Before, Given, Ingredient, Recipe


def recipe_of(call: list[Any]) -> Recipe:
    """One call as `worker/calls.py` describes it."""
    target, arguments, receiver, steps = call
    return Recipe(
        target=target,
        arguments=_given(arguments),
        receiver=_ingredient(*receiver) if receiver is not None else None,
        steps=tuple(Before(method=method, arguments=_given(inner)) for method, inner in steps),
    )


def _given(arguments: list[Any]) -> tuple[Given, ...]:
    return tuple(Given(name=name, keyword=keyword, value=_ingredient(*rest)) for name, keyword, *rest in arguments)


def _ingredient(source: str, type_name: str, imports: list[str]) -> Ingredient:
    return Ingredient(source=source, type_name=type_name, imports=tuple(imports))
