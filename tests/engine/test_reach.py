"""How much of what predicates ask for the native proposer finds, predicate by predicate."""

import pytest

from qeforge.domain.target import Kind
from tests.engine.reaching import judging_subject, reach, subject

FLOOR = {"texts": 0.94, "grammars": 0.85, "parsers": 0.9, "shapes": 0.94}
"""Branches of a file of subjects that are taken at least, within 600 executions for each function."""

FAST = [
    ("grammars", "duration"),
    ("grammars", "amount"),
    ("texts", "named_groups"),
    ("texts", "cleaned"),
    ("parsers", "hexadecimal"),
]


@pytest.mark.parametrize(("name", "qualname"), FAST)
def test_both_ways_of_a_predicate_are_taken(name: str, qualname: str) -> None:
    with judging_subject(name) as judge:
        reached = reach(judge, subject(name), qualname, seed=0, executions=600)

    assert reached.missing == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FLOOR))
def test_most_branches_of_the_subjects_are_taken(name: str) -> None:
    module = subject(name)
    functions = [t.qualname for t in module.targets if t.kind is Kind.FUNCTION]
    with judging_subject(name) as judge:
        found = [reach(judge, module, qualname, seed=0, executions=600) for qualname in functions]

    open_goals = sum(len(each.missing) for each in found)
    assert 1 - open_goals / sum(each.goals for each in found) >= FLOOR[name]
