"""Why lines were missed: one line at a time, everything else having run."""

import pytest
from rig.causes import Cause, classified

SOURCE = """\
def never(value):
    return value


def raised(value):
    number = int(value)
    return number + 1


def branch(value):
    if value > 3:
        value = 1
    elif value == 0:
        value = 2
    else:
        value = 3
    return value


def handler(value):
    try:
        return int(value)
    except ValueError:
        value = None
        return value


def loop(values):
    for value in values:
        print(value)
    return 1


def guard(value):
    if value:
        return 1
    return 2


def outer():
    def inner():
        return 1

    return inner


def guard_that_raises(value):
    if not value:
        raise ValueError(value)
    return value


def opened(path):
    with open(path) as file:
        return file.read()


def matched(value):
    match value:
        case 1:
            return "one"
        case 2:
            return "two"
    return "many"
"""
LINES = {text.strip(): number for number, text in enumerate(SOURCE.splitlines(), 1)}


@pytest.mark.parametrize(
    "first, others, expected",
    [
        (2, (), Cause.NEVER_ENTERED),
        (7, (), Cause.RAISED),
        (12, (), Cause.BRANCH),
        (13, (14, 16), Cause.BRANCH),
        (14, (), Cause.BRANCH),
        (17, (), Cause.RAISED),
        (23, (24, 25), Cause.HANDLER),
        (24, (25,), Cause.HANDLER),
        (25, (), Cause.RAISED),
        (30, (), Cause.GUARD),
        (31, (), Cause.GUARD),
        (37, (), Cause.GUARD),
        (42, (), Cause.NEVER_ENTERED),
        (50, (), Cause.RAISED),
        (55, (), Cause.RAISED),
        (62, (63,), Cause.BRANCH),
        (63, (), Cause.BRANCH),
    ],
)
def test_each_cause(first: int, others: tuple[int, ...], expected: Cause) -> None:
    text = SOURCE.splitlines()
    statements = {number for number, line in enumerate(text, 1) if line.strip() not in ("", "else:")}
    executed = statements - {first, *others}
    if first == 50:
        executed.add(49)
    assert classified(SOURCE, [first], executed) == {expected.value: 1}, text[first - 1]


def test_all_lines_are_counted() -> None:
    executed = {1, 5, 6}
    assert classified(SOURCE, [2, 7, 999], executed) == {
        Cause.NEVER_ENTERED.value: 1,
        Cause.RAISED.value: 1,
        Cause.BRANCH.value: 1,
    }
