"""Questions that are collected for a batch, and what comes of the answers in a second pass."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from qeforge.domain.provider import Completion, Description, Finish, Place, Prompt
from qeforge.domain.routing import Engine, Models
from qeforge.domain.trajectory import Stop
from qeforge.errors import ProviderError
from qeforge.providers.host import Source
from qeforge.providers.mailbox import Mailbox
from qeforge.providers.replay import Replay
from qeforge.refinement.consulting import Advice
from qeforge.refinement.limits import Limits
from qeforge.refinement.loop import Loop, Refined
from qeforge.refinement.task import Consulting, ModuleTask
from qeforge.routing.breaker import Breaker
from qeforge.routing.budget import Budget
from tests.fakes.parts import BatchProposer, Notes, StepClock
from tests.fakes.subject import Subject, subject
from tests.providers.test_proposer import SOURCE, Always
from tests.providers.test_remote import Books
from tests.refinement.tasks import task

LIMITS = Limits(seconds=100.0, rounds=3, first=64, later=64, mutants=50, probes=30)
ANSWER = "```python\n# name: pdf_with_trailer\nkind('%PDF 1.4 EOF')\n```"


class Batches(Replay):
    """Says the same about everything, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__({})
        self.sent: list[Prompt] = []

    def complete_batch(self, prompts: Sequence[Prompt], *, seconds: float) -> list[Completion | ProviderError]:
        self.sent += prompts
        return [Completion(text=ANSWER, model="big-1", finish=Finish.STOP) for _ in prompts]


@dataclass(frozen=True)
class Here:
    """A way to models in this process."""

    models: Models

    def connect(self) -> Models:
        return self.models


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


def box_of(provider: Batches, books: Books) -> Mailbox:
    about = Description(name="fake", model="big-1", place=Place.CLOUD, context=4096)
    source = Source(description=about, open=lambda: provider, circuit=Breaker())
    return Mailbox(source, price=lambda usage: 0.0, ledger=books, purse=Budget(1.0))


def work(shop: Subject, models: Models, *, later: bool) -> ModuleTask:
    asking = Consulting(line=Here(models), router=Always(Engine.CLOUD), project="p", later=later)
    return replace(task(shop.module, shop.module.import_root), consulting=asking)


def refine(shop: Subject, advice: Advice) -> Refined:
    return Loop(
        "shop",
        shop.judge,
        shop.goals,
        shop.mutants,
        [BatchProposer(shop.calls("kind('a')", "double(2)"))],
        base=frozenset(),
        limits=LIMITS,
        clock=StepClock(),
        progress=Notes(),
        advisers=advice.advisers,
    ).run()


def test_what_is_open_in_the_end_is_asked_once_and_the_answers_are_candidates(shop: Subject) -> None:
    provider, books = Batches(), Books()
    box = box_of(provider, books)
    first = Advice(work(shop, box, later=True), shop.module, shop.goals)
    alone = refine(shop, first)
    first.write(alone, shop.mutants)
    assert first.advisers == []
    assert first.consulted().problems == ()
    assert books.calls == []
    box.send(5.0)
    asked = [prompt for prompt in provider.sent if "test inputs for `kind`" in prompt.ask]
    assert len(asked) == 1
    assert 'return "document"  # <- never reached' in asked[0].ask
    assert "kind('a')" in asked[0].ask

    second = Advice(work(shop, box, later=False), shop.module, shop.goals)
    refined = refine(shop, second)
    second.settle(refined.needed)
    second.write(refined, shop.mutants)
    assert alone.reached < refined.reached
    (described,) = [case for case in second.described(refined.cases) if case.scenario]
    assert (described.scenario, described.candidate.act) == ("pdf_with_trailer", "kind('%PDF 1.4 EOF')")
    assert second.consulted().engines == ("cloud",)
    assert second.consulted().problems == ()
    assert any(goals >= 2 for _, goals in books.gains)


def test_nothing_is_asked_about_a_run_that_was_interrupted_or_left_nothing_open(shop: Subject) -> None:
    box = box_of(Batches(), Books())
    advice = Advice(work(shop, box, later=True), shop.module, shop.goals)
    refined = refine(shop, advice)
    advice.write(replace(refined, stop=Stop.INTERRUPTED), shop.mutants)
    advice.write(replace(refined, reached=shop.goals.goals, alive=()), shop.mutants)
    assert box.modules() == 0
