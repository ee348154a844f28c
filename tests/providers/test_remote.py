import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from qeforge.domain.ledger import Call
from qeforge.domain.provider import Completion, Description, Finish, Listener, Place, Prompt, Usage
from qeforge.domain.routing import About, Engine
from qeforge.errors import ProviderError
from qeforge.providers.host import Host, Source
from qeforge.providers.remote import served

ABOUT = About(project="shop", module="shop.cart", target="shop.cart:add", path="shop/cart.py")
PROMPT = Prompt(system="s", shared="m", ask="a")
WHAT = Description(name="fake", model="fake-1", place=Place.PROCESS, context=100)


class Fake:
    """Answers line by line; `fail` is raised instead."""

    def __init__(self, lines: Sequence[str] = ("one\n", "two\n"), fail: ProviderError | None = None) -> None:
        self.lines, self.fail, self.closed, self.asked = lines, fail, 0, 0

    def describe(self) -> Description:
        return WHAT

    def count_tokens(self, text: str) -> int:
        return len(text)

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        self.asked += 1
        if self.fail:
            raise self.fail
        text = ""
        for line in self.lines:
            text += line
            if listener and not listener(line):
                return Completion(text=text, model="fake-1", finish=Finish.CANCELLED)
        return Completion(text=text, model="fake-1", finish=Finish.STOP, usage=Usage(input=3, output=2))

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0] for _ in texts]

    def close(self) -> None:
        self.closed += 1


class Books:
    problem = ""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.gains: list[tuple[int, int]] = []

    def record(self, call: Call) -> int:
        self.calls.append(call)
        return len(self.calls)

    def gained(self, number: int, *, candidates: int, valid: int, goals: int, mutants: int) -> None:
        self.gains.append((number, goals))


class Circuit:
    def __init__(self) -> None:
        self.failures, self.open = 0, False

    def closed(self) -> bool:
        return not self.open

    def enter(self) -> bool:
        return self.closed()

    def left(self) -> None:
        """Nothing is learned."""

    def succeeded(self) -> None:
        self.failures = 0

    def failed(self) -> None:
        self.failures += 1
        self.open = self.failures >= 2


class Purse:
    def __init__(self, usd: float = 1.0) -> None:
        self.left = usd

    def allows(self, usd: float) -> bool:
        return usd <= self.left

    def spend(self, usd: float) -> None:
        self.left -= usd


def host_of(fake: Fake, books: Books, *, usd: float = 1.0, price: float = 0.0) -> Host:
    source = Source(description=WHAT, open=lambda: fake, circuit=Circuit(), price=lambda usage: price)
    return Host({Engine.LOCAL: source}, ledger=books, purse=Purse(usd))


def test_an_answer_is_written_down() -> None:
    books = Books()
    answer = host_of(Fake(), books, price=0.25).ask(Engine.LOCAL, PROMPT, ABOUT, seconds=5)
    assert answer.completion.text == "one\ntwo\n"
    (call,) = books.calls
    assert (call.target, call.usage.input, call.usd, call.outcome) == ("shop.cart:add", 3, 0.25, "answered")


def test_what_fails_is_written_down_and_after_some_time_left_alone() -> None:
    fake, books = Fake(fail=ProviderError("no network", slug="network")), Books()
    host = host_of(fake, books)
    for slug in ("network", "network", "circuit-open"):
        with pytest.raises(ProviderError) as caught:
            host.ask(Engine.LOCAL, PROMPT, ABOUT, seconds=5)
        assert caught.value.slug == slug
    assert fake.asked == 2
    assert [call.outcome for call in books.calls] == ["network", "network"]
    assert host.available() == {}


def test_an_empty_answer_is_paid_for_all_the_same() -> None:
    spent = {"input": 3, "output": 900}
    fake, books = Fake(fail=ProviderError("it said nothing", slug="empty", spent=spent)), Books()
    host = host_of(fake, books, price=0.25)
    with pytest.raises(ProviderError, match="said nothing"):
        host.ask(Engine.LOCAL, PROMPT, ABOUT, seconds=5)
    (call,) = books.calls
    assert (call.usage, call.usd, call.outcome) == (Usage(input=3, output=900), 0.25, "empty")


def test_a_wrong_key_is_not_tried_again() -> None:
    host = host_of(Fake(fail=ProviderError("wrong key", slug="wrong-key")), Books())
    with pytest.raises(ProviderError, match="wrong key"):
        host.ask(Engine.LOCAL, PROMPT, ABOUT, seconds=5)
    assert host.available() == {}


def test_no_more_is_spent_than_was_allowed() -> None:
    fake = Fake()
    host = host_of(fake, Books(), usd=0.5, price=0.4)
    host.ask(Engine.LOCAL, PROMPT, ABOUT, seconds=5)
    with pytest.raises(ProviderError) as caught:
        host.ask(Engine.LOCAL, PROMPT, ABOUT, seconds=5)
    assert caught.value.slug == "max-cost"
    assert fake.asked == 1


def test_an_answer_ends_when_time_is_up() -> None:
    now = iter([0.0, 0.0, 1.0, 11.0, 11.0, 11.0, 11.0])
    source = Source(description=WHAT, open=lambda: Fake(("a", "b", "c")), circuit=Circuit())
    host = Host({Engine.LOCAL: source}, ledger=Books(), purse=Purse(), monotonic=lambda: next(now))
    answer = host.ask(Engine.LOCAL, PROMPT, ABOUT, seconds=10)
    assert (answer.completion.text, answer.completion.finish) == ("ab", Finish.CANCELLED)


def test_a_model_that_cannot_be_opened_is_tried_once() -> None:
    tries = []

    def broken() -> Fake:
        tries.append(1)
        raise ProviderError("model.gguf: no GGUF file", slug="broken-model")

    source = Source(description=WHAT, open=broken, circuit=Circuit())
    host = Host({Engine.LOCAL: source}, ledger=Books(), purse=Purse())
    for _ in range(2):
        with pytest.raises(ProviderError, match=r"model\.gguf"):
            host.ask(Engine.LOCAL, PROMPT, ABOUT, seconds=5)
    assert len(tries) == 1
    assert host.count_tokens(Engine.LOCAL, "a text") > 1


def test_other_processes_ask_through_a_socket() -> None:
    books, fake = Books(), Fake()
    with served(host_of(fake, books)) as address:
        models = address.connect()
        assert models.available() == {Engine.LOCAL: WHAT}
        assert models.count_tokens(Engine.LOCAL, "abc") == 3
        answer = models.ask(Engine.LOCAL, PROMPT, ABOUT, seconds=5)
        models.gained(answer.call, candidates=2, valid=2, goals=7, mutants=0)
        with pytest.raises(ProviderError) as caught:
            models.ask(Engine.CLOUD, PROMPT, ABOUT, seconds=5)
        assert caught.value.slug == "no-model"
    assert answer.completion.text == "one\ntwo\n"
    assert books.gains == [(1, 7)]
    assert fake.closed == 1
    assert not any(thread.name == "qeforge-models" for thread in threading.enumerate())


def test_a_host_that_has_ended_is_a_provider_error() -> None:
    with served(host_of(Fake(), Books())) as address:
        models = address.connect()
        models.available()
    with pytest.raises(ProviderError, match="ending"):
        models.ask(Engine.LOCAL, PROMPT, ABOUT, seconds=1)


def test_a_long_temporary_folder_is_no_place_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with served(host_of(Fake(), Books())) as address:
        assert Engine.LOCAL in address.connect().available()


def test_a_stranger_is_turned_away() -> None:
    with served(host_of(Fake(), Books())) as address:
        stranger = type(address)(path=address.path, key=b"another")
        with pytest.raises(Exception, match="digest"):
            stranger.connect()
        assert address.connect().available()
