"""What answers brought, as the ledger has it after a run with recorded replies."""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.ledger import Call
from qeforge.domain.observation import Observation
from qeforge.domain.provider import Completion, Finish, Listener, Prompt, Usage
from qeforge.domain.routing import Engine
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import Store
from qeforge.providers.host import Host, Source
from qeforge.providers.proposer import Look, ModelProposer
from qeforge.providers.replay import Recorder, Replay
from qeforge.refinement.limits import Limits
from qeforge.refinement.loop import Loop
from qeforge.routing.breaker import Breaker
from qeforge.routing.budget import Budget
from tests.fakes.judge import InProcessJudge
from tests.fakes.parts import BatchProposer, Notes, StepClock
from tests.fakes.subject import Subject, subject
from tests.providers.test_proposer import SOURCE, Always, features_of

LIMITS = Limits(seconds=100.0, rounds=2, first=64, later=64, mutants=50, probes=30)


ANSWER = "'%PDF 1.4 EOF')\nkind('%PDF')\nkind(unknown)\nkind('%PDF', 1)\n"


class Writer(Replay):
    """Always writes the same, whatever it is asked."""

    def __init__(self, *, text: str = ANSWER) -> None:
        super().__init__({})
        self._text = text

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        return Completion(text=self._text, model="writer", finish=Finish.STOP, usage=Usage(input=9, output=9))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, SOURCE, monkeypatch)


@pytest.fixture
def recording(shop: Subject, tmp_path: Path) -> Path:
    file = tmp_path / "replies.jsonl"
    entries(shop, Recorder(Writer(), file), tmp_path / "recorded.db")
    return file


def entries(
    shop: Subject, provider: Replay | Recorder, database: Path, judge: InProcessJudge | None = None
) -> list[Call]:
    """The ledger after a whole run."""
    ledger = SqliteLedger(Store(database))
    source = Source(description=provider.describe(), open=lambda: provider, circuit=Breaker())
    host = Host({Engine.LOCAL: source}, ledger=ledger, purse=Budget(0.0))
    look = Look(features=features_of, met=shop.goals.met)
    adviser = ModelProposer(shop.module, host, Always(), look, project="shop", seed=0)
    refined = Loop(
        "shop",
        judge or shop.judge,
        shop.goals,
        shop.mutants,
        [BatchProposer(shop.calls("kind('a')", "double(2)"))],
        base=frozenset(),
        limits=LIMITS,
        clock=judge.clock if isinstance(judge, SlowJudge) else StepClock(),
        progress=Notes(),
        advisers=[adviser],
    ).run()
    adviser.settle(refined.needed)
    host.close()
    return ledger.calls()


class SlowJudge(InProcessJudge):
    """All of the time is over once something that a model proposed has run."""

    def __init__(self, module: ModuleType, clock: StepClock) -> None:
        super().__init__(module)
        self.clock = clock

    def run(self, candidates: Sequence[Candidate], *, capture: bool = False) -> list[Observation]:
        if any(candidate.proposer == "writer" for candidate in candidates):
            self.clock.time += LIMITS.seconds
        return super().run(candidates, capture=capture)


def test_a_recorded_run_has_the_whole_credit_of_each_answer(shop: Subject, recording: Path, tmp_path: Path) -> None:
    replayed = entries(shop, Replay.read(recording), tmp_path / "replayed.db")
    asked = [call for call in replayed if call.target == "shop:kind"]
    first = asked[0]
    assert (first.outcome, first.candidates, first.valid) == ("answered", 4, 2)
    assert first.goals >= 2
    assert first.mutants >= 2
    assert sum(call.mutants for call in asked[1:]) == 0  # what was noticed already is nobody's gain again


def test_a_batch_that_the_clock_cut_is_credited_with_what_ran(shop: Subject, tmp_path: Path) -> None:
    writer = Writer(text="".join(f"kind('%PDF {number} EOF')\n" for number in range(40)))
    (call,) = entries(shop, writer, tmp_path / "cut.db", SlowJudge(shop.judge.module, StepClock()))
    assert call.candidates == 40
    assert 0 < call.valid < 40
    assert call.goals >= 2
