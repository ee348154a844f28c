"""Each kind of predicate is turned both ways, by a plan that is made of what it saw."""

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.facts import ClassFact, ClassKind, ModuleFacts
from qeforge.domain.observation import Observation, Operand, Outcome
from qeforge.engine.build import Builder
from qeforge.engine.following import Following
from qeforge.engine.plan import Argument, Plan
from qeforge.engine.state import State
from qeforge.engine.value import literal
from tests.engine.test_operands import TARGET

LINE = 7
COLOURS = ("red", "blue")
FACTS = ModuleFacts(module="m", classes={"m.Token": ClassFact(path="m:Token", kind=ClassKind.PLAIN, constructor=())})


def following() -> Following:
    rng = random.Random(0)
    return Following(FACTS, Builder(FACTS, (), (), rng), None, rng)


def state(texts: tuple[str, ...] = ()) -> State:
    return State(target=TARGET, parameters=(), evidence={}, pools={}, texts=texts)


def plan(source: str) -> Plan:
    return Plan(target=TARGET, arguments=(Argument(name="x", value=literal(source)),))


def sources(plans: Sequence[Plan]) -> list[str]:
    return [each.arguments[0].value.source for each in plans]


PREDICATES: list[tuple[str, Callable[[Any], bool], Callable[[Any], tuple[str, str]], Any, Any]] = [
    ("==", lambda x: x == "json", lambda x: (repr(x), "'json'"), "abc", "json"),
    ("==", lambda x: x == 8, lambda x: (repr(x), "8"), 1, 8),
    ("==", lambda x: x is None, lambda x: (repr(x), "None"), 1, None),
    ("<", lambda x: x < 10, lambda x: (repr(x), "10"), 12, 3),
    ("<", lambda x: x < 0.5, lambda x: (repr(x), "0.5"), 1.5, 0.25),
    ("<", lambda x: x < "m", lambda x: (repr(x), "'m'"), "x", "a"),
    ("in", lambda x: x in COLOURS, lambda x: (repr(x), repr(COLOURS)), "abc", "red"),
    ("in", lambda x: x in {"a": 1}, lambda x: (repr(x), "{'a': 1}"), "abc", "a"),
    ("in", lambda x: "@" in x, lambda x: ("'@'", repr(x)), "abc", "a@b"),
    ("in", lambda x: b";" in x, lambda x: ("b';'", repr(x)), b"abc", b"a;b"),
    ("startswith", lambda x: x.startswith("http:"), lambda x: (repr(x), "'http:'"), "abc", "http:abc"),
    ("startswith", lambda x: x.startswith(("a:", "b:")), lambda x: (repr(x), "('a:', 'b:')"), "abc", "b:abc"),
    ("endswith", lambda x: x.endswith(".gz"), lambda x: (repr(x), "'.gz'"), "abc", "abc.gz"),
    ("match", lambda x: bool(re.match(r"\d+-[a-f]{2}$", x)), lambda x: (r"'\\d+-[a-f]{2}$'", repr(x)), "abc", "12-ab"),
    ("isinstance", lambda x: isinstance(x, int), lambda x: (repr(x), "int"), "abc", 1),
    ("isinstance", lambda x: isinstance(x, list | tuple), lambda x: (repr(x), "(list, tuple)"), "abc", [1]),
    ("truth", bool, lambda x: (repr(x), ""), "", "abc"),
    ("truth", bool, lambda x: (repr(x), ""), 0, 3),
    ("truth", bool, lambda x: (repr(x), ""), [], [1, 2]),
    ("truth", bool, lambda x: (repr(x), ""), {}, {"a": 1}),
    ("truth", bool, lambda x: (repr(x), ""), None, True),
]
"""Operator, predicate, what its two sides are for an argument, and an argument for which it is false, and true."""


def turned(operator: str, holds: Callable[[Any], bool], sides: Callable[[Any], tuple[str, str]], start: Any) -> bool:
    """Whether a plan made of what the predicate saw turns it."""
    left, right = sides(start)
    seen = [Operand(line=LINE, operator=operator, left=left, right=right)]
    found = sources(following().plans(state(), plan(repr(start)), seen, {LINE}))

    def outcome(source: str) -> bool | None:
        try:
            return bool(holds(eval(source)))
        except (TypeError, AttributeError):
            return None

    return (not holds(start)) in map(outcome, found)


@pytest.mark.parametrize(("operator", "holds", "sides", "false", "true"), PREDICATES)
def test_a_value_that_satisfies_is_found(
    operator: str,
    holds: Callable[[Any], bool],
    sides: Callable[[Any], tuple[str, str]],
    false: Any,
    true: Any,
) -> None:
    assert holds(true)
    assert not holds(false)
    assert turned(operator, holds, sides, false)


@pytest.mark.parametrize(("operator", "holds", "sides", "false", "true"), PREDICATES)
def test_a_value_that_violates_is_found(
    operator: str,
    holds: Callable[[Any], bool],
    sides: Callable[[Any], tuple[str, str]],
    false: Any,
    true: Any,
) -> None:
    assert turned(operator, holds, sides, true)


def test_a_key_that_was_missing_becomes_one_that_is_there() -> None:
    operand = Operand(line=LINE, operator="getitem", left="['x', 'y']", right="'abc'")

    assert {"'x'", "'y'"} <= set(sources(following().plans(state(), plan("'abc'"), [operand], {LINE})))


def test_a_class_of_the_module_is_built_where_it_was_asked_for() -> None:
    operand = Operand(line=LINE, operator="isinstance", left="'abc'", right="m.Token")

    assert "Token()" in sources(following().plans(state(), plan("'abc'"), [operand], {LINE}))


def test_what_was_seen_before_is_not_followed_again() -> None:
    follower, where = following(), state()
    operand = Operand(line=LINE, operator="==", left="'abc'", right="'json'")

    assert follower.plans(where, plan("'abc'"), [operand], {LINE})
    assert follower.plans(where, plan("'abc'"), [operand], {LINE}) == []


def test_lines_with_an_open_branch_come_first() -> None:
    closed = Operand(line=3, operator="==", left="'abc'", right="'closed'")
    opened = Operand(line=LINE, operator="==", left="'abc'", right="'open'")

    found = sources(following().plans(state(), plan("'abc'"), [closed, opened], {LINE}))

    assert found.index("'open'") < found.index("'closed'")


def test_texts_that_were_asked_for_serve_variations_too() -> None:
    where = state()
    following().plans(where, plan("'abc'"), [Operand(line=LINE, operator="==", left="'abc'", right="'json'")], set())

    assert "json" in where.texts


def looked_again(*, gains: int, tries: int, line: int, arcs: frozenset[tuple[int, int]]) -> int:
    """How many of so many candidates, each meant to turn a predicate on `line`, get a second look."""
    follower, where = following(), state()
    where.gains = gains
    seen = Observation(outcome=Outcome.RETURNED, arcs=arcs)
    observed = []
    for number in range(tries):
        candidate = Candidate(target=TARGET.id, act=f"f({number})", imports=(), proposer="native")
        follower.offered(where, candidate.key, line)
        observed.append((candidate, seen))
    return len(follower.curious(observed, {LINE}))


def test_a_try_at_an_open_line_is_looked_at_again_within_bounds() -> None:
    came = frozenset({(6, LINE)})

    assert looked_again(gains=0, tries=3, line=LINE, arcs=came) == 3
    assert looked_again(gains=0, tries=40, line=LINE, arcs=came) < looked_again(gains=3, tries=40, line=LINE, arcs=came)


def test_a_try_that_did_not_come_there_or_is_needed_no_more_is_not() -> None:
    assert looked_again(gains=0, tries=3, line=LINE, arcs=frozenset({(1, 2)})) == 0
    assert looked_again(gains=0, tries=3, line=5, arcs=frozenset({(4, 5)})) == 0
