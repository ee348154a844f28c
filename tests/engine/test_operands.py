import random

import pytest

from qeforge.domain.observation import Operand
from qeforge.domain.target import Flavour, Kind, Span, Target
from qeforge.engine.operands import redirect
from qeforge.engine.plan import Argument, Plan
from qeforge.engine.value import literal

TARGET = Target(
    module="m",
    qualname="f",
    kind=Kind.FUNCTION,
    flavour=Flavour.PLAIN,
    parameters=(),
    returns=None,
    span=Span(line=1, end_line=2),
    digest="",
    complexity=1,
)


@pytest.mark.parametrize(
    ("source", "operator", "left", "right", "wanted"),
    [
        ("'abc'", "==", "'abc'", "'json'", "'json'"),
        ("'abc'", "==", "'abc'", "'abc'", "''"),
        ("3", "<", "3", "10", "11"),
        ("'abc'", "in", "'abc'", "('red', 'blue')", "'blue'"),
        ("'abc'", "in", "'@'", "'abc'", "'abc@'"),
        ("'abc'", "startswith", "'abc'", "'http://'", "'http://abc'"),
        ("'a.txt'", "endswith", "'a.txt'", "'.gz'", "'a.txt.gz'"),
        ("'a.txt'", "endswith", "'a.txt'", "'.txt'", "'a'"),
        ("'abc'", "startswith", "'b'", "'http://'", "['http://b']"),
        ("'abc'", "==", "'c'", "'json'", "['json']"),
        ("lambda: 'abc'", "startswith", "'b'", "'http://'", "lambda: ['http://b']"),
        ("'abc'", "getitem", "{'x': 1}", "'abc'", "'x'"),
        ("[1, 2]", "truth", "[1, 2]", "True", "[]"),
        ("'abc'", "isinstance", "'abc'", "int", "1"),
    ],
)
def test_the_other_side_goes_into_the_input(source: str, operator: str, left: str, right: str, wanted: str) -> None:
    plan = Plan(target=TARGET, arguments=(Argument(name="x", value=literal(source)),))
    operand = Operand(line=1, operator=operator, left=left, right=right)

    found = {new.arguments[0].value.source for new in redirect(plan, operand, random.Random(0))}

    assert wanted in found


def test_a_pattern_gives_a_text_that_matches() -> None:
    plan = Plan(target=TARGET, arguments=(Argument(name="x", value=literal("'abc'")),))
    operand = Operand(line=1, operator="match", left=r"'\\d{2}:\\d{2}'", right="'abc'")

    found = [new.arguments[0].value.source for new in redirect(plan, operand, random.Random(0))]

    assert any(len(source) == 7 and source[3] == ":" for source in found)


def test_what_cannot_be_read_is_left_alone() -> None:
    plan = Plan(target=TARGET, arguments=(Argument(name="x", value=literal("'abc'")),))
    operand = Operand(line=1, operator="==", left="<object>", right="<object>")

    assert list(redirect(plan, operand, random.Random(0))) == []
