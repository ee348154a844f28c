import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.oracle.patterns import LONGEST, match_pattern, string_source


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("must be positive", "must be positive"),
        ("must be positive.", "must be positive"),
        ("f(x) failed", r"f\(x\) failed"),
        ("a-b #1, {x}", "a-b #1, {x}"),
        ("a{2}", r"a\{2}"),
        ("what? 1.5 * 2 | [3]", r"what\? 1\.5 \* 2 \| \[3]"),
        ("[Errno 2] No such file or directory: 'x'", "No such file or directory: 'x'"),
        ("'key'", "'key'"),
        ("first line\nsecond line", "^first line"),
        ("x", "x"),
        ("", None),
        ("   ", None),
    ],
)
def test_pattern_of_one_message(message: str, pattern: str | None) -> None:
    assert match_pattern([message]) == pattern


def test_a_long_message_is_cut_at_a_word() -> None:
    found = match_pattern(["the value is wrong " * 20])
    assert found is not None
    assert found.startswith("^the value is wrong the")
    assert found.endswith(("the", "value", "is", "wrong"))
    assert len(found) <= LONGEST + 1


def test_what_wavers_ends_the_pattern() -> None:
    assert match_pattern(["cannot read token abc1", "cannot read token xyz2"]) == "^cannot read token"
    assert match_pattern(["abc", "xyz"]) is None


def test_addresses_and_paths_end_the_pattern() -> None:
    assert match_pattern(["no rule for <object object at 0x7f31c0d2>"]) == "^no rule for <object object"
    assert match_pattern(["cannot open /home/ann/x"]) == "^cannot open"
    assert match_pattern(["cannot open /home/ann/x"], known="f('/home/ann/x')") == "cannot open /home/ann/x"


@pytest.mark.parametrize(
    ("text", "source"),
    [("a", '"a"'), ('say "a"', "'say \"a\"'"), (r"\d", r'r"\d"'), ("a\n", '"a\\n"'), ("it's", '"it\'s"')],
)
def test_string_source(text: str, source: str) -> None:
    assert string_source(text, pattern=True) == source


@given(st.text(max_size=120))
def test_a_pattern_is_found_in_its_message(message: str) -> None:
    pattern = match_pattern([message])
    if pattern is not None:
        assert re.search(pattern, message)
        assert eval(string_source(pattern, pattern=True)) == pattern


@given(st.text(), st.booleans())
def test_string_source_evaluates_to_the_text(text: str, pattern: bool) -> None:
    assert eval(string_source(text, pattern=pattern)) == text
