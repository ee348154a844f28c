from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.pattern import Lent, Outcome, PatternKind, Recalled
from qeforge.memory import crediting
from qeforge.memory.crediting import Crediting
from qeforge.memory.proposer import MemoryProposer
from qeforge.memory.recall import recall
from tests.memory.samples import PROJECT, SOURCE, call, keep, memory_in, module
from tests.memory.test_recall import met, seen

CART = "from shop.texts import Cart"
TEXT = Lent(pattern="text", kind=PatternKind.VALUE, where="text", source="'Some Title'")
MADE = Lent(pattern="cart", kind=PatternKind.CONSTRUCTION, where="object Cart shop.texts", source="Cart('ann')")
FAKED = Lent(pattern="fake", kind=PatternKind.FAKE, where="outside os.system ", source="lambda *args, **kwargs: 'x'")


def outcomes(credit: Crediting, *kept: Candidate) -> dict[str, Outcome]:
    return {one.pattern: one for one in credit.outcomes(kept)}


def in_cart() -> Candidate:
    return call("cart.add('tea', 1)", "Cart.add", arrange=("cart = Cart('ann')",), imports=(CART,))


def test_a_part_is_judged_by_the_candidates_that_have_it_whoever_proposed_them() -> None:
    credit = Crediting(module(), [TEXT, MADE])
    credit.ran(call("slugify('other')"), 3)
    assert outcomes(credit) == {}
    credit.ran(call("slugify('Some Title')"), 0)
    credit.ran(call("slugify('Some Title', '+')"), 2)
    credit.ran(in_cart(), 0)
    assert outcomes(credit) == {
        "text": Outcome(pattern="text", target="shop.texts:slugify", goals=2),
        "cart": Outcome(pattern="cart", target="shop.texts:Cart.add"),
    }
    kept = outcomes(credit, in_cart())
    assert [kept[one].kept for one in ("text", "cart")] == [False, True]
    assert all(one.won for one in kept.values())


def test_the_same_text_in_another_place_is_another_value() -> None:
    credit = Crediting(module(), [TEXT])
    for candidate in (call("slugify('a', 'Some Title')"), call("slugify(str('Some Title'))"), call("area('x', 1)")):
        credit.ran(candidate, 1)
    assert outcomes(credit, call("slugify('a', 'Some Title')")) == {}


def test_a_stand_in_is_told_by_what_it_stands_for_not_by_its_layout() -> None:
    source = "import os\n\n\ndef f(x: str) -> int:\n    return os.system(x)\n"
    credit = Crediting(module(source, "shop.calls"), [FAKED])
    other = 'monkeypatch.setattr("os.popen", lambda *args, **kwargs: "x")'
    mine = 'monkeypatch.setattr("os.system", lambda *args, **kwargs:  "x")'
    for statement in (other, mine):
        candidate = call("f('a')", "f", at="shop.calls", arrange=(statement,), fixtures=("monkeypatch",))
        credit.ran(candidate, 1)
        assert bool(outcomes(credit)) is (statement == mine)


def test_only_so_much_is_read_of_what_met_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crediting, "_MOST_READ", 2)
    credit = Crediting(module(), [TEXT])
    for _ in range(2):
        credit.ran(call("slugify('a', 'Some Title')"), 0)
    credit.ran(call("slugify('Some Title')"), 0)
    assert outcomes(credit) == {}
    credit.ran(call("slugify('Some Title')"), 1)
    assert outcomes(credit)["text"].goals == 1


@pytest.mark.parametrize("rest", ["+)", "\0)", f", {'1+' * 900}1)"], ids=["syntax", "null", "deep"])
def test_what_is_no_python_or_no_target_has_no_parts(rest: str) -> None:
    credit = Crediting(module(), [TEXT])
    credit.ran(call(f"slugify('Some Title' {rest}"), 1)
    credit.ran(call("slugify('Some Title')", "gone"), 1)
    assert outcomes(credit) == {}


def test_quality_of_parts_moves_with_what_became_of_them(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('Some Title')"), in_cart())
    edited = module(SOURCE + "\n\ndef total(cart: Cart, text: str) -> int:\n    return len(cart.items)\n")
    wanted = {"shop.texts:total"}

    def run() -> tuple[Recalled, list[Candidate]]:
        found = recall(memory, edited, project=PROJECT, everywhere=False, targets=wanted)
        made = call("total(Cart('ann'), 'x')", "total", imports=(CART, "from shop.texts import total"))
        return found, [made]

    found, [made] = run()
    assert {(one.kind, one.source) for one in found.lent} == {
        (PatternKind.VALUE, "'Some Title'"),
        (PatternKind.CONSTRUCTION, "Cart('ann')"),
    }
    proposer = MemoryProposer(found.offers, met, credit=Crediting(edited, found.lent))
    proposer.learn([(made, seen(1)), (replace(made, act="total(Cart('bob'), 'Some Title')"), seen())])
    memory.settle(proposer.outcomes([made]), at=2_000.0)
    [value] = memory.values("value text: str", "text", project=PROJECT)
    [built] = memory.parts(PatternKind.CONSTRUCTION, ["Cart"], project=PROJECT)["Cart"]
    assert (value.uses, value.wins) == (1, 0)
    assert value.quality == pytest.approx(1 / 3)
    assert (built.uses, built.wins, built.gain) == (1, 1, 1)
    assert built.quality == pytest.approx(2 / 3)
