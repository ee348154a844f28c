import ast

import pytest

from qeforge.analysis.mutants import find_mutants
from qeforge.analysis.operators import OPERATORS, Operator, Text
from tests.analysis.modules import module_of

CASES = [
    pytest.param(operator, before, after, id=f"{operator.name}-{number}")
    for operator in OPERATORS
    for number, (before, after) in enumerate(operator.examples())
]


@pytest.mark.parametrize("operator, before, after", CASES)
def test_every_example_gives_exactly_its_mutants(operator: Operator, before: str, after: tuple[str, ...]) -> None:
    ast.parse(before)
    text = Text(before)
    mutants = []
    for mutant in find_mutants(module_of(before)):
        if mutant.operator == operator.name:
            start, end = text.offset_of(mutant.start), text.offset_of(mutant.end)
            mutants.append(before[:start] + mutant.replacement + before[end:])
    assert tuple(mutants) == after


def test_every_operator_has_an_example_with_a_mutant_and_a_name_of_its_own() -> None:
    assert all(any(after for _, after in operator.examples()) for operator in OPERATORS)
    assert len({operator.name for operator in OPERATORS}) == len(OPERATORS)


def test_every_operator_says_what_it_does() -> None:
    assert all((type(operator).__doc__ or "").strip() for operator in OPERATORS)


@pytest.mark.parametrize(
    "line, byte, character",
    [(1, 0, 0), (1, 5, 4), (2, 3, 8), (3, 0, 12)],
)
def test_text_counts_characters_where_ast_counts_bytes(line: int, byte: int, character: int) -> None:
    text = Text("ä = 1\nö = 2\nü")
    assert text.offset(line, byte) == character
    assert text.offset_of(text.position(character)) == character


def test_an_operator_that_is_not_there_is_an_error() -> None:
    source = "a + b"
    node = ast.parse(source, mode="eval").body
    assert isinstance(node, ast.BinOp)
    with pytest.raises(ValueError, match="no '-' at"):
        Text(source).between(node.left, node.right, "-")
