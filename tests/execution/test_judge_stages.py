"""How far the difference that a mutant makes comes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from qeforge.analysis.mutants import find_mutants
from qeforge.domain.candidate import Candidate
from qeforge.domain.mutant import Mutant, MutantJob
from qeforge.domain.survivor import Difference, Sighting, Stage
from qeforge.execution.judge import ForkJudge
from tests.execution.judging import candidate, judging, write_module

MODULE = """
    import re

    PLURALS = [("(?i)(quiz)$", "zes"), ("(?i)(ox)$", "en")]
    LIMIT = 10


    def grade(points, bonus=0):
        total = points + bonus
        if total < LIMIT:
            return "low"
        spare = total * 2
        return "high"


    def first(items):
        return outer(items) > 0


    def outer(items):
        size = len(items) + 1
        return size


    def plural(word):
        for pattern, ending in PLURALS:
            if re.search(pattern, word):
                return word + ending
        return word


    def remember(name, known={}):
        known[name] = 1
        while name == "hang":
            pass
        return len(name)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stages")


@pytest.fixture(scope="module")
def judge(folder: Path) -> Iterator[ForkJudge]:
    with judging(folder, MODULE, cpu_seconds=0.3, wall_seconds=1.0, parallel=2) as opened:
        yield opened


@pytest.fixture(scope="module")
def mutants(folder: Path) -> Sequence[Mutant]:
    return find_mutants(write_module(folder, MODULE))


def named(mutants: Sequence[Mutant], text: str) -> Mutant:
    """The one mutant whose description ends so."""
    [found] = [mutant for mutant in mutants if mutant.describe().partition(": ")[2] == text]
    return found


def look(judge: ForkJudge, mutant: Mutant, *acts: str, traced: int = 2) -> Sighting:
    candidates: list[Candidate] = [candidate(f"sample.{act}") for act in acts]
    job = MutantJob(mutant=mutant, probes=tuple(range(len(acts))))
    [sighting] = judge.stages([job], candidates, traced=traced)
    return sighting


def test_a_candidate_that_shows_it_is_named(judge: ForkJudge, mutants: Sequence[Mutant]) -> None:
    sighting = look(judge, named(mutants, "< → <="), "grade(3)", "grade(10)", "grade(12)")
    assert (sighting.stage, sighting.probe) == (Stage.NOTICED, 1)


def test_equal_states_are_no_infection(judge: ForkJudge, mutants: Sequence[Mutant]) -> None:
    sighting = look(judge, named(mutants, "< → <="), "grade(3)", "grade(12)")
    assert (sighting.stage, sighting.probe, sighting.line) == (Stage.NO_INFECTION, 0, 0)


def test_a_state_that_differs_and_does_not_show_is_told_with_its_variables(
    judge: ForkJudge, mutants: Sequence[Mutant]
) -> None:
    sighting = look(judge, named(mutants, "* → +"), "grade(3)", "grade(20)")
    assert (sighting.stage, sighting.probe) == (Stage.NO_PROPAGATION, 1)
    assert (sighting.function, sighting.lost_in) == ("grade", "grade")
    assert MODULE.split("\n")[sighting.line].strip() == 'return "high"'
    assert sighting.variables == (Difference(name="spare", without="40", mutated="22"),)


def test_the_function_where_the_difference_was_lost_may_be_a_caller(
    judge: ForkJudge, mutants: Sequence[Mutant]
) -> None:
    [more] = [m for m in mutants if m.scope == "outer" and m.describe().endswith("1 → 2")]
    sighting = look(judge, more, 'first(["a"])')
    assert (sighting.stage, sighting.function, sighting.lost_in) == (Stage.NO_PROPAGATION, "outer", "outer")


def test_without_a_candidate_it_is_not_reached(judge: ForkJudge, mutants: Sequence[Mutant]) -> None:
    sighting = look(judge, named(mutants, "< → <="))
    assert (sighting.stage, sighting.probe) == (Stage.NOT_REACHED, None)


def test_what_the_module_keeps_is_compared_with_what_stands_beside_it(
    judge: ForkJudge, mutants: Sequence[Mutant]
) -> None:
    sighting = look(judge, named(mutants, "\"zes\" → 'XXzesXX'"), 'plural("house")')
    assert sighting.stage is Stage.NO_PROPAGATION
    assert sighting.globals == (
        Difference(name="PLURALS[0][1]", without="'zes'", mutated="'XXzesXX'"),
        Difference(name="PLURALS[0][0]", without="'(?i)(quiz)$'", mutated="'(?i)(quiz)$'"),
    )
    assert look(judge, named(mutants, "\"zes\" → 'XXzesXX'"), 'plural("quiz")').stage is Stage.NOTICED


def test_a_changed_default_is_told_by_its_function(judge: ForkJudge, mutants: Sequence[Mutant]) -> None:
    [other] = [mutant for mutant in mutants if mutant.scope is None and mutant.describe().endswith(": 0 → 1")]
    sighting = look(judge, other, "grade(1, 2)")
    assert [each.name for each in sighting.globals] == ["grade.__defaults__[0]"]


def test_a_mutant_that_hangs_is_noticed_by_what_it_hangs_over(judge: ForkJudge, mutants: Sequence[Mutant]) -> None:
    sighting = look(judge, named(mutants, "== → !="), 'remember("abc")')
    assert (sighting.stage, sighting.probe) == (Stage.NOTICED, 0)


def test_nothing_is_left_behind_for_the_next_request(judge: ForkJudge, mutants: Sequence[Mutant]) -> None:
    for mutant in mutants:
        look(judge, mutant, 'remember("abc")', 'plural("ox")', "grade(1)")
    [usual] = judge.run([candidate('sample.plural("quiz")')])
    assert usual.result is not None
    assert usual.result.source == "'quizzes'"


def test_many_at_once_say_the_same_as_one_at_a_time(judge: ForkJudge, mutants: Sequence[Mutant]) -> None:
    candidates = [candidate(f"sample.{act}") for act in ("grade(3)", 'plural("quiz")', 'first("ab")', "grade(10)")]
    jobs = [MutantJob(mutant=mutant, probes=(0, 1, 2, 3)) for mutant in mutants]
    together = judge.stages(jobs, candidates)
    assert together == [judge.stages([job], candidates)[0] for job in jobs]
    assert together == judge.stages(jobs, candidates)
