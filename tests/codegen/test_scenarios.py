from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.codegen.names import LONGEST, name_cases
from qeforge.codegen.scenarios import fits, scenario_words
from qeforge.domain.candidate import Candidate
from tests.codegen.suites import ACCOUNT, TARGETS, cases, offer


@pytest.mark.parametrize("text", ["pdf_without_trailer", " padded_text ", "test_padded_text", "week_53", "a"])
def test_words_that_may_stand_in_a_name(text: str) -> None:
    assert scenario_words(text) == text.strip().removeprefix("test_")


@pytest.mark.parametrize(
    "text",
    [
        *("", "test_", "_x", "x_", "a__b", "Mixed_Case", "naïve_text", "two words", "a-b", "3_items"),
        *("x; import os", "x():\n    import os", "a_b_c_d_e_f_g", "x" * 41),
        *("text_raises_value_error", "returns_none", "valid_text", "wrong_order", "should_be_rejected"),
    ],
)
def test_anything_else_is_refused_and_so_is_what_foretells_an_outcome(text: str) -> None:
    assert scenario_words(text) == ""


@given(st.text())
def test_whatever_is_written_nothing_but_words_comes_through(text: str) -> None:
    words = scenario_words(text)
    assert not words or f"test_{words}".isidentifier()


def named(candidate: Candidate, words: str) -> str:
    """The name of the only test, when a model described its input so and nothing contradicts it."""
    (case,) = cases(candidate, prune=True)
    return name_cases([replace(case, scenario=words) if fits(case, words) else case], TARGETS)[0].name


@pytest.mark.parametrize(
    ("candidate", "words", "name"),
    [
        (offer("slugify", "slugify('é')"), "accented_letter", "test_slugify_returns_empty_text_for_accented_letter"),
        (offer("slugify", "slugify('abc')"), "lower_case_word", "test_slugify_returns_abc_for_lower_case_word"),
        (offer("parse_duration", "parse_duration('')"), "empty_duration", "test_parse_duration_rejects_empty_duration"),
        (
            offer("Account.deposit", "account.deposit(-5)", ACCOUNT),
            "negative_5_euros",
            "test_account_deposit_rejects_negative_5_euros",
        ),
        (offer("main", "main([])"), "no_command", "test_main_exits_with_2_for_no_command"),
    ],
)
def test_the_outcome_is_ours_and_the_words_say_what_is_special(candidate: Candidate, words: str, name: str) -> None:
    assert named(candidate, words) == name


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("slugify('abc')", "empty_text"),
        ("slugify('abc')", "none"),
        ("slugify('abc')", "negative_number"),
        ("slugify('abc')", "text_of_12_letters"),
        ("slugify('abc')", "two_words"),
        ("slugify('abc')", "strict_true"),
        (f"slugify({'a' * 400!r})", "endless_word"),
    ],
)
def test_words_that_the_code_contradicts_are_not_used(act: str, words: str) -> None:
    candidate = offer("slugify", act)
    assert named(candidate, words) == named(candidate, "") != ""
    assert words not in named(candidate, words)


def test_a_name_that_has_no_room_falls_away_whole() -> None:
    words = "quarterly_report_of_a_subsidiary_abroad"
    candidate = offer("Account.__init__", "Account('Ann', '-5')")
    plain = named(candidate, "")
    assert len(f"{plain}_for_{words}") > LONGEST
    assert named(candidate, words) == plain


def test_two_tests_with_the_same_words_are_told_apart_the_same_way_every_time() -> None:
    both = [
        replace(one, scenario="short_word")
        for one in cases(offer("slugify", "slugify('ab')"), offer("slugify", "slugify('ba')"))
    ]
    names = [one.name for one in name_cases(both, TARGETS)]
    assert len(set(names)) == 2
    assert names == [one.name for one in name_cases(both, TARGETS)]
