from collections.abc import Iterable
from dataclasses import replace

import pytest

from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.goal import Goal, GoalKind
from qeforge.domain.observation import Arc, Effect, Observation, Outcome, Raised, Snapshot
from qeforge.refinement.pool import Entry, Pool, lines_of, usable


def goal(line: int) -> Goal:
    return Goal(kind=GoalKind.LINE, arc=(line, line))


def met(arcs: Iterable[Arc]) -> frozenset[Goal]:
    return frozenset(goal(end) for _, end in arcs if end > 0)


def candidate(act: str, target: str = "shop:f", *arrange: str) -> Candidate:
    return Candidate(target=target, act=act, arrange=arrange)


def saw(*lines: int, outcome: Outcome = Outcome.RETURNED, result: str = "1") -> Observation:
    return Observation(
        outcome=outcome,
        result=Snapshot(type_name="int", source=result),
        arcs=frozenset((-1, line) for line in lines),
    )


def effect(kind: str, *, blocked: bool = False) -> Effect:
    return Effect(kind=kind, event="e", detail="d", blocked=blocked)


@pytest.fixture
def pool() -> Pool:
    return Pool(met=met)


def acts(pool: Pool, *lines: int, tried: Iterable[str] = ()) -> list[str]:
    return [entry.candidate.act for entry in pool.best(map(goal, lines), set(tried))]


def test_add_says_whether_a_goal_is_new(pool: Pool) -> None:
    assert pool.add(candidate("f(1)"), saw(1, 2))
    assert not pool.add(candidate("f(2)"), saw(2))
    assert pool.add(candidate("f(3)"), saw(3))
    assert pool.reached == {goal(1), goal(2), goal(3)}
    assert pool.offered == 3


@pytest.mark.parametrize("outcome", [Outcome.ARRANGE_FAILED, Outcome.INVALID, Outcome.TIMEOUT, Outcome.CRASHED])
def test_what_did_not_end_reaches_nothing(pool: Pool, outcome: Outcome) -> None:
    assert not pool.add(candidate("f(1)"), saw(1, outcome=outcome))
    assert pool.reached == set()
    assert pool.offered == 1


@pytest.mark.parametrize(
    "kind, blocked, fine",
    [
        ("filesystem", False, True),
        ("home", False, False),
        ("filesystem", True, False),
        ("clock", False, True),
        ("environment", False, True),
        ("process", False, False),
        ("network", False, False),
        ("cwd", False, False),
    ],
)
def test_what_a_plain_run_would_do_to_the_world_is_no_test(kind: str, blocked: bool, fine: bool) -> None:
    assert usable(replace(saw(1), effects=(effect("clock"), effect(kind, blocked=blocked)))) is fine


def test_the_shortest_that_returns_is_best(pool: Pool) -> None:
    pool.add(candidate("f(1000)"), saw(1))
    pool.add(candidate("f(1)"), saw(1, outcome=Outcome.RAISED))
    pool.add(candidate("f(10)"), saw(1))
    assert acts(pool, 1) == ["f(10)"]


def test_a_stand_in_is_worse_than_a_longer_real_value(pool: Pool) -> None:
    pool.add(candidate("f(Mock())"), saw(1))
    pool.add(candidate("f([1, 2, 3, 4])"), saw(1))
    assert acts(pool, 1) == ["f([1, 2, 3, 4])"]


def test_one_candidate_may_meet_several_goals(pool: Pool) -> None:
    pool.add(candidate("f(1)"), saw(1, 2, 3))
    assert acts(pool, 1, 2, 3) == ["f(1)"]


def test_what_was_tried_before_gives_way_to_the_next_best(pool: Pool) -> None:
    for act in ("f(1)", "f(22)", "f(333)"):
        pool.add(candidate(act), saw(1))
    assert acts(pool, 1, tried=[candidate("f(1)").key]) == ["f(22)"]
    assert acts(pool, 1, tried=[candidate(act).key for act in ("f(1)", "f(22)", "f(333)")]) == []


def test_the_order_in_which_candidates_come_does_not_matter() -> None:
    seen = [(candidate(f"f({number})"), saw(number % 3 + 1, 9)) for number in range(30)]
    forwards, backwards = Pool(met=met), Pool(met=met)
    for pair in seen:
        forwards.add(*pair)
    for pair in reversed(seen):
        backwards.add(*pair)
    assert acts(forwards, 1, 2, 3, 9) == acts(backwards, 1, 2, 3, 9)


def behaviours(pool: Pool, limit: int = 100, tried: Iterable[str] = ()) -> list[str]:
    return [entry.candidate.act for entry in pool.behaviours(set(tried), limit)]


def test_one_entry_for_each_thing_that_happens(pool: Pool) -> None:
    pool.add(candidate("f(100)"), saw(1, result="7"))
    pool.add(candidate("f(1)"), saw(1, result="7"))
    pool.add(candidate("f(2)"), saw(1, result="8"))
    pool.add(candidate("f(3)"), saw(1, 2, result="7"))
    assert behaviours(pool) == ["f(1)", "f(2)", "f(3)"]


def test_targets_take_turns(pool: Pool) -> None:
    for number in range(3):
        pool.add(candidate(f"f({number})"), saw(1, result=str(number)))
        pool.add(candidate(f"longer({number})", "shop:longer"), saw(2, result=str(number)))
    assert behaviours(pool, limit=4) == ["f(0)", "longer(0)", "f(1)", "longer(1)"]


def test_behaviours_leave_out_what_was_tried(pool: Pool) -> None:
    pool.add(candidate("f(1)"), saw(1, result="7"))
    assert behaviours(pool, tried=[candidate("f(1)").key]) == []


def test_one_target_does_not_fill_the_pool(pool: Pool) -> None:
    for number in range(100):
        pool.add(candidate(f"f({number})"), saw(1, result=str(number)))
    assert 0 < len(behaviours(pool)) < 100


def test_lines_leave_out_entries_and_exits() -> None:
    assert lines_of([(-1, 1), (1, 2), (2, -1)]) == {1, 2}


def test_plain_values_are_preferred_to_short_ones() -> None:
    pool = Pool(met=met, oddity=lambda candidate: 5 * ("''" in candidate.act))
    for act in ("f('')", "f('word')"):
        pool.add(candidate(act), saw(1, result="7"))
    assert acts(pool, 1) == ["f('word')"]
    assert behaviours(pool) == ["f('word')"]


def test_what_cannot_be_kept_anyway_is_not_looked_at_closely() -> None:
    asked: list[str] = []

    def oddity(candidate: Candidate) -> int:
        asked.append(candidate.act)
        return 0

    pool = Pool(met=met, oddity=oddity)
    for number in range(30):
        pool.add(candidate(f"f({'1' * (number + 1)})"), saw(1, result="7"))
    assert len(asked) < 10


def test_a_complaint_of_the_interpreter_is_worse_than_an_exception_of_the_code(pool: Pool) -> None:
    for act, message in (("f(None)", "'NoneType' object is not iterable"), ("f('a longer text')", "no words")):
        error = Raised(type_name="TypeError", message=message)
        pool.add(candidate(act), replace(saw(1, outcome=Outcome.RAISED), result=None, raised=error))
    assert acts(pool, 1) == ["f('a longer text')"]


def test_what_leaves_no_traces_in_the_package_is_better(pool: Pool) -> None:
    pool.add(candidate("f(1)"), replace(saw(1), effects=(effect("state"),)))
    pool.add(candidate("f(1000)"), saw(1))
    assert acts(pool, 1) == ["f(1000)"]


def test_an_entry_that_turns_out_to_be_odd_costs_more() -> None:
    plain = Entry(candidate=candidate("f(1)"), seen=saw(1), goals=frozenset())

    assert replace(plain, odd=3).cost > plain.cost
    assert replace(plain, room=False).cost == plain.cost


def stated(act: str, expected: str) -> Candidate:
    return replace(candidate(act), claims=(Claim(expected=expected, source="docstring"),))


def test_what_a_claim_contradicts_takes_nobody_s_place(pool: Pool) -> None:
    assert not pool.add(stated("f(1)", "2"), saw(1))
    assert pool.reached == set()
    assert pool.add(candidate("f(10)"), saw(1))
    assert acts(pool, 1) == ["f(10)"]


def test_what_somebody_said_comes_before_what_is_shorter(pool: Pool) -> None:
    pool.add(candidate("f(1)"), saw(1))
    pool.add(stated("f(1_000_000)", "1"), saw(1))
    pool.add(stated("f(1_000)", "Point(1)"), saw(1))  # which cannot be told
    assert acts(pool, 1) == ["f(1_000_000)"]
    assert acts(pool, 1, tried=[candidate("f(1_000_000)").key]) == ["f(1)"]
