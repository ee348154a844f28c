import logging
import os
import pickle
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from qeforge.config import surroundings
from qeforge.domain.provider import Finish, Prompt, Usage
from qeforge.errors import PrivacyError, ProviderError
from qeforge.providers.cloud import Cloud
from qeforge.providers.key import Key
from tests.providers.messages_server import MODEL, Fails, MessagesServer, Says, Silent

SECRET = "sk-ant-api03-THIS-IS-NOT-A-REAL-KEY"
PROMPT = Prompt(system="You test.", shared="def add(a, b): ...", ask="Calls of add.", stop=("```", "\n\n\n"))

pytest.importorskip("anthropic", reason="the package anthropic is not installed")


@contextmanager
def asked(*script: Says | Fails | Silent, **options: object) -> Iterator[tuple[Cloud, MessagesServer]]:
    with MessagesServer(*script).running() as server:
        cloud = Cloud(MODEL, key=Key(SECRET), url=server.url, **options)  # type: ignore[arg-type]
        try:
            yield cloud, server
        finally:
            cloud.close()


def failing(cloud: Cloud) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        cloud.complete(PROMPT)
    return caught.value


def test_an_answer_is_heard_as_it_comes() -> None:
    heard: list[str] = []

    def hears(piece: str) -> bool:
        heard.append(piece)
        return True

    with asked(Says(thinks=True)) as (cloud, _):
        reply = cloud.complete(PROMPT, hears)
    assert "".join(heard) == reply.text == "add(1, 2)\nadd(0, 0)\n"
    assert len([piece for piece in heard if piece]) > 1
    assert (reply.finish, reply.model) == (Finish.STOP, MODEL)
    assert reply.usage == Usage(input=12, output=9)
    assert reply.seconds > 0


def test_what_questions_share_is_cached_and_counted() -> None:
    usage = {"input_tokens": 5, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 200}
    with asked(Says(usage=usage)) as (cloud, server):
        reply = cloud.complete(PROMPT)
    body = server.requests[0].body
    shared, ask = body["messages"][0]["content"]
    assert shared == {"type": "text", "text": PROMPT.shared, "cache_control": {"type": "ephemeral"}}
    assert ask == {"type": "text", "text": PROMPT.ask}
    assert body["system"] == [{"type": "text", "text": PROMPT.system}]
    assert reply.usage == Usage(input=235, output=9, cached=200, written=30)


def test_only_the_prompt_is_sent_and_the_key_only_in_its_header() -> None:
    with asked() as (cloud, server):
        cloud.complete(PROMPT)
    request = server.requests[0]
    assert set(request.body) == {"model", "max_tokens", "messages", "system", "stop_sequences", "stream", "thinking"}
    assert SECRET not in str(request.body)
    assert [name for name, value in request.headers.items() if SECRET in value] in (["authorization"], ["x-api-key"])
    assert "traceparent" not in request.headers


@pytest.mark.parametrize(
    ("fault", "slug", "transient"),
    [
        (Fails(status=400, kind="invalid_request_error", message="bad"), "provider", False),
        (Fails(status=400, kind="invalid_request_error", message="prompt is too long: 9 > 8"), "context", False),
        (Fails(status=400, kind="invalid_request_error", message="Your credit balance is too low"), "no-credit", False),
        (Fails(status=400, kind="invalid_request_error", code="enforced_spend_limit_reached"), "no-credit", False),
        (Fails(status=401, kind="authentication_error", message=f"bad key {SECRET}"), "wrong-key", False),
        (Fails(status=402, kind="billing_error"), "no-credit", False),
        (Fails(status=403, kind="permission_error", message="credit balance"), "no-credit", False),
        (Fails(status=403, kind="permission_error", message=f"not for {SECRET}"), "wrong-key", False),
        (Fails(status=404, kind="not_found_error"), "provider", False),
        (Fails(status=413, kind="request_too_large"), "too-large", False),
        (Fails(status=429, kind="rate_limit_error"), "rate-limit", True),
        (Fails(status=500, kind="api_error"), "overloaded", True),
        (Fails(status=529, kind="overloaded_error"), "overloaded", True),
        (Fails(status=529, kind="overloaded_error", headers={"x-should-retry": "false"}), "overloaded", False),
        (Fails(status=307, kind="", headers={"location": "http://127.0.0.1:9/v1/messages"}), "network", False),
    ],
)
def test_a_fault_is_one_clear_line(fault: Fails, slug: str, transient: bool) -> None:
    with asked(fault, retries=0) as (cloud, server):
        problem = failing(cloud)
    assert (problem.slug, problem.transient) == (slug, transient)
    assert "\n" not in problem.message
    assert SECRET not in repr(problem) + problem.message + problem.hint
    assert problem.__cause__ is None
    assert problem.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(problem))
    assert len(server.requests) == 1
    assert str(pickle.loads(pickle.dumps(problem))) == problem.message


def test_what_passes_is_tried_again_after_the_time_that_was_asked_for() -> None:
    limit = Fails(status=429, kind="rate_limit_error", headers={"retry-after-ms": "300"})
    began = time.monotonic()
    with asked(limit, Fails(status=529, kind="overloaded_error", headers={"retry-after": "0"})) as (cloud, server):
        assert cloud.complete(PROMPT).text
        assert len(server.requests) == 3
    assert time.monotonic() - began >= 0.3


def test_nobody_waits_longer_than_there_is_time() -> None:
    limit = Fails(status=429, kind="rate_limit_error", headers={"retry-after": "3600"})
    began = time.monotonic()
    with asked(limit, seconds=2.0) as (cloud, _):
        problem = failing(cloud)
    assert (problem.slug, problem.transient, problem.retry_after) == ("rate-limit", True, 3600.0)
    assert time.monotonic() - began < 2.0


def test_what_does_not_pass_is_not_tried_again() -> None:
    with asked(Fails(status=401, kind="authentication_error")) as (cloud, server):
        failing(cloud)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("fault", "slug"),
    [
        (Says(cut=True), "cut"),
        (Says(garbage="{not json"), "cut"),
        (Says(garbage='{"type": "content_block_delta", "index": 0, "delta": null}'), "cut"),
        (Says(garbage='{"type": "content_block_delta", "delta": {"type": "text_delta", "text": 7}}'), "cut"),
        (Says(garbage='{"type": "message_delta", "delta": {}, "usage": null}'), "cut"),
        (Says(fails="overloaded_error"), "overloaded"),
        (Says(pieces=()), "empty"),
        (Says(pieces=(" \n",), reason="max_tokens"), "empty"),
    ],
)
def test_an_answer_that_is_none(fault: Says, slug: str) -> None:
    with asked(fault) as (cloud, server):
        problem = failing(cloud)
        assert len(server.requests) == 1
    assert problem.slug == slug


def test_an_answer_that_is_cut_before_it_began_is_asked_for_again() -> None:
    with asked(Says(pieces=(), cut=True), Fails(status=500)) as (cloud, server):
        assert cloud.complete(PROMPT).text
        assert len(server.requests) == 3


def test_what_answers_without_use_took_is_not_forgotten() -> None:
    with asked(Says(pieces=(), reason="max_tokens", output=900)) as (cloud, _):
        assert Usage(**failing(cloud).spent) == Usage(input=12, output=900)
    with asked(Says(pieces=(), cut=True), Says(output=3)) as (cloud, _):
        assert cloud.complete(PROMPT).usage.input == 24


def test_a_refusal_is_an_answer_that_cost_something() -> None:
    with asked(Says(pieces=(), reason="refusal", output=3)) as (cloud, _):
        reply = cloud.complete(PROMPT)
    assert (reply.finish, reply.text, reply.usage) == (Finish.REFUSED, "", Usage(input=12, output=3))


def test_an_answer_that_is_too_long_says_so() -> None:
    with asked(Says(reason="max_tokens")) as (cloud, _):
        assert cloud.complete(PROMPT).finish is Finish.LENGTH


@pytest.mark.parametrize("turn", [Silent(), Says(pieces=(), hangs=True)])
def test_silence_is_bounded(turn: Says | Silent) -> None:
    began = time.monotonic()
    with asked(turn, seconds=0.8) as (cloud, _):
        problem = failing(cloud)
    assert (problem.slug, problem.transient) == ("timeout", True)
    assert time.monotonic() - began < 2.5


def test_what_came_until_time_was_up_is_kept() -> None:
    with asked(Says(pieces=("add(1, 2)\n",), hangs=True), seconds=0.8) as (cloud, _):
        reply = cloud.complete(PROMPT)
    assert (reply.finish, reply.text) == (Finish.CANCELLED, "add(1, 2)\n")
    assert reply.usage.output >= 5
    assert reply.usage.input == 12


def test_the_listener_ends_an_answer() -> None:
    with asked(Says(pieces=("a\n", "b\n"), hangs=True)) as (cloud, _):
        reply = cloud.complete(PROMPT, lambda piece: "b" not in piece)
    assert (reply.finish, reply.text) == (Finish.CANCELLED, "a\nb\n")


@pytest.mark.parametrize("turn", [Silent(), Fails(status=429, kind="rate_limit_error", headers={"retry-after": "60"})])
def test_the_listener_ends_the_waiting(turn: Fails | Silent) -> None:
    began = time.monotonic()
    with asked(turn) as (cloud, _):
        reply = cloud.complete(PROMPT, lambda piece: time.monotonic() - began < 0.4)
    assert (reply.finish, reply.text) == (Finish.CANCELLED, "")
    assert time.monotonic() - began < 2.0


def test_closing_ends_what_is_on_its_way() -> None:
    with asked(Silent()) as (cloud, server):
        threading.Timer(0.3, cloud.close).start()
        began = time.monotonic()
        assert cloud.complete(PROMPT).finish is Finish.CANCELLED
        assert time.monotonic() - began < 2.0
        cloud.close()
        assert failing(cloud).slug == "cancelled"
        assert len(server.requests) == 1


def test_a_stop_text_ends_an_answer_wherever_it_is_cut() -> None:
    with asked(Says(pieces=("add(1)\n\n", "\nNow", " prose"))) as (cloud, server):
        reply = cloud.complete(PROMPT)
    assert (reply.text, reply.finish) == ("add(1)", Finish.STOP)
    assert server.requests[0].body["stop_sequences"] == ["```"]


def test_one_connection_serves_one_question_after_the_other() -> None:
    with asked(Says(), Says(), Says()) as (cloud, server):
        assert [cloud.complete(PROMPT).finish for _ in range(3)] == [Finish.STOP] * 3
        assert server.opened == 1


def test_questions_on_their_way_are_bounded() -> None:
    turns = [Says(pause=0.2) for _ in range(6)]
    with asked(*turns, at_once=2) as (cloud, server):
        threads = [threading.Thread(target=cloud.complete, args=(PROMPT,)) for _ in turns]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == 6
        assert server.most_at_once == 2


def test_a_place_is_not_waited_for_without_end() -> None:
    with asked(Silent(), at_once=1, seconds=1.0) as (cloud, _):
        first = threading.Thread(target=failing, args=(cloud,))
        first.start()
        time.sleep(0.6)
        reply = cloud.complete(PROMPT, lambda piece: False)
        assert reply.finish is Finish.CANCELLED
        first.join()


def test_nobody_there() -> None:
    cloud = Cloud(MODEL, key=Key(SECRET), url="http://127.0.0.1:1", retries=0)
    problem = failing(cloud)
    cloud.close()
    assert (problem.slug, problem.transient) == ("network", True)


def test_what_the_guard_refuses_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[object] = []

    def refuse(address: object, *rest: object, **more: object) -> None:
        tries.append(address)
        raise PrivacyError("local-only is in force")

    monkeypatch.setattr("socket.create_connection", refuse)
    cloud = Cloud(MODEL, key=Key(SECRET), url="http://127.0.0.1:1")
    problem = failing(cloud)
    cloud.close()
    assert isinstance(problem, PrivacyError)
    assert len(tries) == 1


def test_what_is_no_text_is_sent_as_a_question_mark() -> None:
    with asked() as (cloud, server):
        assert cloud.complete(Prompt(system="s", shared="x = '\ud800'", ask="a")).text
    assert server.requests[0].body["messages"][0]["content"][0]["text"] == "x = '?'"


def test_what_cannot_fit_is_not_sent() -> None:
    with asked() as (cloud, server):
        for size, slug in ((4_000_000, "context"), (31_000_000, "too-large")):
            with pytest.raises(ProviderError) as caught:
                cloud.complete(Prompt(system="s", shared="x = 1\n" * (size // 6), ask="a"))
            assert caught.value.slug == slug
        assert server.requests == []


def test_the_key_is_taken_out_of_what_children_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", f" {SECRET}\n")
    assert Key.take().reveal() == SECRET
    child = [sys.executable, "-I", "-c", "import os; print(dict(os.environ))"]
    assert SECRET not in subprocess.run(child, capture_output=True, text=True, check=True).stdout


def test_the_key_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    key = Key(SECRET)
    with pytest.raises(TypeError):
        pickle.dumps(key)
    caplog.set_level(logging.DEBUG)
    with asked(Fails(status=500), Fails(status=401, message=SECRET)) as (cloud, _):
        failing(cloud)
        assert SECRET not in repr(key) + repr(cloud) + repr(cloud.describe()) + caplog.text
    assert [record for record in caplog.records if record.name.startswith("anthropic")]


@pytest.mark.parametrize(
    ("text", "slug"), [("", "no-key"), ("  ", "no-key"), ("sk-a b", "wrong-key"), ("sk-ü", "wrong-key")]
)
def test_a_key_that_is_none(text: str, slug: str) -> None:
    with pytest.raises(ProviderError) as caught:
        Key.take({"ANTHROPIC_API_KEY": text})
    assert caught.value.slug == slug
    assert text.strip() == "" or text not in caught.value.message


def test_the_address_is_encrypted_or_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Key(SECRET)
    for url in ("http://api.example.com", "http://10.0.0.7:8080", "ftp://127.0.0.1", "api.example.com"):
        with pytest.raises(PrivacyError):
            Cloud(MODEL, key=key, url=url)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gateway.example.com/api")
    assert Cloud(MODEL, key=key).describe().detail == "gateway.example.com"
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://me:word@gateway.example.com/api")
    surroundings.withhold_secrets()
    assert "ANTHROPIC_BASE_URL" not in os.environ
    assert Cloud(MODEL, key=key).describe().detail == "gateway.example.com"
    assert surroundings.reclaim("ANTHROPIC_BASE_URL")
    assert Cloud(MODEL, key=key).describe().detail == "api.anthropic.com"


def test_a_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ProviderError) as caught:
        Cloud(MODEL, key=Key(SECRET))
    assert caught.value.slug == "missing-extra"
    assert "qeforge[cloud]" in caught.value.hint


def test_no_other_credential_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "another-token")
    with asked() as (cloud, server):
        cloud.complete(PROMPT)
    assert "another-token" not in str(server.requests[0].headers)
