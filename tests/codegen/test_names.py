from dataclasses import replace

import pytest

from qeforge.codegen.names import LONGEST, name_cases, unique_name
from qeforge.codegen.syntax import expression
from qeforge.codegen.words import result_words
from qeforge.domain.candidate import Candidate
from qeforge.domain.target import Flavour, Kind, Parameter, ParameterKind, Span, Target
from qeforge.domain.testcase import TestCase
from tests.codegen.suites import ACCOUNT, TARGETS, cases, offer
from tests.oracle.build import case, raised, returned


def names(*candidates: Candidate) -> list[str]:
    return [one.name for one in name_cases(cases(*candidates, prune=True), TARGETS)]


@pytest.mark.parametrize(
    ("candidate", "name"),
    [
        (offer("parse_duration", "parse_duration('')"), "test_parse_duration_rejects_empty_text"),
        (offer("parse_duration", "parse_duration('  ')"), "test_parse_duration_rejects_blank_text"),
        (offer("parse_duration", "parse_duration('2h32m')"), "test_parse_duration_returns_9120"),
        (offer("slugify", "slugify(None)"), "test_slugify_returns_empty_text_for_none"),
        (offer("slugify", "slugify('é')"), "test_slugify_returns_empty_text_for_non_ascii_text"),
        (offer("slugify", "slugify('abc')"), "test_slugify_leaves_abc_unchanged"),
        (offer("slugify", "slugify(text)", "text = ' a b '"), "test_slugify_returns_a_b_for_padded_text"),
        (offer("slugify", "slugify('A b', separator='')"), "test_slugify_returns_ab_for_empty_separator"),
        (offer("slugify", "slugify('A b', separator='-')"), "test_slugify_returns_a_b"),
        (offer("mean", "mean([])"), "test_mean_raises_zero_division_error_for_empty_list"),
        (offer("mean", "mean([1])"), "test_mean_returns_1_for_one_item"),
        (offer("greet", "greet('Ann')"), "test_greet_prints_hello_ann"),
        (offer("main", "main([])"), "test_main_exits_with_2_for_empty_arguments"),
        (offer("extend", "extend(items, 0)", "items = [1, 2]"), "test_extend_changes_items_for_zero"),
        (offer("Account.__init__", "Account('')"), "test_account_rejects_empty_owner"),
        (offer("Account.__init__", "Account('Ann', '-5')"), "test_account_sets_owner_and_balance_for_minus_5_balance"),
        (offer("Account.deposit", "account.deposit(-5)", ACCOUNT), "test_account_deposit_rejects_negative_amount"),
        (offer("Account.deposit", "account.deposit(5)", ACCOUNT), "test_account_deposit_updates_balance"),
        (
            offer("Account.withdraw", "account.withdraw(50)", ACCOUNT),
            "test_account_withdraw_raises_insufficient_funds",
        ),
        (offer("Account.__eq__", "account == Account('Bob')", ACCOUNT), "test_account_equality_returns_false"),
        (offer("Account._audit", "account._audit()", ACCOUNT), "test_account_audit_returns_one_item"),
    ],
)
def test_names_say_the_behaviour(candidate: Candidate, name: str) -> None:
    assert names(candidate) == [name]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("assert isinstance(result, str)", "test_f_returns_text"),
        ("assert result == '6 years ago'", "test_f_returns_6_years_ago"),
    ],
)
def test_a_name_says_no_more_than_is_asserted(code: str, name: str) -> None:
    one = replace(case("f(x)", code), observation=returned("'6 years ago'", "str"))
    assert [each.name for each in name_cases([one], {})] == [name]


def test_cases_of_one_outcome_are_told_apart_by_their_input() -> None:
    assert names(
        offer("is_email", "is_email('abc')"),
        offer("is_email", "is_email('a b')"),
        offer("is_email", "is_email('@')"),
    ) == [
        "test_is_email_returns_false_for_abc",
        "test_is_email_returns_false_for_a_b",
        "test_is_email_returns_false_for_at_sign",
    ]


def test_cases_that_words_cannot_tell_apart_are_numbered() -> None:
    long = "lorem ipsum dolor sit amet consectetur adipiscing"
    found = names(offer("is_email", f"is_email('{long}')"), offer("is_email", f"is_email('{long} elit')"))
    assert found == ["test_is_email_returns_false_for_long_text", "test_is_email_returns_false_for_long_text_2"]


def target(*parameters: Parameter, qualname: str = "f") -> Target:
    return Target(
        module="shop",
        qualname=qualname,
        kind=Kind.FUNCTION,
        flavour=Flavour.PLAIN,
        parameters=parameters,
        returns=None,
        span=Span(line=1, end_line=2),
        digest="",
        complexity=1,
    )


def parameter(name: str, annotation: str | None = None, default: str | None = None) -> Parameter:
    return Parameter(name=name, kind=ParameterKind.POSITIONAL, annotation=annotation, default=default)


def named(one: TestCase, *parameters: Parameter) -> str:
    return name_cases([one], {"shop:f": target(*parameters)})[0].name


def test_flags_are_said_as_a_manner() -> None:
    flag = parameter("strict", default="False")
    assert named(case("f('a', strict=True)"), parameter("text"), flag) == "test_f_returns_1_with_strict"
    assert named(case("f('a', False)"), parameter("text"), flag) == "test_f_returns_1"
    assert named(case("f('a', False)"), parameter("text"), parameter("strict")) == "test_f_returns_1_without_strict"


def test_a_value_of_the_wrong_type_is_said_to_be_one() -> None:
    one = replace(case("f(5)"), observation=raised("TypeError", "no"))
    assert named(one, parameter("title", "str")) == "test_f_rejects_number_as_title"
    assert named(one, parameter("title", "Title")) == "test_f_rejects_5"


@pytest.mark.parametrize(
    ("source", "type_name", "words"),
    [
        ("None", "NoneType", "none"),
        ("-3", "int", "minus_3"),
        ("0", "int", "zero"),
        ("2.5", "float", "2_point_5"),
        ("'Hello, world'", "str", "hello_world"),
        ("'<b>hello</b>'", "str", "text"),
        ("','", "str", "comma"),
        ("'2.5 kB'", "str", "2_point_5_kb"),
        ("'1.2.3'", "str", "1_2_3"),
        ("'Hello'", "str", "hello"),
        ("''", "str", "empty_text"),
        ("[]", "list", "empty_list"),
        ("(1, 2)", "tuple", "pair"),
        ("{'a': 1}", "dict", "dict_with_a"),
        ("{'a': 1, 'b': 2}", "dict", "two_keys"),
        ("Color.RED", "shop.Color", "red"),
        (None, "shop.Account", "account"),
        (None, "generator", "generator"),
        ("123456789012", "int", "number"),
    ],
)
def test_results_in_words(source: str | None, type_name: str, words: str) -> None:
    one = replace(case("f(x)", "assert result == y"), observation=returned(source, type_name))
    assert named(one) == f"test_f_returns_{words}"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("with_user=True", "with_user"),
        ("with_user=False", "without_user"),
        ("without_user=True", "without_user"),
        ("without_user=False", "with_user"),
    ],
)
def test_a_flag_that_says_with_says_it_once(given: str, words: str) -> None:
    assert named(case(f"f('a', {given})"), parameter("text")) == f"test_f_returns_1_{words}"


def test_a_good_name_that_is_there_stays() -> None:
    given = replace(case("f(1)"), name="test_f_counts_the_beans")
    bad = replace(case("f(2)"), name="Test something")
    found = [one.name for one in name_cases([given, bad, replace(case("f(3)"), name="")], {})]
    assert found[0] == "test_f_counts_the_beans"
    assert len(set(found)) == 3


def test_names_are_short_and_end_at_a_word() -> None:
    long = "a_function_with_a_really_long_name_that_goes_on_and_on_and_on_forever"
    one = replace(case("f(1)"), candidate=Candidate(target=f"shop:{long}", act=f"{long}('')"))
    name = name_cases([one], {})[0].name
    assert len(name) <= LONGEST
    assert not name.endswith("_")


def test_special_methods_and_closures_are_said_aloud() -> None:
    for qualname, words in [
        ("Money.__add__", "money_addition"),
        ("make.<locals>.inner", "make_inner"),
        ("__getattr__", "attribute"),
        ("HTTPClient._send", "http_client_send"),
    ]:
        one = replace(case("x"), candidate=Candidate(target=f"shop:{qualname}", act="x"))
        assert name_cases([one], {})[0].name == f"test_{words}_returns_1"


def test_unique_name_counts_up() -> None:
    assert unique_name(["a", "b"], ["a"]) == "b"
    assert unique_name(["a"], ["a", "a_2"]) == "a_3"


def test_a_value_that_cannot_be_written_is_named_by_its_type() -> None:
    one = replace(case("f(x)"), observation=returned(None, "shop._HTMLPage"))
    assert named(one) == "test_f_returns_html_page"


def test_a_method_on_an_instance_of_another_class_says_so() -> None:
    one = case("account.total()", "assert result == 1")
    target = Target(
        module="shop", qualname="Account.total", kind=Kind.METHOD, flavour=Flavour.PLAIN, parameters=(), returns=None,
        span=Span(line=1, end_line=2), digest="", complexity=1, owner="Account",
    )  # fmt: skip

    def made_from(arrange: str) -> TestCase:
        candidate = replace(one.candidate, target=target.id, arrange=(arrange,))
        return replace(one, candidate=candidate)

    found = name_cases(
        (
            made_from("account = Account()"),
            made_from("account = SavingsAccount()"),
            made_from("account = JointAccount.empty()"),
        ),
        {target.id: target},
    )
    assert [case.name for case in found] == [
        "test_account_total_returns_1",
        "test_account_total_returns_1_for_savings_account",
        "test_account_total_returns_1_for_joint_account",
    ]


def test_a_number_comes_only_after_every_word() -> None:
    assert names(
        offer("Account.deposit", "account.deposit(5)", "account = Account('Ann', '10')"),
        offer("Account.deposit", "account.deposit(5)", "account = Account('Bob', '10')"),
    ) == ["test_account_deposit_updates_balance_for_5_and_ann", "test_account_deposit_updates_balance_for_5_and_bob"]


@pytest.mark.parametrize(
    ("text", "words"), [("helloWorld", "hello_world"), ("abc", "abc"), ("eNrzAQAATQBn", "text"), ("4th qz", "text")]
)
def test_a_jumble_of_letters_is_no_word(text: str, words: str) -> None:
    assert result_words(expression(repr(text)), "str") == words


def test_a_comparison_that_holds_is_named_by_what_the_call_gives() -> None:
    one = replace(case("f(None) is None", "assert result is True"), observation=returned("True", "bool"))
    assert named(one) == "test_f_returns_none_for_none"
    other = replace(case("f(1) != 2", "assert result is True"), observation=returned("True", "bool"))
    assert named(other) == "test_f_returns_true"


def test_a_refusal_without_a_special_argument_is_one_of_the_input() -> None:
    one = replace(case("f('abc def ghi jkl mno pqr', strict=True)"), observation=raised("ValueError", "no"))
    assert named(one, parameter("text"), parameter("strict")) == "test_f_rejects_input_with_strict"


def test_the_argument_that_the_message_speaks_of_is_the_one_refused() -> None:
    one = replace(case("f(0.5, 3)"), observation=raised("ValueError", "Invalid format."))
    assert named(one, parameter("number"), parameter("format")) == "test_f_rejects_format_3"
    other = replace(one, observation=raised("ValueError", "no"))
    assert named(other, parameter("number"), parameter("format")) == "test_f_rejects_0_point_5"


def test_words_that_end_in_a_double_s_are_no_plural() -> None:
    assert named(case("f(['a'])"), parameter("suppress")) == "test_f_returns_1_for_one_item"
    assert named(case("f(['a'])"), parameter("names")) == "test_f_returns_1_for_one_name"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("['--version']", "version"),
        ("['--workers', 'many']", "workers_many"),
        ("['--dry-run', 'a rather long name of a file']", "dry_run"),
        ("['-x']", "x"),
        ("['version']", "one_item"),
    ],
)
def test_command_lines_are_named_by_their_option(argv: str, words: str) -> None:
    assert named(case(f"f({argv})"), parameter("argv")) == f"test_f_returns_1_for_{words}"


def test_a_slice_is_said_to_be_one() -> None:
    assert named(case("f(slice(1, 2))"), parameter("key")) == "test_f_returns_1_for_slice"
