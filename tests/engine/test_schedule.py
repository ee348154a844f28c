from dataclasses import replace

from qeforge.domain.target import Kind, Span
from qeforge.engine import schedule
from qeforge.engine.plan import Plan
from qeforge.engine.state import State
from tests.engine.test_operands import TARGET


def state(name: str, *, queued: int, kind: Kind = Kind.FUNCTION, line: int = 1) -> State:
    target = replace(TARGET, qualname=name, kind=kind, span=Span(line=line, end_line=line))
    made = State(target=target, parameters=(), evidence={}, pools={}, texts=(), lines=frozenset({line}), seeded=True)
    made.queue.extend([Plan(target=target)] * queued)
    return made


def order(states: list[State], open_lines: frozenset[int], most: int) -> list[str]:
    found = []
    for turn in schedule.turns(states, open_lines):
        for _ in range(schedule.AT_ONCE):
            if turn.queue:
                turn.queue.popleft()
                turn.offered += 1
        found.append(turn.target.name)
        if len(found) == most:
            break
    return found


def test_every_target_has_its_turn_before_any_has_two() -> None:
    states = [state("long", queued=100, line=1), state("short", queued=9, line=2)]

    assert order(states, frozenset({1, 2}), 3) == ["long", "short", "long"]


def test_constructors_come_first() -> None:
    states = [state("method", queued=9), state("Box", queued=9, kind=Kind.CONSTRUCTOR)]

    assert order(states, frozenset({1}), 2) == ["Box", "method"]


def test_what_gains_comes_round_sooner() -> None:
    dull, fertile = state("dull", queued=99), state("fertile", queued=99)
    dull.offered = fertile.offered = 36
    fertile.gains = 2

    assert order([dull, fertile], frozenset({1}), 4) == ["fertile"] * 4


def test_what_is_done_gets_no_more_than_its_first_plans() -> None:
    assert order([state("done", queued=100, line=7)], frozenset({1}), 9) == ["done"] * 4


def test_targets_without_first_plans_are_beginners() -> None:
    fresh = state("fresh", queued=3)

    assert schedule.beginners([fresh])
    fresh.offered = 50
    assert not schedule.beginners([fresh])
