"""What is tried for each kind of mutant."""

import ast
import random
from itertools import islice

import pytest

from qeforge.analysis.mutants import find_mutants
from qeforge.domain.mutant import Mutant
from qeforge.domain.observation import Operand
from qeforge.domain.survivor import Difference, Sighting, Stage
from qeforge.engine.aiming import aims, numbers_for, put, texts_for, with_numbers, with_texts
from qeforge.engine.plan import Argument, Plan, to_candidate
from qeforge.engine.value import Value, literal, of
from tests.analysis.modules import module_of

MODULE = """
def f(a, b=None, c=None):
    return a
"""
MOST = 200


def plan(*values: Value, **keywords: Value) -> Plan:
    arguments = [Argument(name="abcdef"[i], value=value) for i, value in enumerate(values)]
    arguments += [Argument(name=name, value=value, keyword=True) for name, value in keywords.items()]
    return Plan(target=module_of(MODULE).targets[0], arguments=tuple(arguments))


def mutant(line: str, change: str) -> Mutant:
    """The mutant of the body's line whose description ends with the change."""
    [found] = [m for m in find_mutants(module_of(f"def f(a):\n    {line}\n")) if m.describe().endswith(f": {change}")]
    return found


def inputs(base: Plan, line: str, change: str, *operands: Operand) -> list[str]:
    """Sources of the first argument in what is tried."""
    sighting = Sighting(mutant=mutant(line, change), stage=Stage.NO_INFECTION, probe=0, operands=operands)
    found = islice(aims(base, sighting, line, random.Random(0)), MOST)
    return [made.arguments[0].value.source for made in found if made.arguments]


def read(sources: list[str]) -> list[object]:
    return [ast.literal_eval(source) for source in sources]


def less(left: object, right: object, operator: str = "<") -> Operand:
    return Operand(line=2, operator=operator, left=repr(left), right=repr(right))


def test_a_boundary_wants_equal_operands_and_those_one_apart() -> None:
    tried = inputs(plan(of(3)), "return a < 10", "< → <=", less(3, 10))
    assert {"10", "11", "9"} <= set(list(dict.fromkeys(tried))[:6])


def test_a_boundary_moves_what_the_operand_was_computed_from() -> None:
    tried = inputs(plan(of(3)), "return a + 40 < 50", "< → <=", less(43, 50))
    assert "10" in tried


def test_the_length_of_a_text_or_a_list_is_brought_to_the_boundary() -> None:
    texts = read(inputs(plan(of("abcde")), "return len(a) > 8", "> → >=", less(5, 8)))
    assert {7, 8, 9} <= {len(text) for text in texts if isinstance(text, str)}
    lists = read(inputs(plan(literal("[1, 2]")), "return len(a) > 4", "> → >=", less(2, 4)))
    assert {3, 4, 5} <= {len(items) for items in lists if isinstance(items, list)}


def test_a_part_between_signs_is_brought_to_the_boundary() -> None:
    base = plan(of("me@example.com"))
    texts = read(inputs(base, "return len(a.split('@')[0]) > 64", "> → >=", less(2, 64)))
    heads = [text.partition("@") for text in texts if isinstance(text, str)]
    assert {64, 65} <= {len(head) for head, _, tail in heads if tail == "example.com"}


def test_a_number_inside_a_text_is_brought_to_the_constant() -> None:
    texts = inputs(plan(of("10.0.0.1")), "return int(a.split('.')[0]) <= 255", "<= → <")
    assert "'255.0.0.1'" in texts
    assert "'256.0.0.1'" in inputs(plan(of("10.0.0.1")), "return int(a.split('.')[0]) <= 255", "255 → 256")


def test_texts_are_made_equal_smaller_and_greater() -> None:
    tried = inputs(plan(of("b")), "return a == 'm'", "== → <=", less("b", "m", "=="))
    assert "'m'" in tried
    assert any(text > "m" for text in read(tried) if isinstance(text, str))


def test_a_text_wants_itself_in_the_input() -> None:
    tried = inputs(plan(of("word")), "return a.replace('-', '')", "'-' → 'XX-XX'")
    assert [text for text in tried if "-" in text] == ["'-'", "'wo-rd'", "'-word'", "'word-'", "'word-word-'"]


def test_a_pattern_wants_what_it_matches() -> None:
    tried = inputs(plan(of("word")), "return re.sub(r'(?i)qu[ai]z$', '', a)", "r'(?i)qu[ai]z$' → 'XX(?i)qu[ai]z$XX'")
    assert {"'quaz'", "'quiz'"} & set(tried)


@pytest.mark.parametrize(("line", "change"), [("return a * 2", "* → +"), ("a += 1", "+= → =")])
def test_arithmetic_wants_numbers_that_no_operator_leaves_alone(line: str, change: str) -> None:
    assert {"3", "5", "-7"} <= set(inputs(plan(of(2)), line, change))


def test_truth_values_are_turned_and_optional_arguments_left_out() -> None:
    sighting = Sighting(mutant=mutant("x = True", "True → False"), stage=Stage.NO_INFECTION, probe=0)
    base = plan(of("a"), b=of(True), c=of(1))
    acts = {to_candidate(made).act for made in aims(base, sighting, "x = True", random.Random(0))}
    assert {"f('a', c=1)", "f('a', b=True)", "f('a')", "f('a', b=False, c=1)"} <= acts


@pytest.mark.parametrize(
    ("line", "change"),
    [("for x in a: pass", "a → []"), ("return a[1:]", "1 → "), ("while a: break", "break → continue")],
)
def test_loops_and_slices_want_more_items(line: str, change: str) -> None:
    lists = read(inputs(plan(literal("[1]")), line, change))
    assert max(len(items) for items in lists if isinstance(items, list)) >= 3
    texts = read(inputs(plan(of("ab")), line, change))
    assert max(len(text) for text in texts if isinstance(text, str)) >= 4


def test_each_side_of_a_condition_is_turned_alone() -> None:
    seen = Operand(line=2, operator="startswith", left="'ab'", right="'x'"), less("ab", "y", "==")
    tried = inputs(plan(of("ab")), "return a.startswith('x') and a == 'y'", "and → or", *seen)
    assert {"'xab'", "'y'"} <= set(tried)


def test_without_a_fitting_value_nothing_is_made_up() -> None:
    assert inputs(plan(literal("None")), "return a * 2", "* → +") == []


def test_the_same_is_tried_in_the_same_order() -> None:
    operands = (less(3, 10), Operand(line=2, operator="truth", left="3", right=""))
    first, second = (inputs(plan(of(3), b=of("x")), "return a < 10", "< → <=", *operands) for _ in range(2))
    assert first == second


def test_entries_of_a_table_say_what_to_try() -> None:
    rows = (
        Difference(name="PLURALS[0][1]", without="'zes'", mutated="'XXzesXX'"),
        Difference(name="PLURALS[0][0]", without="'(?i)(quiz)$'", mutated="'(?i)(quiz)$'"),
        Difference(name="KINDS['csv']", without="1", mutated="2"),
        Difference(name="PATTERN", without="re.compile('a+b', 32)", mutated="re.compile('XXa+bXX', 32)"),
    )
    texts = texts_for(rows, random.Random(0))
    assert {"quiz", "QUIZ", "aquizb", "csv", "zes"} <= set(texts)
    assert any(text.strip("a") == "b" for text in texts)
    assert numbers_for(rows) == [1, 2, 0, 3]


def test_texts_and_numbers_go_where_their_kind_stands() -> None:
    base = plan(of("abc"), of(1), literal("[1, 2]"))
    assert [to_candidate(made).act for made in with_texts(base, ["x", "y"])] == [
        "f('x', 1, c)",
        "f('y', 1, c)",
    ]
    made = {to_candidate(each).act for each in with_numbers(base, [3])}
    assert "f('abc', 3, c)" in made
    assert put(base, 0, of(7)).arguments[0].value.source == "7"
