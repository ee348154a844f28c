"""The examples of `docs/extending.md` do what the page says."""

import re
from pathlib import Path

import pytest

from qeforge.analysis import mutants
from qeforge.analysis.mutants import find_mutants
from qeforge.analysis.operators import OPERATORS, Operator, Text
from qeforge.domain.protocols import Proposer, Request
from qeforge.engine.proposer import NativeProposer
from qeforge.refinement.limits import Limits
from qeforge.refinement.loop import Loop, Refined
from tests.analysis.modules import module_of
from tests.conformance.example import PAGE, corpus, example
from tests.fakes.parts import Notes, StepClock
from tests.fakes.subject import Subject, subject

SOURCE = """
    import zlib


    def kind(line):
        if zlib.crc32(line.encode()) == 2802049115:
            return "document"
        return "text"


    def double(number: int) -> int:
        return number * 2 + 1
    """


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


def refine(shop: Subject, *proposers: Proposer) -> Refined:
    limits = Limits(seconds=100.0, rounds=3, first=256, later=64, mutants=50, probes=30)
    return Loop(
        "shop",
        shop.judge,
        shop.goals,
        shop.mutants,
        proposers,
        base=frozenset(),
        limits=limits,
        clock=StepClock(),
        progress=Notes(),
    ).run()


def test_the_proposer_adds_what_search_does_not_find(shop: Subject) -> None:
    native = NativeProposer(shop.module, shop.judge.facts(), seed=0)
    alone = refine(shop, native)
    together = refine(
        shop, corpus(shop, "%PDF-1.7 2024", "hello"), NativeProposer(shop.module, shop.judge.facts(), seed=0)
    )
    assert shop.goals.coverage(alone.reached).lines_met < shop.goals.coverage(together.reached).lines_met
    assert {case.candidate.proposer for case in together.cases} >= {"corpus"}


def test_the_proposer_gives_up_on_functions_that_take_no_text(shop: Subject) -> None:
    proposer = corpus(shop, *map(str, range(100)))
    targets: list[str] = []
    for _ in range(20):
        batch = proposer.propose(Request(goals=shop.goals.goals, mutants=(), count=10))
        targets += [candidate.target for candidate in batch]
        proposer.learn(list(zip(batch, shop.judge.run(batch), strict=True)))
    assert targets.count("shop:kind") == 100
    assert targets.count("shop:double") == 5


def test_the_operator_gives_exactly_the_mutants_of_its_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    operator: Operator = example("SwappedArguments")()
    monkeypatch.setattr(mutants, "OPERATORS", (*OPERATORS, operator))
    for before, after in operator.examples():
        text, found = Text(before), []
        for mutant in find_mutants(module_of(before)):
            if mutant.operator == operator.name:
                start, end = text.offset_of(mutant.start), text.offset_of(mutant.end)
                found.append(before[:start] + mutant.replacement + before[end:])
        assert tuple(found) == after


def test_the_operator_says_what_it_leaves_out() -> None:
    assert "left out" in (example("SwappedArguments").__doc__ or "")


def test_every_name_that_the_page_mentions_is_there() -> None:
    prose = re.sub(r"```.*?```", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    root = PAGE.parents[1]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / "qeforge").rglob("*.py")))
    code += (root / "tests" / "conformance" / "test_proposers.py").read_text(encoding="utf-8")
    names = {name for name in re.findall(r"`(\w+)`", prose) if not name.islower() or "_" in name}
    assert len(names) > 10
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", code)) == []
