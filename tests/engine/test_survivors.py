"""Candidates for one mutant, from what is known of the whole module."""

import ast
from pathlib import Path

import pytest

from qeforge.domain.mutant import Mutant
from qeforge.domain.protocols import Aimer, Request
from qeforge.domain.survivor import Difference, Sighting, Stage
from qeforge.engine.proposer import NativeProposer
from tests.fakes.subject import Subject, subject

SOURCE = """
    PLURALS = [("(?i)(quiz)$", "zes")]
    LIMIT = 40


    def plural(word: str) -> str:
        for pattern, ending in PLURALS:
            if pattern == word:
                return word + ending
        return word


    def short(text: str) -> bool:
        return len(text) < LIMIT


    def trim(text: str, side: str = "both") -> str:
        return text.strip() + side


    class Till:
        def __init__(self) -> None:
            self.coins: list[int] = []

        def put(self, coin: int) -> None:
            self.coins.append(coin)

        def total(self) -> int:
            return sum(self.coins)
    """


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


@pytest.fixture
def native(shop: Subject) -> NativeProposer:
    """A proposer that has seen what its first calls do."""
    made = NativeProposer(shop.module, shop.judge.facts(), seed=0)
    for _ in range(3):
        batch = made.propose(Request(goals=shop.goals.goals, mutants=(), count=60))
        made.learn(list(zip(batch, shop.judge.run(batch), strict=True)))
    return made


def first(shop: Subject, scope: str | None, change: str) -> Mutant:
    return next(m for m in shop.mutants if m.scope == scope and m.describe().endswith(f": {change}"))


def acts(native: NativeProposer, sighting: Sighting, count: int = 20) -> list[str]:
    return [" ; ".join((*made.arrange, made.act)) for made in native.aim(sighting, None, count, frozenset())]


def kept(mutant: Mutant, *differences: Difference) -> Sighting:
    return Sighting(mutant=mutant, stage=Stage.NO_PROPAGATION, globals=differences)


def test_it_is_an_aimer(native: NativeProposer) -> None:
    assert isinstance(native, Aimer)


def test_a_row_of_a_table_goes_into_what_uses_the_table(shop: Subject, native: NativeProposer) -> None:
    changed = Difference(name="PLURALS[0][1]", without="'zes'", mutated="'XXzesXX'")
    beside = Difference(name="PLURALS[0][0]", without="'(?i)(quiz)$'", mutated="'(?i)(quiz)$'")
    sighting = kept(first(shop, None, "\"zes\" → 'XXzesXX'"), changed, beside)
    assert "plural('quiz')" in acts(native, sighting)


def test_a_number_that_the_module_keeps_becomes_a_length(shop: Subject, native: NativeProposer) -> None:
    changed = Difference(name="LIMIT", without="40", mutated="41")
    found = acts(native, kept(first(shop, None, "40 → 41"), changed))
    inputs = [ast.literal_eval(act[len("short(") : -1]) for act in found if act.startswith("short(")]
    assert {39, 40, 41} <= {len(text) for text in inputs if isinstance(text, str)}


def test_a_default_wants_a_call_that_leaves_the_argument_out(shop: Subject, native: NativeProposer) -> None:
    changed = Difference(name="trim.__defaults__[0]", without="'both'", mutated="'XXbothXX'")
    found = acts(native, kept(first(shop, None, "\"both\" → 'XXbothXX'"), changed))
    assert any(act.startswith("trim(") and "side" not in act and act.count(",") == 0 for act in found)


def test_what_does_not_show_is_looked_at_through_another_method(shop: Subject, native: NativeProposer) -> None:
    mutant = first(shop, "Till.put", "self.coins.append(coin) → pass")
    nearest = next(
        made
        for made in native.aim(Sighting(mutant=mutant, stage=Stage.NO_INFECTION), None, 10, frozenset())
        if made.target == "shop:Till.put"
    )
    sighting = Sighting(mutant=mutant, stage=Stage.NO_PROPAGATION, lost_in="put")
    found = native.aim(sighting, nearest, 20, frozenset())
    looks = [made for made in found if made.act == "till.total()"]
    assert any("till.put(" in line for made in looks for line in made.arrange)


def test_what_was_run_against_the_mutant_is_not_made_again(shop: Subject, native: NativeProposer) -> None:
    sighting = Sighting(mutant=first(shop, "short", "< → <="), stage=Stage.NO_INFECTION)
    made = native.aim(sighting, None, 5, frozenset())
    again = native.aim(sighting, None, 5, frozenset(each.key for each in made))
    assert made
    assert not {each.key for each in made} & {each.key for each in again}
