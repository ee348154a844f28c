"""Each kind of property: what supports it, and what refutes it."""

import pytest

from qeforge.domain.properties import PropertyKind
from tests.oracle.calling import Functions

TEXTS = ("", "a", "Ab c", " x ", "a  b", "\\n", "c\nd", "Q")
NUMBERS = (-3, -1, 0, 1, 2, 7)
LISTS: tuple[list[int], ...] = ([], [1], [2, 1], [3, 3, 1], [1, 2], [5, 4, 4])


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def f(text): return ' '.join(text.split())", PropertyKind.IDEMPOTENT),
        ("def f(text): return text.swapcase()", PropertyKind.LENGTH_KEPT),
        ("def f(text): return text.replace(' ', '')", PropertyKind.LENGTH_BOUNDED),
        ("def f(text): return len(text)", PropertyKind.RANGE),
    ],
)
def test_what_texts_support(source: str, kind: PropertyKind) -> None:
    functions = Functions(source)
    assert kind in functions.kinds(functions.calls("f", *TEXTS))


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def f(text): return text + '!'", PropertyKind.IDEMPOTENT),
        ("def f(text): return text[::-1]", PropertyKind.IDEMPOTENT),
        ("def f(text): return text.replace('Q', 'QQ')", PropertyKind.LENGTH_KEPT),
        ("def f(text): return text.replace('Q', 'QQ')", PropertyKind.LENGTH_BOUNDED),
        ("def f(text): return len(text) - 1", PropertyKind.RANGE),
    ],
)
def test_what_one_text_refutes(source: str, kind: PropertyKind) -> None:
    functions = Functions(source)
    assert kind not in functions.kinds(functions.calls("f", *TEXTS))


def test_a_function_that_changes_nothing_is_not_called_idempotent() -> None:
    functions = Functions("def f(text): return text")
    assert functions.kinds(functions.calls("f", *TEXTS)) == set()


def test_an_exception_on_the_second_time_refutes() -> None:
    functions = Functions("def f(text):\n    if text == 'a b': raise ValueError\n    return ' '.join(text.split())")
    assert PropertyKind.IDEMPOTENT not in functions.kinds(functions.calls("f", *TEXTS))


ROUND_TRIP = """
def escape(text): return text.replace("\\\\", "\\\\\\\\").replace("\\n", "\\\\n")
def unescape(line): return line.replace("\\\\n", "\\n").replace("\\\\\\\\", "\\\\")
def encode(text): return [ord(char) for char in text]
def decode(codes): return "".join(map(chr, codes))
"""


def test_a_second_function_that_gives_the_input_back_is_a_round_trip() -> None:
    functions = Functions(ROUND_TRIP)
    found = functions.supported(functions.calls("encode", *TEXTS) + functions.calls("decode", [65], [], [66, 67]))
    trips = {(p.target, p.partner) for p in found if p.kind is PropertyKind.ROUND_TRIP}
    assert trips == {("shop:encode", "shop:decode"), ("shop:decode", "shop:encode")}


def test_one_input_that_does_not_come_back_refutes_a_round_trip() -> None:
    functions = Functions(ROUND_TRIP)
    calls = functions.calls("escape", *TEXTS) + functions.calls("unescape", *TEXTS)
    assert all(p.kind is not PropertyKind.ROUND_TRIP for p in functions.supported(calls))  # a backslash before an n


def test_functions_that_give_the_same_agree() -> None:
    functions = Functions("def slow(n): return sum(range(n + 1))\ndef fast(count): return count * (count + 1) // 2")
    found = functions.supported(functions.calls("slow", 0, 1, 2, 5, 9) + functions.calls("fast", 0, 1, 2, 5, 9))
    agreements = [p for p in found if p.kind is PropertyKind.AGREEMENT]
    assert [(p.target, p.partner, p.parameters) for p in agreements] == [("shop:slow", "shop:fast", ("n",))]


def test_one_difference_refutes_an_agreement() -> None:
    functions = Functions("def slow(n): return sum(range(n + 1))\ndef fast(count): return count * (count + 1) // 2")
    calls = functions.calls("slow", *NUMBERS) + functions.calls("fast", *NUMBERS)
    assert PropertyKind.AGREEMENT not in functions.kinds(calls)  # they differ below zero


def test_agreement_on_one_result_says_nothing() -> None:
    functions = Functions("def f(n): return []\ndef g(n): return []")
    assert functions.kinds(functions.calls("f", *NUMBERS) + functions.calls("g", *NUMBERS)) == set()


PAIRS = ((1, 2), (3, 5), (0, 4), (-1, 7))


@pytest.mark.parametrize(("body", "holds"), [("a * b + a + b", True), ("a - b", False), ("0", False)])
def test_arguments_that_may_change_places(body: str, holds: bool) -> None:
    functions = Functions(f"def f(a, b): return {body}")
    calls = [functions.call("f", *pair) for pair in PAIRS]
    assert (PropertyKind.COMMUTATIVE in functions.kinds(calls)) is holds


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("sorted(items)", {PropertyKind.SORTED, PropertyKind.SAME_ITEMS, PropertyKind.LENGTH_KEPT}),
        ("items[::-1]", {PropertyKind.SAME_ITEMS}),
        ("sorted(set(items))", {PropertyKind.SORTED}),
        ("[*items, 0]", set()),
    ],
)
def test_what_lists_support(body: str, kinds: set[PropertyKind]) -> None:
    functions = Functions(f"def f(items): return {body}")
    of_items = {PropertyKind.SORTED, PropertyKind.SAME_ITEMS, PropertyKind.LENGTH_KEPT}
    found = functions.kinds(functions.calls("f", *LISTS))
    assert kinds <= found
    assert found & {PropertyKind.SORTED, PropertyKind.SAME_ITEMS} == kinds & of_items - {PropertyKind.LENGTH_KEPT}


def test_a_length_is_bounded_by_a_parameter() -> None:
    functions = Functions("def cut(text, width): return text[:width]")
    calls = [functions.call("cut", text, width) for text in ("abc", "a", "hello") for width in (0, 2, 3)]
    bounds = [p.high for p in functions.supported(calls) if p.kind is PropertyKind.LENGTH_BOUNDED]
    assert bounds == ["len(text)", "width"]


def test_a_range_ends_where_results_do() -> None:
    functions = Functions("def share(n): return min(1.0, abs(n) / 4)")
    found = [p for p in functions.supported(functions.calls("share", *NUMBERS)) if p.kind is PropertyKind.RANGE]
    assert [(p.low, p.high) for p in found] == [("0", "1")]


def test_a_result_never_exceeds_a_parameter() -> None:
    functions = Functions("def spend(wanted, limit): return min(wanted, limit)")
    calls = [functions.call("spend", a, b) for a in NUMBERS for b in NUMBERS]
    found = [p for p in functions.supported(calls) if p.kind is PropertyKind.RANGE]
    assert [(p.low, p.high) for p in found] == [("", "wanted")]


def test_the_type_of_results_is_a_property_where_it_is_one_type() -> None:
    functions = Functions("def f(n): return str(n)\ndef g(n): return n if n else None")
    found = functions.supported(functions.calls("f", *NUMBERS) + functions.calls("g", *NUMBERS))
    assert [(p.target, p.returns) for p in found if p.kind is PropertyKind.TYPE_KEPT] == [("shop:f", "str")]


def test_too_few_calls_support_nothing() -> None:
    functions = Functions("def f(text): return text.strip()")
    assert functions.supported(functions.calls("f", " a ")) == []


def test_calls_that_give_other_parameters_are_judged_apart() -> None:
    functions = Functions("def f(text, loud=False): return text.strip() + '!' * loud")
    plain = functions.calls("f", " a", "b ", "", " c ")
    loud = [functions.call("f", text, True) for text in (" a", "b ", "", " c ")]
    found = [p.parameters for p in functions.supported([*plain, *loud]) if p.kind is PropertyKind.IDEMPOTENT]
    assert found == [("text",)]


def test_what_was_observed_is_not_asked_for_again() -> None:
    functions = Functions("def f(text): return text.strip()")
    calls = functions.calls("f", " a ", "a")
    assert functions.supported(calls) == functions.supported([*calls, *calls])
