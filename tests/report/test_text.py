from pathlib import Path

import pytest

from qeforge.report.text import count, one_line, percent, ranges, seconds, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two\n  lines\t", "two lines"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("bell\x07 and\x9b", "bell\\x07 and\\x9b"),
        ("naïve – ok", "naïve – ok"),
        ("", ""),
    ],
)
def test_one_line_leaves_nothing_that_moves_the_cursor(text: str, expected: str) -> None:
    assert one_line(text) == expected


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(None, "–"), (0.0, "0%"), (1.0, "100%"), (0.999, "99%"), (0.29, "29%"), (0.5649, "56%")],
)
def test_percent_is_never_rounded_up_to_all(rate: float | None, expected: str) -> None:
    assert percent(rate) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (31.4, "31 s"), (185.0, "3 min 05 s")]
)
def test_seconds(value: float, expected: str) -> None:
    assert seconds(value) == expected


@pytest.mark.parametrize(("number", "expected"), [(0, "0 tests"), (1, "1 test"), (2, "2 tests")])
def test_count(number: int, expected: str) -> None:
    assert count(number, "test") == expected


def test_shown_is_relative_below_the_base_only() -> None:
    assert shown(Path("/a/b/c.py"), Path("/a")) == str(Path("b/c.py"))
    assert shown(Path("/x/c.py"), Path("/a")) == str(Path("/x/c.py"))
    assert shown(Path("b/c.py"), Path("/a")) == str(Path("b/c.py"))
    assert shown(None, Path("/a")) == ""


@pytest.mark.parametrize(
    ("lines", "expected"), [((), ""), ((3,), "3"), ((9, 7, 8, 3), "3, 7-9"), ((1, 2, 4, 5), "1-2, 4-5")]
)
def test_ranges(lines: tuple[int, ...], expected: str) -> None:
    assert ranges(lines) == expected
