"""What calls give is brought to its end, so that its items can be expected and not only its type."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.facts import ModuleFacts
from qeforge.domain.target import SourceModule
from qeforge.engine.build import Builder
from qeforge.engine.plan import Drive, Plan
from qeforge.engine.results import Results
from tests.engine.test_operands import TARGET


def follow(type_name: str, plan: Plan) -> list[Drive]:
    module = SourceModule(name="m", path=Path("/m.py"), import_root=Path("/"), source="", targets=(TARGET,))
    facts = ModuleFacts(module="m")
    results = Results(module, Builder(facts, (), (), random.Random(0)), {})
    return [each.drive for each in results.follow(plan, type_name)]


def dotted(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


@pytest.mark.parametrize(
    "made",
    [
        iter([1]), iter((1,)), iter({1}), iter({1: 1}), iter({1: 1}.values()), iter({1: 1}.items()), iter(range(1)),
        iter("a"), iter("é"), iter(b"a"), reversed([1]), reversed("a"), map(str, [1]), (x for x in "a"),
        itertools.islice([1], 1), itertools.chain([1]), itertools.accumulate([1]), itertools.pairwise([1, 2]),
        itertools.zip_longest([1]), itertools.starmap(max, []), itertools.combinations([1], 1),
    ],
    ids=dotted,
)  # fmt: skip
def test_iterators_are_drained(made: Iterator[Any]) -> None:
    assert Drive.LIST in follow(dotted(made), Plan(target=TARGET))


@pytest.mark.parametrize("made", [itertools.count(), itertools.cycle([1]), itertools.repeat(1)], ids=dotted)
def test_of_iterators_without_an_end_the_first_items_are_taken(made: Iterator[Any]) -> None:
    assert Drive.SLICE in follow(dotted(made), Plan(target=TARGET))


def test_what_is_drained_or_no_iterator_is_left_as_it_is() -> None:
    assert follow("itertools.islice", Plan(target=TARGET, drive=Drive.LIST)) == []
    assert follow("list", Plan(target=TARGET)) == []
