from dataclasses import replace

import pytest

from qeforge.analysis.targets import find_targets
from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Effect, Observation, Outcome
from qeforge.domain.target import Target
from qeforge.oracle.calls import call_candidate, canonical, is_plain, read_call
from tests.oracle.build import raised, returned

SOURCE = """
def f(a, b=2, *, c=3):
    return a


async def wait(a):
    return a


def each(a):
    yield a


class Box:
    def __init__(self, size):
        self.size = size

    @staticmethod
    def parse(text):
        return Box(int(text))

    def grow(self, by):
        self.size += by
"""
TARGETS = {target.qualname: target for target in find_targets(SOURCE, "shop")}
F = TARGETS["f"]


def offer(act: str, *arrange: str, target: Target = F) -> Candidate:
    return Candidate(target=target.id, act=act, arrange=arrange, imports=("from shop import f",))


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        ("f(1)", (("a", 1),)),
        ("f(1, c='x')", (("a", 1), ("c", "x"))),
        ("f(b=[1, -2], a=(None,))", (("a", (None,)), ("b", [1, -2]))),
        ("f(set())", (("a", set()),)),
    ],
)
def test_a_call_with_plain_values_is_read(act: str, arguments: object) -> None:
    call = read_call(offer(act), returned("'r'"), F)
    assert call is not None
    assert (call.arguments, call.result, call.returned) == (arguments, "r", True)


def test_variables_are_looked_through() -> None:
    call = read_call(offer("f(items)", "item = 1", "items = {'a': 2}"), returned("1"), F)
    assert call is not None
    assert call.arguments == (("a", {"a": 2}),)


@pytest.mark.parametrize(
    "candidate",
    [
        offer("f(open)"),
        offer("f(1) + 1"),
        offer("g(1)"),
        offer("f()"),
        offer("f(1, 2, 3)"),
        offer("f(1, d=4)"),
        offer("f(*items)", "items = [1]"),
        offer("f(box)", "box = Box(1)"),
        offer("f(1)", "print()"),
        replace(offer("f(1)"), fixtures=("tmp_path",)),
    ],
)
def test_anything_else_is_no_call(candidate: Candidate) -> None:
    assert read_call(candidate, returned("1"), F) is None


def test_what_touches_the_world_is_no_call() -> None:
    effect = Effect(kind="clock", event="time", detail="", blocked=False)
    assert read_call(offer("f(1)"), replace(returned("1"), effects=(effect,)), F) is None
    assert read_call(offer("f(1)"), replace(returned("1"), stdout="hello"), F) is None


def test_what_raises_or_hangs_says_so() -> None:
    failed = read_call(offer("f(1)"), raised("ValueError", "no"), F)
    hung = read_call(offer("f(1)"), Observation(outcome=Outcome.TIMEOUT), F)
    assert failed is not None
    assert hung is not None
    assert (failed.raised, hung.raised, failed.returned, hung.returned) == ("ValueError", "timeout", False, False)


def test_a_result_without_source_is_not_known() -> None:
    call = read_call(offer("f(1)"), returned(None), F)
    assert call is not None
    assert not call.returned
    assert call.raised == ""


def test_only_what_is_called_like_a_function_of_mathematics_counts() -> None:
    assert [name for name, target in TARGETS.items() if is_plain(target)] == ["f", "Box.parse"]


def test_a_call_is_written_as_it_is_read() -> None:
    arguments = (("a", "x"), ("c", [1]))
    candidate = call_candidate(F, arguments)
    assert candidate.act == "f('x', c=[1])"
    call = read_call(candidate, returned("1"), F)
    assert call is not None
    assert call.arguments == arguments


def test_equal_sets_look_the_same_and_equal_values_of_other_types_do_not() -> None:
    assert canonical({"b", "a", "c"}) == canonical({"c", "a", "b"})
    assert len({canonical(1), canonical(1.0), canonical(True), canonical([1]), canonical((1,))}) == 5
