import re
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.codegen.render import render
from qeforge.domain.candidate import Candidate
from qeforge.domain.testcase import Suite, TestCase
from tests.codegen.suites import ACCOUNT, definitions, offer, text_of
from tests.oracle.build import case


def test_cases_that_differ_in_one_value_share_one_line() -> None:
    text = text_of(offer("is_email", "is_email('')"), offer("is_email", "is_email('a')"))
    assert definitions(text) == (
        '@pytest.mark.parametrize("text", ["", "a"])\n'
        "def test_is_email_returns_false(text):\n"
        "    assert is_email(text) is False\n"
    )


def test_true_and_false_do_not_mix() -> None:
    text = text_of(offer("is_email", "is_email('')"), offer("is_email", "is_email('a@b.co')"))
    assert "parametrize" not in text
    assert text.count("def test_") == 2


def test_rows_hold_arguments_and_expected_values() -> None:
    text = text_of(
        offer("slugify", "slugify('A b', separator='_')"),
        offer("slugify", "slugify('C', separator='+')"),
    )
    assert definitions(text) == (
        "@pytest.mark.parametrize(\n"
        '    ("text", "separator", "expected"),\n'
        "    [\n"
        '        ("A b", "_", "a_b"),\n'
        '        ("C", "+", "c"),\n'
        "    ],\n"
        ")\n"
        "def test_slugify_returns_expected_text(text, separator, expected):\n"
        "    assert slugify(text, separator=separator) == expected\n"
    )


def test_equal_values_stay_in_the_call() -> None:
    text = text_of(
        offer("slugify", "slugify('A', separator='_')"),
        offer("slugify", "slugify('C', separator='_')"),
    )
    assert 'slugify(text, separator="_") == expected' in text


def test_an_arranged_value_becomes_a_column() -> None:
    text = text_of(
        offer("extend", "extend(items, 3)", "items = [1]"),
        offer("extend", "extend(items, 3)", "items = []"),
    )
    assert definitions(text) == (
        "@pytest.mark.parametrize(\n"
        '    ("items", "expected"),\n'
        "    [\n"
        "        ([1], [1, 3]),\n"
        "        ([], [3]),\n"
        "    ],\n"
        ")\n"
        "def test_extend_changes_items(items, expected):\n"
        "    extend(items, 3)\n"
        "    assert items == expected\n"
    )


def test_exceptions_of_one_type_share_a_table_with_their_messages() -> None:
    text = text_of(
        offer("parse_duration", "parse_duration('a')"),
        offer("parse_duration", "parse_duration('b')"),
        offer("parse_duration", "parse_duration(3)"),
    )
    assert '("text", "match"),' in text
    assert text.count("def test_") == 2


def test_a_common_message_is_no_column() -> None:
    text = text_of(
        offer("Account.deposit", "account.deposit(0)", ACCOUNT),
        offer("Account.deposit", "account.deposit(-5)", ACCOUNT),
    )
    assert '@pytest.mark.parametrize("amount", [0, -5])' in text


def test_the_same_case_twice_is_one_test() -> None:
    text = text_of(offer("slugify", "slugify('A')"), offer("slugify", "slugify(text)", "text = 'A'"))
    assert text.count("def test_") == 1
    assert "parametrize" not in text


def test_long_values_keep_tests_of_their_own() -> None:
    text = text_of(offer("slugify", f"slugify({'a' * 120!r})"), offer("slugify", "slugify('A')"))
    assert "parametrize" not in text


def test_floats_share_an_approximation() -> None:
    text = text_of(offer("mean", "mean([0.1, 0.2])"), offer("mean", "mean([0.1, 0.4])"))
    assert "assert mean(values) == pytest.approx(expected)" in text
    assert "([0.1, 0.2], 0.15)," in text


def test_what_differs_in_more_than_values_is_not_joined() -> None:
    text = text_of(
        offer("filter", "filter([1], lambda item: item > 1)"),
        offer("filter", "filter([1], lambda item: item < 1)"),
    )
    assert text.count("def test_") == 2


def test_what_comes_out_as_it_went_in_is_written_once() -> None:
    text = text_of(offer("slugify", "slugify('a')"), offer("slugify", "slugify('b-c')"))
    assert definitions(text) == (
        '@pytest.mark.parametrize("text", ["a", "b-c"])\n'
        "def test_slugify_leaves_text_unchanged(text):\n"
        "    assert slugify(text) == text\n"
    )


def test_sums_of_literal_numbers_are_rows_like_others() -> None:
    text = text_of(offer("mean", "mean([10**3])"), offer("mean", "mean([4])"))
    assert "[10**3]," in text.replace(" ** ", "**")
    assert text.count("def test_") == 1


def test_tables_that_differ_in_a_fixed_argument_say_it() -> None:
    text = text_of(
        offer("slugify", "slugify('A b')"),
        offer("slugify", "slugify('A c')"),
        offer("slugify", "slugify('A b', separator='')"),
        offer("slugify", "slugify('A c', separator='')"),
    )
    assert re.findall(r"def (\w+)", text) == [
        "test_slugify_returns_expected_text",
        "test_slugify_returns_expected_text_for_empty_separator",
    ]


def test_rows_take_no_name_away_from_a_test_of_its_own() -> None:
    text = text_of(
        offer("is_email", "is_email('a b')"),
        offer("is_email", "is_email('abc')"),
        offer("is_email", "is_email(text)", "text = 'a ' + 'b'"),
    )
    assert re.findall(r"def (\w+)", text) == [
        "test_is_email_returns_false",
        "test_is_email_returns_false_for_text",
    ]


def test_slices_that_differ_in_a_value_share_a_test() -> None:
    text = text_of(
        offer("mean", "mean([3, 4, 8])"),
        offer("mean", "mean(items[slice(0, 1)])", "items = list(range(5))"),
        offer("mean", "mean(items[slice(0, 3)])", "items = list(range(5))"),
    )
    assert text.count("def test_") == 2
    assert re.search(r"items\[0:\w+\]", text)


def case_of(act: str, expected: object, imported: str, *arrange: str) -> TestCase:
    subject = Candidate(target="shop:f", act=act, arrange=arrange, imports=(f"from shop import {imported}",))
    return replace(case(act, f"assert result == {expected!r}"), candidate=subject)


@pytest.mark.parametrize(
    ("imported", "arrange", "call"),
    [
        ("Rope", ("rope = Rope('abc')",), "rope.slice"),
        ("Cache", ("cache = Cache()",), "cache.set"),
        ("Clock", ("datetime = Clock()",), "datetime.time"),
        ("date", (), "date"),
        ("slice", (), "shop.slice"),
    ],
)
def test_a_call_of_the_code_under_test_is_no_cell(imported: str, arrange: tuple[str, ...], call: str) -> None:
    act = call.removeprefix("shop.")
    cases = [case_of(f"{act}({i}, 5)", i, imported, *arrange) for i in (3, 4)]
    text = render(Suite(module="shop", path=Path("/nowhere/test_shop.py"), cases=tuple(cases)), {})
    assert f"{call}(" not in text.partition("\ndef test_")[0]
    assert f"{call}(value, 5)" in text
