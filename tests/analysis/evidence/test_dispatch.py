"""Functions with several faces: generic functions, overloads."""

from tests.analysis.evidence.reading import names, of, using

GENERIC = """
from collections.abc import Mapping, Sequence
from functools import singledispatch, singledispatchmethod
from types import SimpleNamespace
from typing import overload

def f(x):
    return convert(x)

@singledispatch
def convert(x, deep=False):
    raise TypeError(x)

@convert.register(Mapping)
def _(x, deep=False):
    return {key: convert(value) for key, value in x.items()}

@convert.register
def _(x: SimpleNamespace, deep=False):
    return convert(x.__dict__)

@convert.register
def from_sequence(x: Sequence, deep=False):
    if hasattr(x, "_fields"):
        return [convert(getattr(x, name)) for name in x._fields]
    return [convert(item) for item in x if isinstance(item, bytes)]

convert.register(complex, lambda x: [x.real, x.imag])
convert.register(int, from_sequence)

class Writer:
    @singledispatchmethod
    def write(self, item):
        raise TypeError(item)

    @write.register
    def _(self, item: int | str):
        return item

@overload
def stated(x: bytes) -> bytes: ...
@overload
def stated(x: str) -> str: ...
def stated(x):
    return x

class Registry:
    def register(self, x):
        return x
"""


def test_what_a_generic_function_has_implementations_for_is_what_its_argument_may_be() -> None:
    registered = {"collections.abc.Mapping", "types.SimpleNamespace", "collections.abc.Sequence", "complex", "int"}

    assert registered <= set(names(of(GENERIC, target="convert")))
    assert registered <= set(names(of(GENERIC)))
    assert "complex" not in names(of(GENERIC, target="convert", parameter="deep"))


def test_what_an_implementation_asks_for_counts_after_what_it_is_registered_for() -> None:
    found = names(of(GENERIC, target="convert"))

    assert found.index("collections.abc.Sequence") < found.index("typing.NamedTuple")


def test_items_that_go_back_into_the_generic_function_may_be_anything_that_it_takes() -> None:
    evidence = of(GENERIC, target="convert")

    assert evidence.values is not None
    assert evidence.element is not None
    assert {"collections.abc.Mapping", "types.SimpleNamespace"} <= set(names(evidence.values))
    assert {"collections.abc.Mapping", "types.SimpleNamespace", "bytes"} <= set(names(evidence.element))
    assert "_fields" not in evidence.attributes


def test_methods_dispatch_on_what_follows_the_receiver() -> None:
    assert names(of(GENERIC, target="Writer.write", parameter="item"))[:2] == ["int", "str"]


def test_overloads_say_what_the_implementation_takes() -> None:
    assert names(of(GENERIC, target="stated"))[:2] == ["bytes", "str"]


def test_another_method_that_is_called_register_means_nothing() -> None:
    assert names(using("registry.register(int, x)", "return x")) == []
