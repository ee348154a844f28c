from dataclasses import replace

from qeforge.codegen.why import reasons
from qeforge.domain.goal import Goal, GoalKind
from qeforge.domain.mutant import Mutant
from qeforge.domain.testcase import TestCase
from tests.oracle.build import case, line


def branch(start: int, end: int) -> Goal:
    return Goal(kind=GoalKind.BRANCH, arc=(start, end))


MUTANT = Mutant(operator="comparison", start=(20, 4), end=(20, 9), original="a < b", replacement="a <= b", scope="f")


def reason(*goals: Goal, mutants: frozenset[str] = frozenset(), width: int = 80) -> str:
    one = replace(case("f(1)", "assert result == 1", *goals), mutants=mutants)
    return reasons([[one]], {MUTANT.id: MUTANT}, width)[0]


def test_lines_become_ranges_and_branches_arrows() -> None:
    found = reason(line(14), line(12), line(13), line(20), branch(20, 23), branch(20, -1))
    assert found == "covers lines 12-14, 20, branches 20→exit, 20→23"


def test_one_of_each_is_singular() -> None:
    found = reason(line(12), branch(20, 23), mutants=frozenset({MUTANT.id}))
    assert found == "covers line 12, branch 20→23; kills 1 mutant (20: a < b → a <= b)"


def test_unknown_mutants_are_described_from_their_id() -> None:
    assert reason(mutants=frozenset({"7:0-7:1:number:2"})) == "kills 1 mutant (7: → 2)"


def test_many_mutants_are_cut_short() -> None:
    found = reason(mutants=frozenset(f"{i}:0-{i}:1:number:{i}" for i in range(10, 30)), width=60)
    assert found == "kills 20 mutants (10: → 10, 11: → 11, 12: → 12, 13: → 13, …)"


def test_many_lines_are_cut_short() -> None:
    found = reason(*(line(i) for i in range(1, 100, 2)), width=40)
    assert found.startswith("covers lines 1, 3, 5")
    assert found.endswith(", …")
    assert len(found) <= 41


def test_what_only_this_test_does_is_named() -> None:
    def other(*goals: Goal) -> TestCase:
        return case("f(2)", "assert result == 1", *goals)

    assert reasons([[other(line(1), line(2))], [other(line(1), line(3))]], {}, 80) == ["covers line 2", "covers line 3"]


def test_nothing_known_is_nothing_said() -> None:
    assert reason() == ""


def test_who_said_so_comes_first() -> None:
    def stated(*sources: str, width: int = 80) -> str:
        cases = [replace(case(f"f({n})", "assert result == 1", line(12)), stated=who) for n, who in enumerate(sources)]
        return reasons([cases], {}, width)[0]

    assert stated("docstring") == "as the docstring says; covers line 12"
    assert stated("readme") == "as the README says; covers line 12"
    assert stated("qwen-1.5b", "qwen-1.5b") == "as qwen-1.5b says; covers line 12"
    assert stated("docstring", "") == "partly as the docstring says; covers line 12"
    assert stated("docstring", "docstring", "readme") == "partly as the docstring says; covers line 12"
    assert stated("") == "covers line 12"


def test_who_said_so_takes_room() -> None:
    one = replace(case("f(1)", "assert result == 1", *(line(i) for i in range(1, 100, 2))), stated="docstring")
    [found] = reasons([[one]], {}, 60)
    assert found.startswith("as the docstring says; covers lines 1, 3")
    assert len(found) <= 61
