"""Attributes that are looked up by their names."""

import pytest

from tests.analysis.evidence.reading import names, of, using


@pytest.mark.parametrize(
    "line",
    [
        "return hasattr(thing, x)",
        "return getattr(thing, x)",
        "return x in thing.__dict__",
        "thing.y = x not in y.__dict__",
    ],
)
def test_the_name_of_an_attribute_may_be_one_that_everything_has(line: str) -> None:
    evidence = using(line, parameters="x, thing, y")

    assert set(evidence.equals) == {"'__class__'", "'__doc__'"}
    assert names(evidence)[0] == "str"


def test_a_constant_name_says_nothing_of_what_is_looked_at() -> None:
    assert using("return hasattr(x, 'name')").equals == ()


def test_what_has_bases_is_a_class() -> None:
    assert names(using("return [each for each in x.__mro__ if each]"))[0] == "type"


@pytest.mark.parametrize("wanted", ["self.__class__", "type(self)", "(int, type(self))"])
def test_the_class_of_the_receiver_is_a_type(wanted: str) -> None:
    source = f"class Money:\n    def __eq__(self, x):\n        return isinstance(x, {wanted})\n"

    assert names(of(source, target="Money.__eq__"))[-1].endswith(".Money")
