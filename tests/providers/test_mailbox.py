from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

import pytest

from qeforge.domain.ledger import BATCH
from qeforge.domain.provider import Completion, Description, Finish, Place, Prompt, Stopped, Usage
from qeforge.domain.routing import About, Engine
from qeforge.errors import ProviderError
from qeforge.providers.host import Source
from qeforge.providers.mailbox import LATER, Mailbox
from qeforge.providers.replay import Replay
from qeforge.routing.breaker import Breaker
from qeforge.routing.budget import Budget
from tests.providers.test_remote import Books

PROMPT = Prompt(system="s", shared="m", ask="a", max_tokens=10)
WHAT = Description(name="fake", model="fake-1", place=Place.CLOUD, context=4096)


def about(target: str) -> About:
    module = target.partition(":")[0]
    return About(project="p", module=module, target=target, path=f"{module}.py")


class Batches(Replay):
    """Answers every question with its own words, but those that ask for an error."""

    def __init__(self, fail: ProviderError | None = None) -> None:
        super().__init__({})
        self.sent: list[list[str]] = []
        self.closed = False
        self._fail = fail

    def complete_batch(self, prompts: Sequence[Prompt], *, seconds: float) -> list[Completion | ProviderError]:
        self.sent.append([prompt.ask for prompt in prompts])
        if self._fail is not None:
            raise self._fail
        return [self._answer(prompt) for prompt in prompts]

    def close(self) -> None:
        self.closed = True

    def _answer(self, prompt: Prompt) -> Completion | ProviderError:
        if prompt.ask == "empty":
            return ProviderError("empty", slug="empty", spent={"input": 10, "output": 30})
        if prompt.ask == "fail":
            return ProviderError("expired", slug="timeout")
        return Completion(text=prompt.ask, model="fake-1", finish=Finish.STOP, usage=Usage(input=10, output=10))


def mailbox(provider: Replay, books: Books, *, most: float = 10.0) -> Mailbox:
    def check(prompt: Prompt, about: About) -> Prompt:
        if "secret" in about.path:
            raise ProviderError(f"{about.path} is not sent", slug="privacy")
        return prompt

    source = Source(description=WHAT, open=lambda: provider, circuit=Breaker(), check=check)
    return Mailbox(source, price=lambda usage: (usage.input + usage.output) / 100, ledger=books, purse=Budget(most))


def put(box: Mailbox, *questions: tuple[str, str]) -> None:
    for target, ask in questions:
        with pytest.raises(ProviderError) as later:
            box.ask(Engine.CLOUD, replace(PROMPT, ask=ask), about(target), seconds=1.0)
        assert later.value.slug == LATER


def test_questions_are_collected_and_answered_once_by_their_target() -> None:
    books, provider = Books(), Batches()
    box = mailbox(provider, books)
    put(box, ("b:f", "two"), ("a:f", "old"), ("a:f", "one"))
    assert box.modules() == 2
    assert box.send(5.0) == 2
    assert provider.sent == [["one", "two"]]
    assert provider.closed
    answer = box.ask(Engine.CLOUD, replace(PROMPT, ask="in other words"), about("a:f"), seconds=1.0)
    assert answer.completion.text == "one"
    assert answer.usd == pytest.approx(0.2)
    put(box, ("a:f", "again"), ("c:f", "too late"))
    assert box.paths == {"a.py", "b.py"}
    assert box.unanswered() == set()
    assert [(call.target, call.provider, call.outcome, call.usd) for call in books.calls] == [
        ("a:f", f"fake{BATCH}", "answered", 0.2),
        ("b:f", f"fake{BATCH}", "answered", 0.2),
    ]
    assert box.sums[Engine.CLOUD].answers == 2


def test_what_has_no_answer_is_told_and_costs_nothing() -> None:
    books = Books()
    box = mailbox(Batches(), books)
    put(box, ("a:f", "fail"), ("a:g", "one"))
    assert box.send(5.0) == 1
    assert box.failures[Engine.CLOUD].slug == "timeout"
    assert box.unanswered() == {"a.py"}
    assert [(call.outcome, call.usd) for call in books.calls] == [("timeout", 0), ("answered", 0.2)]


def test_an_empty_answer_is_paid_for_all_the_same() -> None:
    books = Books()
    box = mailbox(Batches(), books)
    put(box, ("a:f", "empty"))
    assert box.send(5.0) == 0
    assert [(call.outcome, call.usage.output, call.usd) for call in books.calls] == [("empty", 30, 0.4)]


@pytest.mark.parametrize("provider", [Batches(ProviderError("no network", slug="network")), Replay({})])
def test_a_batch_that_fails_as_a_whole_raises_nothing(provider: Replay) -> None:
    books = Books()
    box = mailbox(provider, books)
    put(box, ("a:f", "one"), ("b:f", "two"))
    assert box.send(5.0) == 0
    assert box.failures[Engine.CLOUD].slug in ("network", "no-batches")
    assert len(books.calls) == 2
    assert box.paths == set()


def test_what_may_not_be_sent_or_paid_stays_here() -> None:
    provider = Batches()
    box = mailbox(provider, Books(), most=0.5)
    put(box, ("a_secret:f", "no"), *((f"m{number}:f", f"ask {number}") for number in range(9)))
    box.send(5.0)
    (sent,) = provider.sent
    assert 0 < len(sent) < 9
    assert "no" not in sent
    assert box.failures[Engine.CLOUD].slug == "privacy"


def test_with_nothing_to_ask_nobody_is_asked() -> None:
    provider = Batches()
    assert mailbox(provider, Books()).send(5.0) == 0
    assert provider.sent == []


GOT = Completion(text="x", model="fake-1", finish=Finish.STOP, usage=Usage(input=10, output=10))
LATE = ProviderError("canceled", slug="timeout")


@pytest.mark.parametrize(("stop", "tokens", "told"), [
    (Stopped([GOT, LATE], over=True), [20, 0], "cancelled, or had ended, after 0 s: of 2 questions 1 are known"),
    (Stopped([LATE, LATE], over=False), [0, 0], "batch of 2 questions was given up after 0 s, and it is not known"),
    (KeyboardInterrupt(), [0, 0], "batch of 2 questions was given up after 0 s, and it is not known"),
])  # fmt: skip
def test_ctrl_c_leaves_an_account_of_what_was_sent(stop: KeyboardInterrupt, tokens: list[int], told: str) -> None:
    class Stops(Batches):
        def complete_batch(self, prompts: Sequence[Prompt], *, seconds: float) -> list[Completion | ProviderError]:
            raise stop

    books, provider = Books(), Stops()
    box = mailbox(provider, books)
    put(box, ("a:f", "one"), ("b:f", "two"))
    with pytest.raises(KeyboardInterrupt):
        box.send(5.0)
    assert provider.closed
    assert [(call.outcome, call.usage.input + call.usage.output) for call in books.calls] == [
        ("interrupted", number) for number in tokens
    ]
    assert [call.usd for call in books.calls] == [number / 100 for number in tokens]
    assert told in box.lost
    put(box, ("a:f", "one"))  # nobody gets the answer


@pytest.mark.parametrize("where", ["open", "check"])
def test_ctrl_c_before_anything_is_sent_leaves_nothing_to_account_for(where: str) -> None:
    def interrupted(*given: object) -> NoReturn:
        raise KeyboardInterrupt

    books, provider = Books(), Batches()
    source = Source(description=WHAT, open=lambda: provider, circuit=Breaker())
    source = replace(source, open=interrupted) if where == "open" else replace(source, check=interrupted)
    box = Mailbox(source, price=lambda usage: 1.0, ledger=books, purse=Budget(10.0))
    put(box, ("a:f", "one"))
    with pytest.raises(KeyboardInterrupt):
        box.send(5.0)
    assert "was not sent" in box.lost
    assert (provider.sent, books.calls) == ([], [])
