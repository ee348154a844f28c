from datetime import UTC, datetime, timedelta, tzinfo

import pybreaker
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qeforge.routing.breaker as breaker_module
from qeforge.routing.breaker import FAILURES, REST, WINDOW, Breaker


class Clock:
    """In place of `datetime`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self, tz: tzinfo | None = None) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (pybreaker, breaker_module):
        monkeypatch.setattr(module, "datetime", clock)
    return clock


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed()


def test_it_opens_after_so_many_failures_in_a_row(clock: Clock) -> None:
    breaker = Breaker()
    fail(breaker, FAILURES - 1)
    assert breaker.closed()
    breaker.succeeded()
    fail(breaker, FAILURES - 1)
    assert breaker.closed()
    fail(breaker, 1)
    assert not breaker.closed()
    assert not breaker.enter()


def test_failures_of_long_ago_do_not_count(clock: Clock) -> None:
    breaker = Breaker()
    for _ in range(3 * FAILURES):
        breaker.failed()
        clock.seconds += WINDOW / (FAILURES - 1) + 1
    assert breaker.closed()


def test_after_a_rest_one_probe_passes(clock: Clock) -> None:
    breaker = Breaker()
    fail(breaker, FAILURES)
    clock.seconds += REST
    assert breaker.closed()
    assert breaker.enter()
    assert not breaker.enter()
    assert not breaker.closed()
    breaker.succeeded()
    assert breaker.enter()
    assert breaker.enter()


def test_a_probe_that_fails_opens_it_again(clock: Clock) -> None:
    breaker = Breaker()
    fail(breaker, FAILURES)
    clock.seconds += REST
    assert breaker.enter()
    breaker.failed()
    assert not breaker.closed()
    clock.seconds += REST
    assert breaker.enter()


def test_a_probe_that_told_nothing_leaves_room_for_another(clock: Clock) -> None:
    breaker = Breaker()
    fail(breaker, FAILURES)
    clock.seconds += REST
    assert breaker.enter()
    breaker.left()
    assert breaker.enter()


@given(st.lists(st.sampled_from(["ok", "fail", "wait"]), max_size=60))
def test_it_is_open_only_after_failures_and_never_for_ever(steps: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        for module in (pybreaker, breaker_module):
            patch.setattr(module, "datetime", clock)
        breaker, row = Breaker(), 0
        for step in steps:
            if step == "wait":
                clock.seconds += REST
            elif breaker.enter():
                breaker.succeeded() if step == "ok" else breaker.failed()
                row = 0 if step == "ok" else row + 1
            assert breaker.closed() or row >= FAILURES
        clock.seconds += REST
        assert breaker.closed()
