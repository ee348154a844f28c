import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from qeforge.domain.provider import Completion, Finish, Prompt, Stopped, Usage
from qeforge.errors import ProviderError
from qeforge.providers.batches import Batch
from qeforge.providers.cloud import Cloud
from qeforge.providers.key import Key
from tests.providers.messages_server import MODEL, USAGE, message
from tests.providers.test_cloud import asked

T = TypeVar("T")
PROMPTS = [Prompt(system="You test.", shared="module", ask=f"question {number}") for number in range(5)]

pytest.importorskip("anthropic", reason="the package anthropic is not installed")


def error(kind: str) -> dict[str, Any]:
    return {"type": "errored", "error": {"type": "error", "error": {"type": kind, "message": "no"}}}


RESULTS: list[dict[str, Any]] = [
    {"type": "succeeded", "message": message("add(1)\n")},
    error("invalid_request_error"),
    {"type": "succeeded", "message": message("", output=1)},
    {"type": "expired"},
]


def test_answers_come_in_the_order_of_the_prompts_and_failures_in_their_place() -> None:
    with asked() as (cloud, server):
        server.looks, server.results = 1, RESULTS
        answers = cloud.complete_batch(PROMPTS, seconds=20)
    first = answers[0]
    assert first == Completion(
        text="add(1)\n", model="claude-haiku-5-5", finish=Finish.STOP, usage=Usage(input=12, output=9)
    )
    assert [answer.slug for answer in answers[1:] if isinstance(answer, ProviderError)] == [
        "provider",
        "empty",
        "timeout",
        "timeout",
    ]
    sent = server.requests[0].body["requests"]
    assert [item["custom_id"] for item in sent] == ["0", "1", "2", "3", "4"]
    assert sent[0]["params"]["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}
    assert "stream" not in sent[0]["params"]


def test_a_batch_that_takes_too_long_is_cancelled_and_what_is_there_is_read() -> None:
    with asked() as (cloud, server):
        server.looks, server.results = 2, RESULTS
        began = time.monotonic()
        answers = cloud.complete_batch(PROMPTS[:1], seconds=2.0)
        assert time.monotonic() - began < 5.0
        assert server.cancelled
    assert isinstance(answers[0], Completion)


def test_a_batch_that_never_ends_is_left() -> None:
    with asked() as (cloud, server):
        server.looks = 1000
        began = time.monotonic()
        answers = cloud.complete_batch(PROMPTS[:2], seconds=1.0)
        assert time.monotonic() - began < 4.0
        assert server.cancelled
    assert [answer.slug for answer in answers if isinstance(answer, ProviderError)] == ["timeout", "timeout"]


def test_a_prompt_that_cannot_be_sent_does_not_take_the_others_along() -> None:
    huge = Prompt(system="s", shared="x = 1\n" * 700_000, ask="a")
    with asked() as (cloud, server):
        server.results = RESULTS[:1]
        first, second = cloud.complete_batch([huge, PROMPTS[0]], seconds=20)
        assert len(server.requests[0].body["requests"]) == 1
    assert isinstance(first, ProviderError)
    assert first.slug == "context"
    assert isinstance(second, Completion)


def test_a_batch_without_prompts_asks_nobody() -> None:
    with asked() as (cloud, server):
        assert cloud.complete_batch([], seconds=1.0) == []
        assert server.requests == []


def test_ctrl_c_cancels_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    with asked() as (cloud, server):
        server.looks = 1000
        monkeypatch.setattr(cloud, "_ending", Interrupted())
        with pytest.raises(KeyboardInterrupt):
            cloud.complete_batch(PROMPTS[:1], seconds=20)
        assert server.cancelled


def test_ctrl_c_tells_what_was_answered_by_then(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = Prompt(system="s", shared="x = 1\n" * 700_000, ask="a")
    with asked() as (cloud, server):
        server.looks, server.results = 1, [RESULTS[0], {"type": "canceled"}]
        monkeypatch.setattr(cloud, "_ending", Interrupted(times=1))
        with pytest.raises(Stopped) as caught:
            cloud.complete_batch([huge, *PROMPTS[:2]], seconds=20)
        assert server.cancelled
    assert caught.value.over
    unsent, answered, cancelled = caught.value.told
    assert isinstance(answered, Completion)
    assert answered.usage == Usage(input=12, output=9)
    assert [one.slug for one in (unsent, cancelled) if isinstance(one, ProviderError)] == ["context", "timeout"]


class Interrupted(threading.Event):
    """Ctrl-C, while somebody waits."""

    def __init__(self, times: int = 100) -> None:
        super().__init__()
        self._times = times

    def wait(self, timeout: float | None = None) -> bool:
        self._times -= 1
        if self._times >= 0:
            raise KeyboardInterrupt
        return super().wait(timeout)


class Interrupting:
    """Batches of the other side, and a guard under which each request gets there; Ctrl-C comes while the answers of
    those that are named are waited for."""

    def __init__(self, *interrupted: str) -> None:
        self.interrupted = list(interrupted)
        self.called: list[str] = []

    def create(self, requests: object) -> SimpleNamespace:
        return self._called("create", SimpleNamespace(id="msgbatch_1"))

    def retrieve(self, batch: str) -> SimpleNamespace:
        return self._called("retrieve", SimpleNamespace(processing_status="ended"))

    def cancel(self, batch: str) -> SimpleNamespace:
        return self._called("cancel", SimpleNamespace())

    def results(self, batch: str) -> list[SimpleNamespace]:
        usage = SimpleNamespace(model_dump=lambda: {**USAGE, "output_tokens": 9})
        content = [SimpleNamespace(type="text", text="add(1)\n")]
        said = SimpleNamespace(content=content, stop_reason="end_turn", usage=usage)
        return self._called(
            "results", [SimpleNamespace(custom_id="0", result=SimpleNamespace(type="succeeded", message=said))]
        )

    def guard(self, call: Callable[[], T], *, until: float, once: bool = False) -> T:
        given = call()
        if self.interrupted[:1] == self.called[-1:]:
            del self.interrupted[0]
            raise KeyboardInterrupt
        return given

    def run(self) -> None:
        batch = Batch(api=self, model=MODEL, rest=lambda seconds: False, guard=self.guard)
        batch.run(PROMPTS[:1], [{}], seconds=20)

    def _called(self, name: str, given: T) -> T:
        self.called.append(name)
        return given


def test_ctrl_c_while_results_are_read_still_tells_what_is_paid() -> None:
    api = Interrupting("results")
    with pytest.raises(Stopped) as caught:
        api.run()
    (answer,) = caught.value.told
    assert isinstance(answer, Completion)
    assert answer.usage == Usage(input=12, output=9)
    assert caught.value.over
    assert "cancel" not in api.called


@pytest.mark.parametrize(("interrupted", "over"), [
    (("retrieve", "retrieve"), True),
    (("retrieve", "cancel"), False),
])  # fmt: skip
def test_a_second_ctrl_c_claims_a_cancellation_only_where_it_was_taken(
    interrupted: tuple[str, ...], over: bool
) -> None:
    api = Interrupting(*interrupted)
    with pytest.raises(Stopped) as caught:
        api.run()
    assert [type(one) for one in caught.value.told] == [ProviderError]
    assert caught.value.over is over


def test_ctrl_c_while_a_batch_is_handed_in_claims_nothing() -> None:
    api = Interrupting("create")
    with pytest.raises(KeyboardInterrupt) as caught:
        api.run()
    assert not isinstance(caught.value, Stopped)
    assert api.called == ["create"]


def test_a_batch_that_nobody_takes() -> None:
    cloud = Cloud(MODEL, key=Key("sk-ant-not-a-key"), url="http://127.0.0.1:1", retries=0)
    with pytest.raises(ProviderError) as caught:
        cloud.complete_batch(PROMPTS[:1], seconds=5)
    cloud.close()
    assert caught.value.slug == "network"
