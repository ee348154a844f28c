"""What docstrings say is raised, as candidates with a claim, or as nothing where it is not clear."""

import pytest

from qeforge.analysis.recipes import raises_candidates
from qeforge.analysis.recipes.conditions import offending
from qeforge.analysis.recipes.raises import documented_raises
from qeforge.domain.candidate import Candidate
from tests.analysis.modules import module_of

INT, STR, LIST = frozenset({"int"}), frozenset({"str"}), frozenset({"list"})
UNKNOWN: frozenset[str] = frozenset()


def found(source: str) -> list[Candidate]:
    return list(raises_candidates(module_of(source)))


def calls(signature: str, raises: str, before: str = "", body: str = "return 1") -> list[str]:
    """The acts for one function whose docstring has one Google item."""
    source = f'{before}\ndef f({signature}):\n    """F.\n\n    Raises:\n        {raises}\n    """\n    {body}\n'
    return [candidate.act for candidate in found(source)]


# -- styles -----------------------------------------------------------------------------------------------------


def test_google_sections_with_continued_lines() -> None:
    text = """F.

    Raises:
        ValueError: If `n` is
            negative.

        `KeyError`: when it is
    Returns:
        TypeError: no item of the section
    """
    assert list(documented_raises(text)) == [("ValueError", "If `n` is negative."), ("KeyError", "when it is")]


def test_numpy_sections_end_at_the_next() -> None:
    text = (
        "F.\n\nRaises\n------\nValueError\n    If x is\n    empty.\nKeyError\n    Never.\n\nSee Also\n--------\nother"
    )
    assert list(documented_raises(text)) == [("ValueError", "If x is empty."), ("KeyError", "Never.")]


@pytest.mark.parametrize("word", ["raises", "raise", "except", "exception"])
def test_sphinx_fields(word: str) -> None:
    text = f"F.\n\n:param n: it\n:{word} shop.Odd: if n is\n    negative\n:returns: 1"
    assert list(documented_raises(text)) == [("shop.Odd", "if n is negative")]


def test_sentences() -> None:
    text = "Gives n. Raises `ValueError` if n is\nless than 0.5. Raises nothing else.\n\nIt raises KeyError if x is 1."
    assert list(documented_raises(text)) == [("ValueError", "if n is less than 0.5")]


def test_several_exceptions_in_one_item_are_no_item() -> None:
    assert list(documented_raises(":raises KeyError, ValueError: if n is negative")) == []


# -- conditions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kinds", "values"),
    [
        ("If n is negative.", INT, ("-1",)),
        ("if `n` is negative", UNKNOWN, ("-1",)),
        ("If the argument `n` is negative", frozenset({"float"}), ("-1.0",)),
        ("when n < 0", INT, ("-1",)),
        ("if n is less than one", INT, ("0",)),
        ("if n is zero", INT, ("0",)),
        ("If n equals 0", INT, ("0",)),
        ("if n is not positive", INT, ("0", "-1")),
        ("if n is not a positive integer", INT, ("0", "-1")),
        ("if n is negative or zero", INT, ("0", "-1")),
        ("if n <= 3", INT, ("3", "2")),
        ("if n is greater than 10", INT, ("11",)),
        ("If n exceeds 10.", INT, ("11",)),
        ("if n >= 10", INT, ("10", "11")),
        ("if n is above 0.5", frozenset({"float"}), ("1.5",)),
        ("if n is not between 1 and 12", INT, ("0", "13")),
        ("if n is outside the range 0-100", INT, ("-1", "101")),
        ("if n is empty", STR, ("''",)),
        ("if n is empty", LIST, ("[]",)),
        ("if n is empty", frozenset({"dict", "None"}), ("{}",)),
        ("if n is blank", STR, ("'   '",)),
        ("if n is None", UNKNOWN, ("None",)),
        ("if n is None or empty", STR, ("None", "''")),
        ("if n is not a string", STR, ("1",)),
        ("if n isn't an integer", INT, ("'abc'",)),
        ("if n is not a number", UNKNOWN, ("'abc'",)),
        ("if n is not a list", LIST, ("1",)),
        ("If n is unknown", STR, ("'no_such_name'",)),
        ("if n does not exist", STR, ("'no_such_name'",)),
        ("if there is no such n", STR, ("'no_such_name'",)),
        ("if n is longer than 3 characters", STR, ("'a' * 4",)),
        ("if n has more than 2 items", LIST, ("[0] * 3",)),
        ("if n is shorter than 3", STR, ("'a' * 2",)),
    ],
)
def test_clear_conditions(text: str, kinds: frozenset[str], values: tuple[str, ...]) -> None:
    assert offending(text, {"m": INT, "n": kinds}, "ValueError") == ("n", values)


@pytest.mark.parametrize(
    "text",
    [
        "if n is negative and m is zero",
        "if n is negative, unless m is given",
        "if n is invalid",
        "if n is greater than m",
        "if n exceeds MAX",
        "if the file n is empty",
        "if negative",
        "if N is negative",
        "n is negative",
        "if n is not None",
        "if n is not between 12 and 1",
        "if n is shorter than 0",
        "if n is longer than 1000000 characters",
        "",
    ],
)
def test_what_is_not_clear_is_nothing(text: str) -> None:
    assert offending(text, {"m": INT, "n": STR}, "ValueError") is None


@pytest.mark.parametrize(
    ("text", "kinds"),
    [("if n is empty", UNKNOWN), ("if n is empty", INT), ("if n is negative", STR), ("if n is unknown", INT)],
)
def test_where_the_type_leaves_it_open_there_is_nothing(text: str, kinds: frozenset[str]) -> None:
    assert offending(text, {"n": kinds}, "ValueError") is None


def test_a_missing_key_is_unknown_to_a_key_error_alone() -> None:
    assert offending("if n is missing", {"n": STR}, "KeyError") == ("n", ("'no_such_name'",))
    assert offending("if n is missing", {"n": UNKNOWN}, "KeyError") == ("n", ("'no_such_name'",))
    assert offending("if n is missing", {"n": STR}, "ValueError") is None


def test_the_only_parameter_need_not_be_named() -> None:
    assert offending("if negative", {"n": INT}, "ValueError") == ("n", ("-1",))
    assert offending("If the value is negative.", {"n": INT}, "ValueError") == ("n", ("-1",))
    assert offending("if the input is negative", {}, "ValueError") is None


# -- candidates -------------------------------------------------------------------------------------------------


def test_other_arguments_are_defaults_or_plain_by_their_annotation() -> None:
    assert calls("n: int, width=3", "ValueError: if n is negative") == ["f(-1)"]
    assert calls("text: str, n: int", "ValueError: if n is negative") == ["f('abc', -1)"]
    assert calls("names: list[str], n: int", "ValueError: if n is negative") == ["f(['abc'], -1)"]
    assert calls("rates: dict[str, float] | None, *, n: int", "ValueError: if n is negative") == [
        "f({'abc': 1.0}, n=-1)"
    ]
    assert calls("a=1, n: int = 2", "ValueError: if n is negative") == ["f(n=-1)"]


def test_without_a_plain_value_for_another_argument_there_is_no_call() -> None:
    assert calls("other, n: int", "ValueError: if n is negative") == []
    assert calls("when: Odd, n: int", "ValueError: if n is negative", before="class Odd: pass") == []
    assert calls("a=1, n: int = 2, /", "ValueError: if n is negative") == []


@pytest.mark.parametrize("name", ["strict", "errors", "raise_on_error", "ignore_missing", "default", "missing_ok"])
def test_where_another_parameter_may_decide_nothing_is_claimed(name: str) -> None:
    assert calls(f"n: int, {name}=False", "ValueError: if n is negative") == []


@pytest.mark.parametrize(
    "name", ["Unheard", "UserWarning", "StopIteration", "NotImplementedError", "int", "SystemExit"]
)
def test_only_exceptions_that_can_be_named_and_end_a_call_are_claimed(name: str) -> None:
    assert calls("n: int", f"{name}: if n is negative") == []


def test_an_exception_of_the_module_or_one_that_it_imports_is_claimed() -> None:
    assert calls("n: int", "Odd: if n is negative", before="class Odd(Exception): pass") == ["f(-1)"]
    assert calls("n: int", "json.JSONDecodeError: if n is negative", before="import json") == ["f(-1)"]


@pytest.mark.parametrize("body", ["raise NotImplementedError", "pass", "return NotImplemented"])
def test_what_is_there_to_be_overridden_claims_nothing(body: str) -> None:
    assert calls("n: int", "ValueError: if n is negative", body=body) == []


def test_a_decorator_may_change_anything() -> None:
    plain = 'def f(n: int):\n    """F.\n\n    :raises ValueError: if n is negative\n    """\n    return n\n'
    assert len(found(f"import functools\n@functools.lru_cache(maxsize=3)\n{plain}")) == 1
    assert found(f"@retried\n{plain}") == []


def test_the_claim_is_of_this_call_alone_where_nothing_was_guessed() -> None:
    sphinx = '"""F.\n\n    :raises ValueError: if n is negative\n    """\n    return n\n'
    [own] = found(f"def f(n: int):\n    {sphinx}")
    [guessed] = found(f"def f(n: int, text: str):\n    {sphinx}")
    assert own.proposer == "docstring"
    assert own.imports == ("from shop.cart import f",)
    assert [(c.expected, c.source, c.raises, c.general) for c in (*own.claims, *guessed.claims)] == [
        ("ValueError", "docstring", True, False),
        ("ValueError", "docstring", True, True),
    ]


METHODS = '''
class Account:
    """An account.

    Raises:
        ValueError: if owner is empty
    """

    def __init__(self, owner: str, limit: int = 3):
        self.owner = owner

    def deposit(self, amount: int):
        """
        :raises ValueError: if amount is negative
        """
        return amount

    @staticmethod
    def parse(text: str):
        """
        :raises ValueError: if text is empty
        """
        return 1

    @property
    def size(self):
        """
        :raises ValueError: if size is negative
        """
        return 1

    def __getitem__(self, key: str):
        """
        :raises KeyError: if key is unknown
        """
        return 1


class Odd:
    def __init__(self, other):
        self.other = other

    def use(self, n: int):
        """
        :raises ValueError: if n is negative
        """
        return n


async def fetch(n: int):
    """
    :raises ValueError: if n is negative
    """
    return n


def count(n: int):
    """
    :raises ValueError: if n is negative
    """
    yield n
'''


def test_methods_constructors_coroutines_and_generators() -> None:
    made = {(candidate.target.partition(":")[2], *candidate.arrange, candidate.act) for candidate in found(METHODS)}
    assert made == {
        ("Account.__init__", "Account('')"),
        ("Account.deposit", "account = Account('abc')", "account.deposit(-1)"),
        ("Account.parse", "Account.parse('')"),
        ("fetch", "asyncio.run(fetch(-1))"),
        ("count", "list(count(-1))"),
    }
    by_act = {candidate.act: candidate for candidate in found(METHODS)}
    assert by_act["account.deposit(-1)"].imports == ("from shop.cart import Account",)
    assert by_act["asyncio.run(fetch(-1))"].imports == ("import asyncio", "from shop.cart import fetch")


def test_a_documented_type_is_as_good_as_an_annotation() -> None:
    doc = '"""F.\n\n    :param list items: it\n    :raises ValueError: if items is empty\n    """'
    assert [candidate.act for candidate in found(f"def f(items):\n    {doc}\n    return 1\n")] == ["f([])"]
