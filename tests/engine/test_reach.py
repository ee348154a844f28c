"""How much of what predicates ask for the native proposer finds, predicate by predicate."""

import pytest

from qeforge.domain.target import Kind
from tests.engine.reaching import judging_subject, reach, subject

OPEN = {
    "texts": {"character_classes"},  # `isascii` is not captured
    "grammars": {
        "dotted",  # wants a path of names that agree with one another
        "ranges",  # wants two numbers in one text in order
        "template",  # wants a placeholder that a second argument fills
    },
    "parsers": {
        "inflated",  # the parser's own exception is swallowed
        "json_nested",  # wants a mapping in a list in a mapping
    },
    "shapes": {
        "nested_keys",  # wants two keys at once in an inner mapping
        "triangle",  # wants three numbers that agree
    },
}
"""Functions of which 600 executions may leave a branch open, by file of subjects, and what they want."""

FAST = [
    ("grammars", "duration"),
    ("grammars", "amount"),
    ("texts", "named_groups"),
    ("texts", "cleaned"),
    ("parsers", "hexadecimal"),
    ("shapes", "all_empty"),
]


@pytest.mark.parametrize(("name", "qualname"), FAST)
def test_both_ways_of_a_predicate_are_taken(name: str, qualname: str) -> None:
    with judging_subject(name) as judge:
        reached = reach(judge, subject(name), qualname, seed=0, executions=600)

    assert reached.missing == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(OPEN))
def test_both_ways_are_taken_of_all_but_a_few(name: str) -> None:
    module = subject(name)
    functions = [t.qualname for t in module.targets if t.kind is Kind.FUNCTION]
    with judging_subject(name) as judge:
        missing = {each: reach(judge, module, each, seed=0, executions=600).missing for each in functions}

    assert {each for each, goals in missing.items() if goals} <= OPEN[name]
    assert len(functions) > 20
