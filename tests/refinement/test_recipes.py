from dataclasses import replace

from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.protocols import Request
from qeforge.refinement.recipes import RecipeProposer


def candidates(*acts: str) -> list[Candidate]:
    return [Candidate(target="shop:f", act=act) for act in acts]


def ask(proposer: RecipeProposer, count: int) -> list[str]:
    return [c.act for c in proposer.propose(Request(goals=frozenset(), mutants=(), count=count))]


def test_the_list_is_offered_once_in_order() -> None:
    proposer = RecipeProposer(candidates("f(3)", "f(1)", "f(2)"))
    assert ask(proposer, 2) == ["f(3)", "f(1)"]
    assert ask(proposer, 2) == ["f(2)"]
    assert ask(proposer, 2) == []


def test_of_two_that_do_the_same_the_first_is_offered_with_its_claims() -> None:
    [plain] = candidates("f(1)")
    claiming = replace(plain, proposer="doctest", claims=(Claim(expected="1", source="docstring"),))
    offered = RecipeProposer([claiming, plain]).propose(Request(goals=frozenset(), mutants=(), count=9))
    assert offered == [claiming]
