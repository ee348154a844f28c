"""The cloud provider: Anthropic's Messages API through its own library. The only module that imports it.

Retries are ours: the library would wait as long as the other side asks for, without a bound.
"""

import importlib
import importlib.util
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from qeforge.domain.provider import Completion, Description, Finish, Listener, Place, Prompt, Usage
from qeforge.errors import PrivacyError, ProviderError
from qeforge.providers.batches import Batch
from qeforge.providers.failures import Refusal, failure, one_line
from qeforge.providers.key import Key
from qeforge.providers.messages import Reply, body, estimate, finish_of, usage_of
from qeforge.providers.prices import known
from qeforge.providers.pump import Pump

ADDRESS = "https://api.anthropic.com"
URL_VARIABLES = ("QEFORGE_CLOUD_URL", "ANTHROPIC_BASE_URL")

_LIBRARY = "anthropic"
_CONTEXT = 200_000  # of a model that we know nothing about
_LARGEST = 30_000_000  # bytes; the API takes 32 MB
_CONNECT = 10.0
_SILENCE = 60.0
_BEAT = 0.25
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0


class Cloud:
    """A model on Anthropic's machines. Threads may use it at once.

    Args:
        model: as the API takes it.
        key: who pays.
        url: of the API; None for the first variable of `URL_VARIABLES` that is set, else Anthropic's own. Encrypted,
            or on this machine.
        seconds: for one question, everything included: waiting for a place, retries, pauses between them.
        at_once: questions on their way at the same time; more wait.
        retries: of a question that failed in passing, as long as nothing of its answer was heard.
    """

    def __init__(
        self,
        model: str,
        *,
        key: Key,
        url: str | None = None,
        seconds: float = 120.0,
        at_once: int = 4,
        retries: int = 3,
    ) -> None:
        if importlib.util.find_spec(_LIBRARY) is None:
            raise ProviderError(
                "asking a cloud model needs the package anthropic",
                hint="pip install 'qeforge[cloud]'",
                slug="missing-extra",
            )
        facts = known(model)
        self._model = model
        self._key = key
        self._url = _address(url)
        self._context = facts.context if facts else _CONTEXT
        self._seconds = seconds
        self._retries = retries
        self._places = threading.BoundedSemaphore(at_once)
        self._opening = threading.Lock()
        self._ending = threading.Event()
        self._opened: Any = None

    def __repr__(self) -> str:
        return f"Cloud({self._model!r})"

    def describe(self) -> Description:
        """What it is."""
        return Description(
            name="anthropic",
            model=self._model,
            place=Place.CLOUD,
            context=self._context,
            detail=urlsplit(self._url).hostname or "",
        )

    def count_tokens(self, text: str) -> int:
        """An estimate, not too low: only the other side knows, and asking it would send the text."""
        return estimate(text)

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        """The answer.

        The listener hears an empty piece now and then while nothing comes, so that it can end the waiting. An answer
        that is still coming when time is up ends as cancelled. Where we end an answer, its tokens are estimated.
        """
        began = time.monotonic()
        until = began + self._seconds
        hears = listener or (lambda piece: True)
        request = self._request(prompt)
        completion = self._in_turn(until, hears, lambda: self._patiently(prompt, request, until, hears))
        return replace(completion, seconds=time.monotonic() - began)

    def complete_batch(self, prompts: Sequence[Prompt], *, seconds: float) -> list[Completion | ProviderError]:
        """Answers in the order of the prompts, at half the price, whenever the other side has time: minutes to hours.

        A prompt without an answer has its error in its place. After `seconds` the batch is cancelled, and what was
        answered until then is returned.

        Raises:
            ProviderError: the batch as a whole failed.
        """
        requests = [self._request(prompt) for prompt in prompts]
        batch = Batch(self._client().messages.batches, model=self._model, wait=self._ending.wait, guard=self._guarded)
        return batch.run(prompts, requests, seconds=seconds)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Not offered by the API."""
        raise ProviderError(f"{self._model} makes no embeddings", hint="use a local model for them", slug="no-embeddings")

    def close(self) -> None:
        """Ends what is on its way and closes the connections."""
        self._ending.set()
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    # -- asking -----------------------------------------------------------------------------------------------------

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        request = body(prompt, self._model)
        size = len(prompt.text.encode(errors="replace"))
        if size > _LARGEST:
            raise ProviderError(f"{self._model}: the prompt has {size:,} bytes, more than the API takes", slug="too-large")
        tokens = estimate(prompt.text) + request["max_tokens"]
        if tokens > self._context:
            raise ProviderError(
                f"{self._model}: the prompt needs about {tokens:,} tokens of {self._context:,}", slug="context"
            )
        return request

    def _in_turn(self, until: float, hears: Listener, ask: Callable[[], Completion]) -> Completion:
        while not self._places.acquire(timeout=max(0.0, min(_BEAT, until - time.monotonic()))):
            if self._ending.is_set() or not hears(""):
                return self._cancelled("", Usage())
            if time.monotonic() >= until:
                raise self._too_slow()
        try:
            return ask()
        finally:
            self._places.release()

    def _patiently(self, prompt: Prompt, request: dict[str, Any], until: float, hears: Listener) -> Completion:
        """The answer of one of a few attempts."""
        pause = _FIRST_PAUSE
        for left in range(self._retries, -1, -1):
            reply = Reply(prompt)
            try:
                return self._attempt(reply, request, until, hears)
            except ProviderError as problem:
                rest = problem.retry_after if problem.retry_after is not None else pause * random.uniform(0.75, 1.0)
                hopeless = not problem.transient or left == 0 or time.monotonic() + rest >= until
                if hopeless or reply.text or problem.slug == "timeout":
                    raise
            if not self._rested(rest, hears):
                return self._cancelled("", Usage())
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise AssertionError("the last attempt returns or raises")

    def _rested(self, seconds: float, hears: Listener) -> bool:
        """Waits; False when the waiting was ended."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._ending.wait(min(_BEAT, left)) or not hears(""):
                return False
        return True

    def _attempt(self, reply: Reply, request: dict[str, Any], until: float, hears: Listener) -> Completion:
        responses: list[Any] = []

        def events(stopped: threading.Event) -> Iterator[Any]:
            with self._client().messages.create(**request, stream=True, timeout=self._limits(until)) as stream:
                responses.append(stream.response)
                if not stopped.is_set():
                    yield from stream

        pump = Pump(events, wake=lambda: _hang_up(responses))
        counted: dict[str, int | None] = {}
        reason = None
        try:
            while True:
                try:
                    with self._translated(bool(responses)):
                        event = pump.next(min(_BEAT, until - time.monotonic()))
                except TimeoutError:
                    if self._ending.is_set() or not hears(""):
                        return self._cancelled(reply.text, self._usage(counted, reply.text))
                    if time.monotonic() < until:
                        continue
                    if not reply.text:
                        raise self._too_slow() from None
                    return self._cancelled(reply.text, self._usage(counted, reply.text))
                match event.type if event is not None else "":
                    case "":
                        raise ProviderError(f"{self._model}: the answer was cut off", slug="cut", transient=True)
                    case "message_start":
                        counted.update(event.message.usage.model_dump())
                    case "content_block_delta" if event.delta.type == "text_delta":
                        heard = reply.feed(event.delta.text)
                        if heard and not hears(heard):
                            return self._cancelled(reply.text, self._usage(counted, reply.text))
                        if reply.stopped:
                            usage = self._usage(counted, reply.text)
                            return self._answered(reply.text, Finish.STOP, usage)
                    case "message_delta":
                        reason = event.delta.stop_reason
                        counted.update({name: n for name, n in event.usage.model_dump().items() if n is not None})
                    case "message_stop":
                        rest = reply.finish()
                        if rest:
                            hears(rest)
                        return self._answered(reply.text, finish_of(reason), usage_of(counted))
        finally:
            pump.stop()
