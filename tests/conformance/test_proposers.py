"""What holds for everything that proposes. A new proposer is one more line in `PROPOSERS`."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Arc, Effect, Frame, Observation, Operand, Outcome, Raised, Snapshot
from qeforge.domain.pattern import Offer
from qeforge.domain.protocols import Proposer, Request
from qeforge.engine.proposer import NativeProposer
from qeforge.memory.proposer import MemoryProposer
from qeforge.refinement.recipes import RecipeProposer
from tests.conformance.example import corpus
from tests.fakes.subject import Subject, subject

SOURCE = '''
    import os


    class Cart:
        """Items and their prices."""

        def __init__(self, owner: str, limit: int = 3):
            if not owner:
                raise ValueError("owner is empty")
            self.owner = owner
            self.limit = limit
            self.items = {}

        def add(self, name: str, price: float) -> int:
            if len(self.items) >= self.limit:
                raise OverflowError(f"at most {self.limit} items")
            self.items[name] = price
            return len(self.items)

        @property
        def total(self) -> float:
            return sum(self.items.values())


    def read(path):
        with open(os.fspath(path)) as file:
            return [line.strip() for line in file if line.startswith("#")]


    def currency():
        return os.environ.get("CURRENCY", "EUR")


    def countdown(start: int):
        while start > 0:
            yield start
            start -= 1
    '''
Make = Callable[[Subject], Proposer]


class Counting:
    """The least that a proposer can be: numbers for one function, from `start` on."""

    name = "counting"

    def __init__(self, candidate: Candidate, start: int) -> None:
        self._candidate = candidate
        self._next = start

    def propose(self, request: Request) -> Sequence[Candidate]:
        first, self._next = self._next, self._next + request.count
        return [replace(self._candidate, act=f"list(countdown({number}))") for number in range(first, self._next)]

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        pass


def recipes(shop: Subject) -> Proposer:
    calls = shop.calls("currency()", "currency()", "Cart('ann')", "list(countdown(3))", "read('x')")
    return RecipeProposer([replace(call, imports=("from shop import *",)) for call in calls])


def memory(shop: Subject) -> Proposer:
    """What an earlier run kept of two functions."""
    acts = ("list(countdown(2))", "currency()", "list(countdown(0))")
    offers = [Offer(pattern=act, candidate=replace(shop.call(act), proposer="memory")) for act in acts]
    return MemoryProposer(offers, shop.goals.met)


PROPOSERS: dict[str, Make] = {
    "native": lambda shop: NativeProposer(shop.module, shop.judge.facts(), seed=7),
    "recipes": recipes,
    "memory": memory,
    "the example of docs/extending.md": lambda shop: corpus(shop, "abc", "", "#", "abc", "1", "ü", "3.5", "a=b"),
    "counting": lambda shop: Counting(shop.call("countdown(1)"), 1),
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


@pytest.fixture(params=PROPOSERS)
def make(request: pytest.FixtureRequest) -> Make:
    return PROPOSERS[request.param]


def ask(shop: Subject, proposer: Proposer, count: int) -> list[Candidate]:
    """Everything open, as in a first round."""
    return list(proposer.propose(Request(goals=shop.goals.goals, mutants=shop.mutants[:20], count=count)))


def listen(shop: Subject, proposer: Proposer, rounds: int = 6, count: int = 32) -> list[Candidate]:
    """What it offers over some rounds, told each time what really happened."""
    offered: list[Candidate] = []
    for _ in range(rounds):
        batch = ask(shop, proposer, count)
        proposer.learn(list(zip(batch, shop.judge.run(batch), strict=True)))
        offered += batch
    return offered


def test_it_has_a_name(shop: Subject, make: Make) -> None:
    assert make(shop).name.strip()


@pytest.mark.parametrize("count", [0, 1, 7, 64])
def test_it_offers_no_more_than_it_is_asked_for(shop: Subject, make: Make, count: int) -> None:
    proposer = make(shop)
    for _ in range(5):
        assert len(ask(shop, proposer, count)) <= count


def test_it_has_something_to_offer(shop: Subject, make: Make) -> None:
    assert ask(shop, make(shop), 8)


def test_the_same_seed_offers_the_same(shop: Subject, make: Make) -> None:
    assert listen(shop, make(shop)) == listen(shop, make(shop))


def test_how_many_are_asked_for_at_a_time_does_not_change_the_first(shop: Subject, make: Make) -> None:
    assert ask(shop, make(shop), 1)[0] == ask(shop, make(shop), 16)[0]


def test_it_never_offers_the_same_twice(shop: Subject, make: Make) -> None:
    keys = [candidate.key for candidate in listen(shop, make(shop))]
    assert len(keys) == len(set(keys))


def test_what_it_offers_is_python(shop: Subject, make: Make) -> None:
    for candidate in listen(shop, make(shop)):
        for source in (*candidate.imports, *candidate.arrange, candidate.act):
            assert ast.parse(source).body, candidate
        assert all(isinstance(ast.parse(line).body[0], ast.Import | ast.ImportFrom) for line in candidate.imports)


def test_what_it_offers_is_for_a_target_of_the_module(shop: Subject, make: Make) -> None:
    assert {c.target.partition(":")[0] for c in listen(shop, make(shop))} == {shop.module.name}


ARCS: frozenset[Arc] = frozenset({(-1, 1), (1, 2), (2, -1)})
FRAME = Frame(function="add", line=14, own=True)
OBSERVATIONS = {
    "returned": Observation(outcome=Outcome.RETURNED, result=Snapshot(type_name="int", source="1"), arcs=ARCS),
    "returned nothing that can be written": Observation(
        outcome=Outcome.RETURNED, result=Snapshot(type_name="generator"), arcs=ARCS
    ),
    "raised": Observation(
        outcome=Outcome.RAISED, raised=Raised(type_name="KeyError", message="'name'", frames=(FRAME,)), arcs=ARCS
    ),
    "raised without a word": Observation(outcome=Outcome.RAISED, raised=Raised(type_name="shop.Odd", message="")),
    "raised something odd": Observation(
        outcome=Outcome.RAISED, raised=Raised(type_name="TypeError", message="{}[](%s '\\", frames=(FRAME,))
    ),
    "arrange failed": Observation(outcome=Outcome.ARRANGE_FAILED, raised=Raised(type_name="ImportError", message="no")),
    "invalid": Observation(outcome=Outcome.INVALID),
    "timeout": Observation(outcome=Outcome.TIMEOUT, arcs=ARCS),
    "crashed": Observation(outcome=Outcome.CRASHED),
    "blocked": Observation(
        outcome=Outcome.RAISED,
        raised=Raised(type_name="PermissionError", message="refused by the sandbox"),
        effects=tuple(
            Effect(kind=kind, event="event", detail="/etc/passwd", blocked=True)
            for kind in ("filesystem", "network", "process", "environment", "stdin", "clock", "random", "cwd")
        ),
    ),
    "operands": Observation(
        outcome=Outcome.RETURNED,
        arcs=ARCS,
        operands=tuple(
            Operand(line=2, operator=operator, left="'abc'", right=right)
            for operator in ("==", "<", "in", "startswith", "endswith", "isinstance", "match", "getitem", "truth")
            for right in ("'#'", "3", "[1, 2]", "not python (")
        ),
    ),
}


@pytest.mark.parametrize("seen", OBSERVATIONS.values(), ids=list(OBSERVATIONS))
def test_it_survives_whatever_happens_and_goes_on(shop: Subject, make: Make, seen: Observation) -> None:
    proposer = make(shop)
    first = ask(shop, proposer, 16)
    proposer.learn([(candidate, seen) for candidate in first])
    second = ask(shop, proposer, 16)
    proposer.learn([(candidate, seen) for candidate in second])
    for candidate in second:
        ast.parse("\n".join((*candidate.imports, *candidate.arrange, candidate.act)))
    assert not {c.key for c in first} & {c.key for c in second}


def test_it_hears_of_what_others_offered(shop: Subject, make: Make) -> None:
    proposer = make(shop)
    proposer.learn([(shop.call("currency()"), seen) for seen in OBSERVATIONS.values()])
    proposer.learn([])
    assert ask(shop, proposer, 4)


def test_with_nothing_left_to_aim_at_it_does_not_hang(shop: Subject, make: Make) -> None:
    proposer = make(shop)
    for _ in range(50):
        proposer.propose(Request(goals=frozenset(), mutants=(), count=64))
