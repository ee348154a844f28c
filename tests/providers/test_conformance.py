"""What every provider does, whoever computes.

A new one is added to `PROVIDERS`: a function that opens a context in which it answers PROMPT, for real or from a
script, with at least two lines.
"""

import dataclasses
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from qeforge.domain.provider import Completion, Finish, Place, Prompt, Provider, Usage
from qeforge.errors import ProviderError
from qeforge.providers.replay import Replay, digest

PROMPT = Prompt(
    system="You write calls of Python functions, one a line, and nothing else.",
    shared="def add(a: int, b: int) -> int:\n    return a + b\n",
    ask="Write five calls of add with different values.",
    max_tokens=48,
)
LINES = ("add(1, 2)\n", "add(0, 0)\n", "add(-1, 1)\n")


@contextmanager
def replay() -> Iterator[Provider]:
    stop = "add(0"
    whole = Completion(text="".join(LINES), model="recorded", finish=Finish.STOP, usage=Usage(input=40, output=18))
    cut = dataclasses.replace(whole, text=whole.text.partition(stop)[0])
    yield Replay({digest(PROMPT): whole, digest(dataclasses.replace(PROMPT, stop=(stop,))): cut})


@contextmanager
def cloud() -> Iterator[Provider]:
    pytest.importorskip("anthropic", reason="the package anthropic is not installed")
    from qeforge.providers.cloud import Cloud
    from qeforge.providers.key import Key
    from tests.providers.messages_server import MODEL, MessagesServer, Says

    with MessagesServer(*[Says(pieces=LINES) for _ in range(8)]).running() as server:
        provider = Cloud(MODEL, key=Key("sk-ant-not-a-key"), url=server.url)
        try:
            yield provider
        finally:
            provider.close()


PROVIDERS: dict[str, Callable[[], AbstractContextManager[Provider]]] = {"replay": replay, "cloud": cloud}


@pytest.fixture(params=list(PROVIDERS))
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    with PROVIDERS[request.param]() as opened:
        yield opened


def test_it_says_what_it_is_before_it_is_asked(provider: Provider) -> None:
    what = provider.describe()
    assert what.name
    assert what.model
    assert what.context >= 256
    assert what.place in Place
    assert provider.describe() == what


def test_it_counts_tokens(provider: Provider) -> None:
    one, two = provider.count_tokens("def add(a, b):"), provider.count_tokens("def add(a, b):\n    return a + b\n")
    assert 3 <= one < two < 60
    assert provider.count_tokens("") <= 2


def test_an_answer_is_what_the_listener_heard(provider: Provider) -> None:
    heard: list[str] = []

    def hears(piece: str) -> bool:
        heard.append(piece)
        return True

    reply = provider.complete(PROMPT, hears)
    assert "".join(heard) == reply.text
    assert reply.text.strip()
    assert len([piece for piece in heard if piece]) >= 2
    assert reply.finish in (Finish.STOP, Finish.LENGTH)
    assert reply.model
    assert math.isfinite(reply.seconds)
    assert reply.seconds >= 0


def test_it_counts_what_an_answer_took(provider: Provider) -> None:
    usage = provider.complete(PROMPT).usage
    assert usage.input > 0
    assert usage.output > 0
    assert 0 <= usage.cached + usage.written <= usage.input


def test_the_same_question_has_the_same_answer(provider: Provider) -> None:
    assert provider.complete(PROMPT).text == provider.complete(PROMPT).text


def test_the_listener_ends_an_answer(provider: Provider) -> None:
    whole = provider.complete(PROMPT).text
    heard: list[str] = []

    def enough(piece: str) -> bool:
        heard.append(piece)
        return not piece

    reply = provider.complete(PROMPT, enough)
    assert reply.finish is Finish.CANCELLED
    assert len([piece for piece in heard if piece]) == 1
    assert whole.startswith(reply.text)
    assert len(reply.text) < len(whole)


def test_an_answer_ends_before_a_stop_text(provider: Provider) -> None:
    whole = provider.complete(PROMPT).text
    stop = whole.splitlines(keepends=True)[1][:5]
    reply = provider.complete(dataclasses.replace(PROMPT, stop=(stop,)))
    assert stop not in reply.text
    assert whole.startswith(reply.text)
    assert reply.finish is Finish.STOP


def test_vectors_have_unit_length_or_there_are_none(provider: Provider) -> None:
    if not provider.describe().embeds:
        with pytest.raises(ProviderError):
            provider.embed(["add"])
        return
    first, second, again = provider.embed(["add two numbers", "parse a date", "add two numbers"])
    assert math.hypot(*first) == pytest.approx(1.0, abs=1e-3)
    assert first == pytest.approx(again)
    assert first != pytest.approx(second)
    assert len(first) == len(second)


def test_threads_may_ask_at_once(provider: Provider) -> None:
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(provider.complete(PROMPT).text)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(texts)) == 1
    assert len(texts) == 2


def test_it_may_be_closed_twice(provider: Provider) -> None:
    provider.complete(PROMPT)
    provider.close()
    provider.close()
