from dataclasses import replace
from pathlib import Path

from qeforge.codegen.render import functions_of, render
from qeforge.domain.mutant import Mutant
from qeforge.domain.observation import Facet, Outcome
from qeforge.domain.testcase import Assertion, Suite, TestCase
from tests.codegen.suites import ACCOUNT, SUBJECT, TARGETS, cases, definitions, offer, text_of
from tests.oracle.build import candidate, case


def rendered(*given: TestCase) -> str:
    return definitions(render(Suite(module="shop", path=SUBJECT, cases=given), TARGETS, why=False))


def with_checks(one: TestCase, *codes: str, fixtures: tuple[str, ...] = ()) -> TestCase:
    assertions = tuple(Assertion(facet=Facet.CHANGES, code=code, fixtures=fixtures) for code in codes)
    return replace(one, assertions=assertions, name="test_it")


def test_short_tests_are_one_line() -> None:
    assert definitions(text_of(offer("slugify", "slugify('A b')"))) == (
        'def test_slugify_returns_a_b():\n    assert slugify("A b") == "a-b"\n'
    )


def test_long_tests_have_blank_lines_between_their_parts() -> None:
    one = with_checks(
        replace(case("f(x, y)"), candidate=candidate("f(x, y)", "x = make()", "y = make()")),
        "assert x == 1",
        "assert y == 2",
    )
    assert rendered(one) == (
        "def test_it():\n    x = make()\n    y = make()\n\n    f(x, y)\n\n    assert x == 1\n    assert y == 2\n"
    )


def test_an_act_of_several_statements_keeps_its_result() -> None:
    act = "with f(1) as entered:\n    result = entered.name"
    one = replace(case(act, "assert result == 1"), name="test_it")
    assert rendered(one) == (
        "def test_it():\n    with f(1) as entered:\n        result = entered.name\n    assert result == 1\n"
    )


def test_an_assignment_as_act_stands_alone() -> None:
    one = with_checks(case("account.limit = 5"), "assert account.limit == 5")
    assert rendered(one) == "def test_it():\n    account.limit = 5\n    assert account.limit == 5\n"


def test_an_assignment_that_is_refused_stands_in_the_context() -> None:
    one = case("account.limit = 5")
    raises = Assertion(facet=Facet.EXCEPTION, code='pytest.raises(AttributeError, match="limit")')
    one = replace(
        one, name="test_it", assertions=(raises,), observation=replace(one.observation, outcome=Outcome.RAISED)
    )
    assert rendered(one) == (
        "def test_it():\n    with pytest.raises(AttributeError, match='limit'):\n        account.limit = 5\n"
    )


def test_an_async_generator_is_collected() -> None:
    helper = "async def collect():\n    return [item async for item in f(1)]"
    one = replace(case("f(1)"), candidate=candidate("asyncio.run(collect())", helper), name="test_it")
    assert rendered(one) == (
        "def test_it():\n\n    async def collect():\n        return [item async for item in f(1)]\n"
        "    assert asyncio.run(collect()) == 1\n"
    ).replace("def test_it():\n\n", "def test_it():\n", 1)


def test_two_looks_at_the_output_share_one_reading() -> None:
    one = with_checks(
        case("f(1)"),
        "assert capsys.readouterr().out == 'a'",
        "assert capsys.readouterr().err == 'b'",
        fixtures=("capsys",),
    )
    assert rendered(one) == (
        "def test_it(capsys):\n    f(1)\n\n    captured = capsys.readouterr()\n"
        "    assert captured.out == 'a'\n    assert captured.err == 'b'\n"
    )


def test_a_warning_and_a_result() -> None:
    text = text_of(offer("old_greet", "old_greet('Ann')"))
    assert (
        "    with pytest.warns(DeprecationWarning, match="
        '"old_greet is deprecated, use greet"):\n        result = old_greet("Ann")\n'
        '    assert result == "Hello, Ann!"\n'
    ) in text


def test_comparisons_read_as_such() -> None:
    def compared(act: str, value: str) -> str:
        return rendered(replace(case(act, f"assert result is {value}"), name="test_it")).splitlines()[1].strip()

    assert compared("a < b", "True") == "assert a < b"
    assert compared("a in b", "False") == "assert a not in b"
    assert compared("a == b", "False") == "assert (a == b) is False"


def test_names_that_clash_are_reached_through_their_module() -> None:
    text = text_of(
        offer("filter", "filter([1, 2], bool)"),
        offer("Account._audit", "Account_._audit()", "Account_ = Account('Ann')"),
    )
    assert "import shop\nfrom shop import Account\n" in text
    assert "shop.filter([1, 2], bool)" in text


def test_a_variable_named_as_the_function_does_not_hide_it() -> None:
    text = text_of(offer("poem", "poem.upper()", "poem = poem()"), offer("mean", "mean([1])"))
    assert "poem = shop.poem()" in text


def test_tests_stand_in_source_order() -> None:
    text = text_of(
        offer("mean", "mean([1])"), offer("parse_duration", "parse_duration('1h')"), offer("mean", "mean([])")
    )
    order = [line for line in text.splitlines() if line.startswith("def ")]
    assert order == [
        "def test_parse_duration_returns_3600():",
        "def test_mean_returns_1_for_one_item():",
        "def test_mean_raises_zero_division_error_for_empty_list():",
    ]


def test_each_test_says_why_it_is_there() -> None:
    suite = Suite(module="shop", path=SUBJECT, cases=cases(offer("mean", "mean([1])"), prune=True))
    identifier = next(iter(suite.cases[0].mutants))
    assert "    # covers lines 10-11, branch 10→12; kills 1 mutant (10: → a <= b)\n" in render(suite, TARGETS)
    mutant = Mutant(
        operator="comparison", start=(10, 4), end=(10, 9), original="a < b", replacement="a <= b", scope=None
    )
    assert mutant.id == identifier
    assert "(10: a < b → a <= b)" in render(suite, TARGETS, mutants={identifier: mutant})
    assert "# covers" not in render(suite, TARGETS, why=False)


def test_functions_of_names_the_functions_with_their_cases() -> None:
    given = cases(
        offer("is_email", "is_email('')"), offer("is_email", "is_email('a')"), offer("mean", "mean([1])"), prune=True
    )
    suite = Suite(module="shop", path=Path("/nowhere/test_shop.py"), cases=given)
    found = functions_of(suite, TARGETS)
    assert {name: [c.candidate.act for c in group] for name, group in found.items()} == {
        "test_is_email_returns_false": ["is_email('')", "is_email('a')"],
        "test_mean_returns_1_for_one_item": ["mean([1])"],
    }


def test_an_empty_suite_still_carries_the_digests() -> None:
    text = text_of()
    assert text.startswith('"""Tests for shop."""\n\n# Written by qeforge ')
    assert "Account.deposit=" in text


def test_strings_with_backslashes_in_patterns_are_raw() -> None:
    text = text_of(offer("Account.deposit", "account.deposit(-1)", ACCOUNT))
    assert r'match=r"amount must be positive \(is the sign right\?\)"' in text
