"""The cloud provider: Anthropic's Messages API through its own library. The only module that imports it.

Retries are ours: the library would wait as long as the other side asks for, without a bound.
"""

import importlib
import importlib.util
import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from qeforge.config.surroundings import withheld
from qeforge.domain.provider import Completion, Description, Finish, Listener, Place, Prompt, Stopped, Usage
from qeforge.errors import PrivacyError, ProviderError
from qeforge.providers import guard
from qeforge.providers.batches import Batch
from qeforge.providers.failures import Refusal, failure, one_line
from qeforge.providers.key import Key
from qeforge.providers.messages import Reply, body, estimate
from qeforge.providers.prices import known
from qeforge.providers.pump import BEAT, Pump, hang_up
from qeforge.providers.streaming import Chunk, Hearing, chunks

T = TypeVar("T")

ADDRESS = "https://api.anthropic.com"
URL_VARIABLE = "ANTHROPIC_BASE_URL"

_LIBRARY = "anthropic"
_CONTEXT = 200_000  # tokens, of a model that we know nothing about
_LARGEST = 30_000_000  # bytes; the API takes 32 MB
_CONNECT = 10.0
_SILENCE = 60.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0


class Cloud:
    """A model on Anthropic's machines. Threads may use it at once.

    Args:
        model: as the API takes it.
        key: who pays.
        url: of the API; None for what `URL_VARIABLE` names, else Anthropic's own. Encrypted, or on this machine.
        seconds: for one question, everything included: waiting for a place, retries, pauses between them.
        at_once: questions on their way at the same time; more wait.
        retries: of a question that failed in passing, as long as nothing of its answer was heard.

    Raises:
        ProviderError: the library is not installed.
        PrivacyError: the address is not encrypted.
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
        self._at_once = at_once
        self._opening = threading.Lock()
        self._ending = threading.Event()
        self._opened: Any = None

    def __repr__(self) -> str:
        return f"Cloud({self._model!r})"

    def describe(self) -> Description:
        """What it is."""
        where = urlsplit(self._url).hostname or ""
        return Description(name="anthropic", model=self._model, place=Place.CLOUD, context=self._context, detail=where)

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
        hears = listener or _wants_more
        request = self._request(prompt)
        if self._has_place(until, hears):
            try:
                completion = self._patiently(prompt, request, until, hears)
            finally:
                self._places.release()
        else:
            completion = self._unheard()
        return replace(completion, seconds=time.monotonic() - began)

    def complete_batch(self, prompts: Sequence[Prompt], *, seconds: float) -> list[Completion | ProviderError]:
        """Answers in the order of the prompts, at half the price, whenever the other side has time: minutes to hours.

        A prompt without an answer has its error in its place. When `seconds` are over, the batch is cancelled, and what
        was answered until then is returned.

        Raises:
            ProviderError: the batch as a whole failed.
            Stopped: Ctrl-C after the batch was taken; it was cancelled, if that could be done.
            KeyboardInterrupt: Ctrl-C before that is known; it may run all the same.
        """
        answers: dict[int, Completion | ProviderError] = {}
        requests: dict[int, dict[str, Any]] = {}
        for number, prompt in enumerate(prompts):
            try:
                requests[number] = self._request(prompt)
            except ProviderError as problem:
                answers[number] = problem
        api = self._client().messages.batches
        batch = Batch(api=api, model=self._model, rest=self._ending.wait, guard=self._bounded)
        try:
            told = batch.run([prompts[number] for number in requests], list(requests.values()), seconds=seconds)
        except Stopped as stop:
            answers.update(zip(requests, stop.told, strict=True))
            raise Stopped([answers[number] for number in range(len(prompts))], over=stop.over) from None
        answers.update(zip(requests, told, strict=True))
        return [answers[number] for number in range(len(prompts))]

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Not offered by the API."""
        raise ProviderError(
            f"{self._model} makes no embeddings", hint="use a local model for them", slug="no-embeddings"
        )

    def close(self) -> None:
        """Ends what is on its way and closes the connections."""
        if self._ending.is_set():
            return
        self._ending.set()
        until = time.monotonic() + 4 * BEAT
        # Whoever is asking notices at the next beat and hangs up, and only then we close.
        free = sum(self._places.acquire(timeout=max(0.0, until - time.monotonic())) for _ in range(self._at_once))
        if free:
            self._places.release(free)
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    # -- asking -----------------------------------------------------------------------------------------------------

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        request = body(prompt, self._model)
        size = len(prompt.text.encode(errors="replace"))
        if size > _LARGEST:
            raise ProviderError(
                f"{self._model}: a prompt of {size:,} bytes is more than the API takes", slug="too-large"
            )
        tokens = estimate(prompt.text) + request["max_tokens"]
        if tokens > self._context:
            raise ProviderError(
                f"{self._model}: the prompt needs about {tokens:,} tokens of {self._context:,}", slug="context"
            )
        return request

    def _has_place(self, until: float, hears: Listener) -> bool:
        """Waits for a place among the questions on their way; False when the waiting was ended."""
        while not self._places.acquire(timeout=max(0.0, min(BEAT, until - time.monotonic()))):
            if self._ending.is_set() or not hears(""):
                return False
            if time.monotonic() >= until:
                raise ProviderError(f"{self._model}: other questions took too long", slug="timeout", transient=True)
        return True

    def _patiently(self, prompt: Prompt, request: dict[str, Any], until: float, hears: Listener) -> Completion:
        """The answer of one of a few attempts."""
        attempt, before = 0, Usage()
        while True:
            reply = Reply(prompt)
            try:
                completion = self._attempt(reply, request, until, hears)
                return replace(completion, usage=before + completion.usage)
            except ProviderError as problem:
                before += Usage(**problem.spent)
                problem.spent = asdict(before)
                if reply.text or attempt == self._retries:
                    raise
                seconds = self._pause(problem, attempt, until)
            if not self._rested(seconds, hears):
                return replace(self._unheard(), usage=before)
            attempt += 1

    def _attempt(self, reply: Reply, request: dict[str, Any], until: float, hears: Listener) -> Completion:
        responses: list[Any] = []

        def pieces(stopped: threading.Event) -> Iterator[Chunk]:
            limits = self._limits(until)
            with self._client().messages.create(**request, stream=True, timeout=limits) as stream:
                responses.append(stream.response)
                if not stopped.is_set():
                    yield from chunks(stream)

        pump = Pump(pieces, translate=self._translated, wake=lambda: hang_up(_sockets(responses)))
        try:
            hearing = Hearing(model=self._model, reply=reply, hears=hears, until=until, ending=self._ending)
            return hearing.listen(pump)
        finally:
            pump.stop()

    def _bounded(self, call: Callable[[], T], *, until: float, once: bool = False) -> T:
        """One request that is no stream, with its retries; without them when it may happen only `once`."""
        attempt = self._retries if once else 0
        while True:
            pump = Pump(lambda stopped: iter([call()]), translate=self._translated, wake=lambda: None)
            try:
                given = pump.next(until - time.monotonic())
                if given is None:
                    raise ProviderError(f"{self._model}: the service answered nothing", slug="empty")
                return given
            except TimeoutError:
                raise ProviderError(f"{self._model}: no answer in time", slug="timeout", transient=True) from None
            except ProviderError as problem:
                if attempt == self._retries:
                    raise
                seconds = self._pause(problem, attempt, until)
            if not self._rested(seconds, _wants_more):
                raise ProviderError(f"{self._model}: closed", slug="cancelled")
            attempt += 1

    def _pause(self, problem: ProviderError, attempt: int, until: float) -> float:
        """Seconds before the next attempt; the problem itself is raised where there is to be none."""
        seconds = problem.retry_after
        if seconds is None:
            seconds = min(_FIRST_PAUSE * 2.0**attempt, _LONGEST_PAUSE) * random.uniform(0.75, 1.0)
        if not problem.transient or time.monotonic() + seconds >= until:
            raise problem
        return seconds

    def _rested(self, seconds: float, hears: Listener) -> bool:
        """Waits; False when the waiting was ended."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._ending.wait(min(BEAT, left)) or not hears(""):
                return False
        return True

    def _unheard(self) -> Completion:
        return Completion(text="", model=self._model, finish=Finish.CANCELLED)

    # -- the library ------------------------------------------------------------------------------------------------

    def _client(self) -> Any:
        with self._opening:
            if self._ending.is_set():
                raise ProviderError(f"{self._model}: closed", slug="cancelled")
            if self._opened is None:
                guard.permit(self._url, proxies=True)
                library = importlib.import_module(_LIBRARY)
                self._opened = library.Anthropic(
                    api_key=self._key.reveal(),
                    base_url=self._url,
                    max_retries=0,
                    open_telemetry=False,
                    # A redirect would take the code to a machine that nobody chose.
                    http_client=library.DefaultHttpxClient(follow_redirects=False),
                )
            return self._opened

    def _limits(self, until: float) -> Any:
        left = max(0.1, until - time.monotonic())
        silence = min(_SILENCE, left)
        timeout = importlib.import_module(_LIBRARY).Timeout
        return timeout(connect=min(_CONNECT, left), read=silence, write=silence, pool=silence)

    def _translated(self, raised: Exception) -> Exception:
        """What the library raised, as ours and without the key; what is no trouble of theirs stays as it is."""
        library = importlib.import_module(_LIBRARY)
        if (refused := guard.refusal_in(raised)) is not None:
            return refused
        if isinstance(raised, library.APIStatusError):
            refusal = Refusal(
                status=raised.status_code,
                kind=raised.type or "",
                code=raised.error_code or "",
                message=self._key.scrub(raised.api_message or raised.message),
                headers={name.lower(): value for name, value in raised.response.headers.items()},
            )
            return failure(refusal, self._model)
        said = self._key.scrub(one_line(str(raised.__cause__ or raised)))
        ancestors = {kind.__name__ for kind in type(raised).__mro__}
        if isinstance(raised, library.APITimeoutError) or "TimeoutException" in ancestors:
            return ProviderError(f"{self._model}: the service is silent", slug="timeout", transient=True)
        if isinstance(raised, library.APIConnectionError):
            return ProviderError(
                f"{self._model}: no connection: {said}", hint="check the network", slug="network", transient=True
            )
        broken = isinstance(raised, json.JSONDecodeError | UnicodeDecodeError)
        if broken or "HTTPError" in ancestors or "StreamError" in ancestors:
            return ProviderError(f"{self._model}: the answer was cut off: {said}", slug="cut", transient=True)
        if isinstance(raised, library.AnthropicError):
            return ProviderError(f"{self._model}: {said}")
        return raised


def _wants_more(piece: str) -> bool:
    return True


def _address(given: str | None) -> str:
    """Where the API is: encrypted, or on this machine."""
    told = os.environ.get(URL_VARIABLE) or withheld().get(URL_VARIABLE, "")  # with a password in it, it is a secret
    url = given or told.strip() or ADDRESS
    parts = urlsplit(url)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise PrivacyError(
            f"{parts.scheme}://{parts.hostname or ''}: code and key would go over the network unencrypted",
            hint=f"use an https address in {URL_VARIABLE}",
        )
    return url


def _sockets(responses: Sequence[Any]) -> Iterator[socket.socket]:
    for response in responses:
        if response.is_closed:
            continue  # its connection may serve somebody else by now
        stream = response.extensions.get("network_stream")
        connection = stream.get_extra_info("socket") if stream is not None else None
        if connection is not None:
            yield connection
