from collections.abc import Sequence
from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal, GoalKind
from qeforge.domain.observation import Arc, Observation
from qeforge.domain.observation import Outcome as Ended
from qeforge.domain.pattern import Offer, Outcome, Pattern, PatternKind, Recalled
from qeforge.domain.protocols import Request
from qeforge.memory.bank import MOST_OF_ONE
from qeforge.memory.proposer import MemoryProposer
from qeforge.memory.recall import MOST_OFFERS, recall
from tests.memory.samples import PROJECT, SOURCE, call, keep, memory_in, module

ASKED = Request(goals=frozenset(), mutants=(), count=2)


def acts(found: Recalled) -> list[str]:
    return [offer.candidate.act for offer in found.offers]


def test_a_target_gets_its_own_recipes_also_when_its_code_was_edited(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, *(call(f"area({number}, 1)", "area") for number in range(4)))
    edited = module(SOURCE.replace("width * height", "width * height if width else 0.0"))
    found = recall(memory, edited, project=PROJECT, everywhere=False, targets={"shop.texts:area"})
    assert sorted(acts(found)) == [f"area({number}, 1)" for number in range(4)]
    assert all(offer.candidate.proposer == "memory" for offer in found.offers)
    assert recall(memory, edited, project="/elsewhere", everywhere=False) == Recalled()


def test_a_new_target_gets_what_a_similar_one_kept(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('Some Title')"), call("area(2, 3)", "area"))
    found = recall(memory, module(), project=PROJECT, everywhere=False, targets={"shop.texts:slugify_all"})
    assert acts(found) == ["slugify_all('Some Title')"]
    [given] = found.recipes[0].arguments
    assert (given.name, given.value.source) == ("text", "'Some Title'")


def test_other_projects_count_only_where_that_is_wanted(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('Some Title')"), project="/srv/other")
    asked = {"shop.texts:slugify_all"}
    assert recall(memory, module(), project=PROJECT, everywhere=False, targets=asked) == Recalled()
    found = recall(memory, module(), project=PROJECT, everywhere=True, targets=asked)
    assert acts(found) == ["slugify_all('Some Title')"]
    assert len(found.recipes) == 1


def test_targets_take_turns_and_there_is_an_end(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    source = "\n".join(f"def f{number}(x):\n    return x\n" for number in range(20))
    many = module(source)
    for number in range(20):
        name = f"f{number}"
        from tests.memory.samples import learned, place

        calls = [call(f"{name}({value})", name) for value in range(MOST_OF_ONE)]
        memory.keep(place(name), learned(*calls, of=many), at=1.0)
    found = recall(memory, many, project=PROJECT, everywhere=False)
    assert len(found.offers) == MOST_OFFERS
    assert len({offer.candidate.target for offer in found.offers[:20]}) == 20
    assert found == recall(memory_in(tmp_path), many, project=PROJECT, everywhere=False)


def test_names_are_asked_for_at_once_and_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('a')"))
    asked: list[Sequence[str]] = []
    parts = memory.parts

    def noted(kind: PatternKind, names: Sequence[str], *, project: str | None) -> dict[str, list[Pattern]]:
        asked.append(names)
        return parts(kind, names, project=project)

    monkeypatch.setattr(memory, "parts", noted)
    many = ", ".join(f"Class{number}" for number in range(500))
    source = f'"""Prose about Words."""\n\n\nclass Own:\n    def do(self, shopping_cart):\n        return {many}\n'
    recall(memory, module(source), project=PROJECT, everywhere=False)
    classes, outside = asked
    assert list(classes[:2]) == ["ShoppingCart", "Own"]
    assert len(classes) == 200
    assert not {"Words", "Prose"} & set(classes)
    assert outside == []


def test_nothing_remembered_gives_nothing(tmp_path: Path) -> None:
    assert recall(memory_in(tmp_path), module(), project=PROJECT, everywhere=True) == Recalled()
    assert not (tmp_path / "memory.db").exists()


# -- the proposer ---------------------------------------------------------------------------------------------------


def met(arcs: frozenset[Arc]) -> frozenset[Goal]:
    return frozenset(Goal(kind=GoalKind.LINE, arc=arc) for arc in arcs)


def seen(*lines: int) -> Observation:
    return Observation(outcome=Ended.RETURNED, arcs=frozenset((line, line) for line in lines))


def offer(act: str, pattern: str = "") -> Offer:
    return Offer(pattern=pattern or act, candidate=call(act))


def test_offers_come_once_in_order_as_many_as_are_asked_for() -> None:
    proposer = MemoryProposer([offer("f(1)"), offer("f(2)"), offer("f(1)", "other"), offer("f(3)")], met)
    asked = [proposer.propose(ASKED) for _ in range(3)]
    assert [[one.act for one in batch] for batch in asked] == [["f(1)", "f(2)"], ["f(3)"], []]


def test_what_others_offer_anyway_is_theirs_however_it_is_laid_out() -> None:
    theirs = call('f( "a" )')
    proposer = MemoryProposer([offer("f('a')"), offer("f('b')")], met, others=[theirs])
    assert [one.act for one in proposer.propose(ASKED)] == ["f('b')"]


@pytest.mark.parametrize("act", ["f(", "f('\0')", f"f({'1+' * 900}1)"], ids=["syntax", "null", "deep"])
def test_what_nobody_can_read_is_offered_once_all_the_same(act: str) -> None:
    proposer = MemoryProposer([offer(act, "p"), offer("f(1)")], met, others=[call(act)])
    assert [one.act for one in proposer.propose(ASKED)] == ["f(1)"]
    proposer = MemoryProposer([offer(act, "p")], met)
    proposer.learn([(call(act), seen())])
    assert proposer.outcomes([call(act)]) == (Outcome(pattern="p", target="shop.texts:slugify", kept=True),)


def test_who_meets_a_goal_first_has_won_and_so_has_what_is_kept() -> None:
    first, second, third, never = (offer(f"f({number})") for number in range(4))
    proposer = MemoryProposer([first, second, third, never], met, base=met(frozenset({(9, 9)})))
    stranger: Candidate = call("g()")
    proposer.learn([(first.candidate, seen(1, 2, 9)), (stranger, seen(3)), (second.candidate, seen(2, 3))])
    proposer.learn([(third.candidate, seen())])
    proposer.learn([(first.candidate, seen(1, 2))])  # looked at once more
    outcomes = proposer.outcomes([call("f( 2 )"), stranger])
    target = "shop.texts:slugify"
    assert outcomes == (
        Outcome(pattern="f(0)", target=target, goals=2),
        Outcome(pattern="f(1)", target=target),
        Outcome(pattern="f(2)", target=target, kept=True),
    )
    assert [one.won for one in outcomes] == [True, False, True]


def test_what_the_suite_spells_otherwise_is_kept_all_the_same() -> None:
    source = "def slugify(text, lower=True, strict=False):\n    return text\n"
    offers = [offer(f"slugify('a', {given})") for given in ("False, True", "True, True", "True, False")]
    proposer = MemoryProposer(offers, met, targets=module(source).targets)
    proposer.learn([(one.candidate, seen()) for one in offers])
    kept = [call("slugify('a', lower=False, strict=True)"), call("slugify('a', True, True)")]
    assert [one.kept for one in proposer.outcomes(kept)] == [True, True, False]
