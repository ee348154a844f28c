"""Conditions around lines."""

import ast
import textwrap

import pytest

from qeforge.analysis.guards import guards_of

SOURCE = textwrap.dedent("""\
    def price(items, rate):
        if not items:
            return 0
        total = 0
        for item in items:
            while item.parts:
                item = item.parts.pop()
            try:
                total += item.cost
            except AttributeError:
                total += 1
        else:
            total += 2

        def inner():
            return total

        match rate:
            case 0:
                total += 3
        if rate < 0:
            total -= 1
        elif rate > 1:
            total *= rate
        else:
            total += inner()
        return total
    """)


def line_of(text: str) -> int:
    (found,) = [number for number, line in enumerate(SOURCE.splitlines(), 1) if line.strip() == text]
    return found


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        ("return 0", "`not items`"),
        ("total = 0", "`items`"),
        ("while item.parts:", "some `item` in `items`"),
        ("item = item.parts.pop()", "some `item` in `items` and `item.parts`"),
        ("total += item.cost", "some `item` in `items`"),
        ("total += 1", "some `item` in `items` and an exception `AttributeError`"),
        ("total -= 1", "`rate < 0`"),
        ("total *= rate", "`rate > 1`"),
        ("total += inner()", "not `rate > 1`"),
        ("total += 3", "`items`"),
    ],
)
def test_a_line_has_the_innermost_conditions_around_it(text: str, guard: str) -> None:
    assert guards_of(ast.parse(SOURCE), [line_of(text)]) == {guard: line_of(text)}


def test_lines_that_always_run_have_none() -> None:
    assert guards_of(ast.parse(SOURCE), [1, line_of("if not items:")]) == {}
    assert guards_of(ast.parse("def f():\n    def g():\n        return 1\n    return g"), [2, 3, 4]) == {}


def test_each_condition_is_told_once_in_the_order_of_the_lines() -> None:
    lines = [line_of("total *= rate"), line_of("return 0"), line_of("total = 0"), line_of("for item in items:")]

    assert guards_of(ast.parse(SOURCE), lines) == {
        "`not items`": line_of("return 0"),
        "`items`": line_of("total = 0"),
        "`rate > 1`": line_of("total *= rate"),
    }


def test_what_nobody_can_read_is_left_out() -> None:
    source = f"if {' and '.join(f'name_{n} > {n}' for n in range(30))}:\n    x = 1\n"

    assert guards_of(ast.parse(source), [2]) == {}
