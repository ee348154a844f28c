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
        ("1", "TypeError", "'int' object is not iterable", "["),
        ("1", "TypeError", "'int' object is not callable", "lambda"),
        ("1", "TypeError", "object of type 'int' has no len()", "["),
        ("1", "TypeError", "expected str, bytes or os.PathLike object, not int", "'"),
        ("'a'", "TypeError", "unsupported operand type(s) for +: 'int' and 'str'", "1"),
        ("1", "AttributeError", "'int' object has no attribute 'lower'", "'"),
        ("1", "AttributeError", "'int' object has no attribute 'items'", "{"),
        ("1", "AttributeError", "'int' object has no attribute 'nobody_has_this'", "SimpleNamespace(nobody_has_this="),
        (
            "SimpleNamespace(a={'b': 1})",
            "AttributeError",
            "'types.SimpleNamespace' object has no attribute 'name'",
            "SimpleNamespace(a={'b': 1}, name=1)",
        ),
        ("{'a': 1}", "KeyError", "'name'", "{'a': 1, 'name': 'abc'}"),
        ("[]", "IndexError", "list index out of range", "[1, 1]"),
        ("'abc'", "ValueError", "invalid literal for int() with base 10: 'abc'", "'12'"),
        ("'abc'", "ValueError", "time data 'abc' does not match format '%Y-%m-%d'", "'2020-01-31'"),
        ("'abc'", "ValueError", "not enough values to unpack (expected 2, got 1)", "(1, 2,)"),
        ("'abc'", "ValueError", "mode must be one of 'fast', 'slow'", "'slow'"),
        ("'abc'", "FileNotFoundError", "[Errno 2] No such file or directory: 'abc'", "tmp_path /"),
    ],
)
def test_the_message_says_what_to_pass(source: str, type_name: str, message: str, wanted: str) -> None:
    assert any(new.startswith(wanted) for new in mended(source, type_name, message))


def test_an_unexpected_keyword_is_left_out() -> None:
    assert mended("1", "TypeError", "f() got an unexpected keyword argument 'x'") == [""]


def test_a_deliberate_refusal_is_not_repaired() -> None:
    assert mended("1", "NotImplementedError", "subclasses must override") == []
