import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from qeforge.domain.provider import Finish, Place, Prompt, Usage
from qeforge.errors import PrivacyError, ProviderError
from qeforge.providers.server import Server, place_of
from tests.providers.loopback import Reply, loopback, send, stream

PROMPT = Prompt(system="be short", shared="module", ask="calls?", prefill="f(", stop=("```",), max_tokens=50, seed=3)


def says(*pieces: str, finish: str = "stop", usage: bool = True) -> Reply:
    def reply(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        events: list[Any] = [{"model": "tiny-1", "choices": [{"delta": {"content": piece}}]} for piece in pieces]
        events.append({"model": "tiny-1", "choices": [{"delta": {}, "finish_reason": finish}]})
        if usage:
            counted = {"prompt_tokens": 20, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8}}
            events.append({"choices": [], "usage": counted})
        stream(handler, *events, "[DONE]")

    return reply


def refuses(status: int, message: str) -> Reply:
    return lambda handler, body: send(handler, status, {"error": {"message": message}})


def test_an_answer_comes_in_pieces() -> None:
    heard: list[str] = []

    def hears(piece: str) -> bool:
        heard.append(piece)
        return True

    with loopback(says("1)\n", "f(2)")) as there:
        server = Server(there.url + "/v1", "tiny")
        answer = server.complete(PROMPT, hears)
        server.close()
    assert (answer.text, answer.model, answer.finish) == ("1)\nf(2)", "tiny-1", Finish.STOP)
    assert answer.usage == Usage(input=20, output=4, cached=8)
    assert [piece for piece in heard if piece][:2] == ["1)\n", "f(2)"]
    ((path, body),) = there.asked
    assert path == "/v1/chat/completions"
    assert body["messages"] == [
        {"role": "system", "content": "be short"},
        {"role": "user", "content": "module\n\ncalls?"},
        {"role": "assistant", "content": "f("},
    ]
    assert (body["model"], body["max_tokens"], body["seed"], body["stop"]) == ("tiny", 50, 3, ["```"])


def test_the_listener_ends_it() -> None:
    with loopback(says(*"abcdef")) as there:
        answer = Server(there.url).complete(PROMPT, lambda piece: piece != "c")
    assert (answer.text, answer.finish) == ("abc", Finish.CANCELLED)


def test_tokens_are_estimated_where_the_server_does_not_count() -> None:
    with loopback(says("f(1)", usage=False)) as there:
        answer = Server(there.url).complete(PROMPT)
    assert answer.usage.input > 0
    assert answer.usage.output == 2


@pytest.mark.parametrize(
    ("reply", "slug", "transient"),
    [
        (refuses(401, "who are you"), "wrong-key", False),
        (refuses(404, "no such model"), "no-model", False),
        (refuses(400, "exceeds the context size"), "context", False),
        (refuses(400, "bad"), "refused", False),
        (refuses(429, "slow down"), "overloaded", True),
        (refuses(503, "loading"), "overloaded", True),
        (lambda handler, body: stream(handler, {"error": {"message": "out of memory"}}), "overloaded", True),
        (lambda handler, body: stream(handler, {"choices": [{"delta": {"content": "f("}}]}), "cut", True),
        (lambda handler, body: stream(handler, "<html>"), "url", False),
    ],
)
def test_what_goes_wrong_is_told(reply: Reply, slug: str, transient: bool) -> None:
    with loopback(reply) as there, pytest.raises(ProviderError) as caught:
        Server(there.url).complete(PROMPT)
    assert (caught.value.slug, caught.value.transient) == (slug, transient)
    assert there.url in caught.value.message


def test_nobody_is_waited_for_without_end() -> None:
    with loopback(lambda handler, body: time.sleep(1.0)) as there, pytest.raises(ProviderError) as caught:
        Server(there.url, read=0.2).complete(PROMPT)
    assert caught.value.slug == "timeout"


def test_nobody_waits_longer_than_meant_for_a_server_that_says_nothing() -> None:
    with loopback(lambda handler, body: time.sleep(3.0)) as there:
        began = time.monotonic()
        answer = Server(there.url).complete(PROMPT, lambda piece: time.monotonic() - began < 0.3)
        waited = time.monotonic() - began
    assert (answer.finish, answer.text) == (Finish.CANCELLED, "")
    assert waited < 2.0


def test_an_answer_without_end_is_ended() -> None:
    def endless(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        while True:
            stream(handler, {"choices": [{"delta": {"content": "x"}}]})

    with loopback(endless) as there:
        answer = Server(there.url, whole=0.2).complete(PROMPT)
    assert answer.finish is Finish.CANCELLED


def test_nothing_listens() -> None:
    with loopback(says()) as there:
        pass
    with pytest.raises(ProviderError, match="nothing answers there"):
        Server(there.url).complete(PROMPT)


def test_proxies_and_redirects_lead_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://192.0.2.1:9")

    def away(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        handler.send_response(307)
        handler.send_header("location", "http://192.0.2.1:9/v1/chat/completions")
        handler.send_header("content-length", "0")
        handler.end_headers()

    with loopback(away) as there, pytest.raises(ProviderError, match="307"):
        Server(there.url).complete(PROMPT)


def test_embeddings_have_unit_length() -> None:
    rows = {"data": [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 4]}]}
    with loopback(lambda handler, body: send(handler, 200, rows)) as there:
        assert Server(there.url).embed(["a", "b"]) == [[0.6, 0.8], [0.0, 1.0]]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:1/v1", "http://[::1]:80", "http://127.9.9.9"]
)
def test_this_machine(url: str) -> None:
    assert place_of(url, allow_private=False) is Place.MACHINE


@pytest.mark.parametrize("url", ["http://192.168.1.5:8080", "http://10.0.0.1", "http://[fd00::1]:80"])
def test_the_private_network_has_to_be_allowed(url: str) -> None:
    with pytest.raises(PrivacyError, match="another machine") as caught:
        place_of(url, allow_private=False)
    assert "local.allow-private" in caught.value.hint
    assert place_of(url, allow_private=True) is Place.NETWORK


@pytest.mark.parametrize("url", ["http://8.8.8.8", "http://0.0.0.0:80", "https://[2001:4860:4860::8888]"])
def test_elsewhere_is_refused_whatever_is_allowed(url: str) -> None:
    with pytest.raises(PrivacyError, match="not on this machine"):
        Server(url, allow_private=True)


@pytest.mark.parametrize("url", ["ftp://localhost", "localhost:8080", "", "http://", "http://me:secret@localhost"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ProviderError) as caught:
        place_of(url, allow_private=True)
    assert "secret" not in caught.value.message
