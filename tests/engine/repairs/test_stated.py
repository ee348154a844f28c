import random

import pytest

from qeforge.domain.facts import ModuleFacts, TypeRef
from qeforge.domain.observation import Raised
from qeforge.engine.build import Builder
from qeforge.engine.plan import Argument, Plan
from qeforge.engine.repairs.stated import repairs
from qeforge.engine.value import Value, literal
from tests.engine.test_operands import TARGET

BUILDER = Builder(ModuleFacts(module="m"), (), (), random.Random(0))


def mended(source: str, type_name: str, message: str) -> list[str]:
    plan = Plan(target=TARGET, arguments=(Argument(name="x", value=literal(source)),))

    def values(name: str, type: TypeRef) -> list[Value]:
        return BUILDER.values(type, name)

    found = repairs(plan, Raised(type_name=type_name, message=message), values, random.Random(0))
    return [plan.arguments[0].value.source if plan.arguments else "" for plan in found]


@pytest.mark.parametrize(
    ("source", "type_name", "message", "wanted"),
    [
        ("1", "AttributeError", "'int' object has no attribute 'lower'", "'"),
        ("1", "AttributeError", "'int' object has no attribute 'items'", "{"),
        ("1", "AttributeError", "'int' object has no attribute 'nobody_has_this'", "SimpleNamespace(nobody_has_this="),
        (
            "SimpleNamespace(a={'b': 1})",
            "AttributeError",
            "'types.SimpleNamespace' object has no attribute 'name'",
            "SimpleNamespace(a={'b': 1}, name=1)",
        ),
        ("'abc'", "ValueError", "invalid literal for int() with base 10: 'abc'", "'12'"),
        ("'abc'", "ValueError", "time data 'abc' does not match format '%Y-%m-%d'", "'2020-01-31'"),
        ("'abc'", "ValueError", "not enough values to unpack (expected 2, got 1)", "(1, 2,)"),
        ("'abc'", "ValueError", "mode must be one of 'fast', 'slow'", "'slow'"),
    ],
)
def test_the_message_says_what_to_pass(source: str, type_name: str, message: str, wanted: str) -> None:
    assert any(new.startswith(wanted) for new in mended(source, type_name, message))


def test_an_unexpected_keyword_is_left_out() -> None:
    assert mended("1", "TypeError", "f() got an unexpected keyword argument 'x'") == [""]


def test_a_missing_argument_is_given() -> None:
    plan = Plan(target=TARGET, arguments=())
    raised = Raised(type_name="TypeError", message="f() missing 1 required positional argument: 'x'")

    found = list(repairs(plan, raised, lambda name, type: BUILDER.values(type, name), random.Random(0)))

    assert found
    assert all([argument.name for argument in each.arguments] == ["x"] for each in found)


@pytest.mark.parametrize(
    ("type_name", "message"),
    [
        ("AssertionError", "must be one of 'a', 'b'"),
        ("IndexError", "list index out of range"),
        ("KeyError", "'name'"),
    ],
)
def test_what_the_text_alone_does_not_mend_is_left_to_others(type_name: str, message: str) -> None:
    assert mended("'abc'", type_name, message) == []
