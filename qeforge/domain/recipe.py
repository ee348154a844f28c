"""Calls that somebody wrote or that were seen to happen: how objects are built and functions are called."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """A value by its source.

    Args:
        source: an expression that makes it.
        type_name: dotted path of its class, builtins bare; empty when it is not known.
        imports: whole import statements that the expression needs.
        fixtures: pytest fixtures that it uses by name.
    """

    source: str
    type_name: str = ""
    imports: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a call gives to one parameter: `name` is the parameter's, `keyword` says that it is passed by name."""

    name: str
    value: Ingredient
    keyword: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A call on the receiver that came earlier."""

    method: str
    arguments: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fake:
    """What stands in for something outside of the project.

    Args:
        stands_for: dotted name of a callable: `subprocess.run`.
        source: an expression that makes what is put in its place.
        imports: whole import statements that the expression needs.
    """

    stands_for: str
    source: str
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One call of a callable of the project.

    Args:
        target: `module:qualname`; of a constructor, `module:Class`; of a fixture that gives the receiver,
            `conftest:name`; of an object alone, `memory:` and the id of its pattern.
        arguments: what it was given, in the order of the call.
        receiver: the object whose method it is, as it was built; None for what has none.
        steps: the last calls on the receiver between its making and this call.
    """

    target: str
    arguments: tuple[Given, ...] = ()
    receiver: Ingredient | None = None
    steps: tuple[Before, ...] = ()

    @property
    def builds(self) -> str:
        """Name of the class whose object it builds or is called on, as a parameter would be named (`bank_account`).

        Empty for none.
        """
        dotted = self.receiver.type_name if self.receiver else self.target.replace(":", ".")
        last = dotted.rpartition(".")[2].strip("_")
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last).lower() if last[:1].isupper() else ""

    @property
    def length(self) -> int:
        """Characters of source that it takes, by which recipes are ordered: the simplest first."""
        own = sum(len(each.value.source) for each in self.arguments)
        earlier = sum(len(each.value.source) + 10 for step in self.steps for each in step.arguments)
        return own + earlier + len(self.receiver.source if self.receiver else "")
