"""A model server on this machine that speaks the OpenAI protocol (llama-server, Ollama, vLLM).

The only module that imports `httpx`. Proxies of the environment are not used and redirects are not followed: what is
meant for this machine goes to this machine.
"""

import ipaddress
import json
import socket
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qeforge.domain.provider import Completion, Description, Finish, Listener, Place, Prompt, Usage
from qeforge.errors import PrivacyError, ProviderError
from qeforge.providers import guard
from qeforge.providers.pump import BEAT, Pump, hang_up

if TYPE_CHECKING:
    import httpx

_CONTEXT = 4096
"""Tokens that any of these servers takes; none of them has to tell."""

_CONNECT, _READ, _WHOLE = 3.0, 120.0, 300.0
"""Seconds for a connection, for the next piece of an answer (a long prompt is read before the first), and for all."""

_LOOPBACK_NAMES = ("localhost", "ip6-localhost", "")
_FINISH = {"stop": Finish.STOP, "length": Finish.LENGTH, "content_filter": Finish.REFUSED}


def place_of(url: str, *, allow_private: bool) -> Place:
    """Where an address leads: this machine, or the private network where that is allowed.

    Raises:
        ProviderError: it is no `http` address.
        PrivacyError: it leads elsewhere; `local.url` is for what does not leave the house.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ProviderError(f"local.url: {url!r} is no http address", hint="such as http://127.0.0.1:8080", slug="url")
    if parts.username or parts.password:
        raise ProviderError("local.url: it holds a user name or password", hint="leave them out", slug="url")
    if allow_private:
        guard.permit(url, private=True)
    elif not _is_known(parts.hostname):  # to look it up would tell others that it was asked for
        raise PrivacyError(
            f"local.url: {parts.hostname} may be another machine",
            hint="use an address of this machine; local.allow-private = true permits one of the private network",
        )
    addresses = _addresses(parts.hostname)
    if all(address.is_loopback for address in addresses):
        return Place.MACHINE
    if not all(address.is_private and not address.is_unspecified for address in addresses):
        raise PrivacyError(
            f"local.url: {parts.hostname} is not on this machine or its private network",
            hint="use an address of this machine",
        )
    if not allow_private:
        raise PrivacyError(
            f"local.url: {parts.hostname} is another machine of the private network",
            hint="local.allow-private = true permits it",
        )
    return Place.NETWORK


def _is_known(host: str) -> bool:
    """Whether nobody has to be asked where a host is."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host in _LOOPBACK_NAMES
    return True


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    if host in _LOOPBACK_NAMES:
        return [ipaddress.ip_address("127.0.0.1")]
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    try:
        found = {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, None)}
    except OSError as problem:
        raise ProviderError(f"local.url: {host}: {problem.strerror}", hint="check the name", slug="network") from None
    return [ipaddress.ip_address(text) for text in sorted(found)]


class Server:
    """A provider behind an address.

    Args:
        url: of the server, with or without `/v1`.
        model: as the server calls it; empty for its only one.
        allow_private: whether another machine of the private network may be asked.
        whole: seconds for one answer at most.
        read: seconds for the next piece of it at most.

    Raises:
        PrivacyError: the address leads away from here.
        ProviderError: the address is none, or the extra is not installed.
    """

    def __init__(
        self, url: str, model: str = "", *, allow_private: bool = False, whole: float = _WHOLE, read: float = _READ
    ) -> None:
        self._place = place_of(url, allow_private=allow_private)
        self._url = url.rstrip("/").removesuffix("/v1")
        self._model = model
        self._whole = whole
        module = _httpx()
        timeout = module.Timeout(read, connect=_CONNECT)
        anew = module.Limits(max_keepalive_connections=0)  # so that each question has a socket to hang up on
        self._client: httpx.Client = module.Client(
            timeout=timeout, limits=anew, trust_env=False, follow_redirects=False
        )

    def describe(self) -> Description:
        """What it is."""
        return Description(
            name="server", model=self._model or "server's model", place=self._place, context=_CONTEXT, embeds=True,
            detail=self._url,
        )  # fmt: skip

    def require(self) -> None:
        """Makes sure that something answers at the address.

        Raises:
            ProviderError: nothing does.
        """
        try:
            self._client.get(self._url + "/v1/models", timeout=_CONNECT)
        except _httpx().HTTPError as problem:
            raise self._unreachable(problem) from problem

    def count_tokens(self, text: str) -> int:
        """A careful estimate: three bytes a token."""
        return len(text.encode()) // 3 + 1

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        """The answer, as it comes.

        Raises:
            ProviderError: there is none, or no whole one.
        """
        messages = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": f"{prompt.shared}\n\n{prompt.ask}".strip()},
        ]
        more: dict[str, Any] = {}
        if prompt.prefill:
            messages.append({"role": "assistant", "content": prompt.prefill})
            more = {"add_generation_prompt": False, "continue_final_message": True}  # vLLM wants to be told
        asked = {
            **({"model": self._model} if self._model else {}),
            "messages": messages,
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
            "seed": prompt.seed,
            "stop": list(prompt.stop[:4]),
            "stream": True,
            "stream_options": {"include_usage": True},
            **more,
        }
        began = time.monotonic()
        parts: list[str] = []
        finish, usage, model = None, Usage(), self._model
        sockets: list[socket.socket] = []
        pump = Pump(
            lambda stopped: self._events("/v1/chat/completions", asked, sockets),
            translate=lambda problem: problem,
            wake=lambda: hang_up(sockets),
        )
        try:
            while True:
                heard = ""
                try:
                    event = pump.next(BEAT)
                except TimeoutError:
                    event = {}
                if event is None:
                    break
                model = str(event.get("model") or model)
                usage = _usage(event) or usage
                for choice in event.get("choices") or ():
                    heard = (choice.get("delta") or {}).get("content") or ""
                    if heard:
                        parts.append(heard)
                    finish = _FINISH.get(choice.get("finish_reason") or "", finish)
                unwanted = listener is not None and not listener(heard)
                if unwanted or time.monotonic() - began > self._whole:
                    finish = Finish.CANCELLED
                    break
        finally:
            pump.stop()
        if finish is None:
            raise ProviderError(f"{self._url}: the answer was cut off", slug="cut", transient=True)
        text = "".join(parts)
        if not usage.output:
            usage = Usage(input=self.count_tokens(prompt.text), output=self.count_tokens(text))
        return Completion(
            text=text, model=model or "server", finish=finish, usage=usage, seconds=time.monotonic() - began
        )

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """The server's vectors, at unit length.

        Raises:
            ProviderError: it makes none.
        """
        asked = {**({"model": self._model} if self._model else {}), "input": list(texts)}
        try:
            reply = self._client.post(self._url + "/v1/embeddings", json=asked)
        except _httpx().HTTPError as problem:
            raise self._unreachable(problem) from problem
        if reply.status_code != 200:
            raise self._refused(reply.status_code, reply.text)
        try:
            rows = sorted(reply.json()["data"], key=lambda row: row["index"])
            return [_unit([float(number) for number in row["embedding"]]) for row in rows]
        except (ValueError, KeyError, TypeError) as problem:
            raise ProviderError(f"{self._url}: its embeddings cannot be read", slug="empty") from problem

    def close(self) -> None:
        """Ends its connections."""
        self._client.close()

    # -- parts --------------------------------------------------------------------------------------------------

    def _events(self, path: str, asked: dict[str, Any], sockets: list[socket.socket]) -> Iterator[dict[str, Any]]:
        """The events of a streamed answer; the socket that they come through is put into `sockets`."""

        def connected(name: str, info: dict[str, Any]) -> None:
            if name == "connection.connect_tcp.complete":
                sockets.append(info["return_value"].get_extra_info("socket"))

        try:
            with self._client.stream("POST", self._url + path, json=asked, extensions={"trace": connected}) as reply:
                if reply.status_code != 200:
                    raise self._refused(reply.status_code, reply.read().decode("utf-8", "replace"))
                for line in reply.iter_lines():
                    data = line.removeprefix("data:").strip()
                    if not line.startswith("data:") or data == "[DONE]":
                        continue
                    try:
                        event = json.loads(data)
                    except ValueError:
                        raise ProviderError(
                            f"{self._url}: it does not speak the OpenAI protocol", hint="check local.url", slug="url"
                        ) from None
                    if isinstance(event, dict):
                        if event.get("error"):
                            raise self._refused(500, json.dumps(event))
                        yield event
        except _httpx().HTTPError as problem:
            raise self._unreachable(problem) from problem

    def _unreachable(self, problem: "httpx.HTTPError") -> ProviderError:
        module = _httpx()
        if isinstance(problem, module.ConnectError | module.ConnectTimeout):
            return ProviderError(
                f"{self._url}: nothing answers there", hint="start the server, or set local.url", slug="network"
            )
        if isinstance(problem, module.TimeoutException):
            return ProviderError(f"{self._url}: no answer in time", slug="timeout", transient=True)
        return ProviderError(f"{self._url}: the connection broke", slug="cut", transient=True)

    def _refused(self, status: int, body: str) -> ProviderError:
        said = _message(body)
        where = f"{self._url}: {status}{': ' + said if said else ''}"
        if status in (401, 403):
            return ProviderError(where, hint="the server wants a key; run one that does not", slug="wrong-key")
        if status == 404:
            return ProviderError(where, hint="check local.url and local.model", slug="no-model")
        if status in (400, 413, 422) and "context" in said.lower():
            return ProviderError(where, hint="give the server a larger context", slug="context")
        transient = status == 429 or status >= 500
        return ProviderError(where, slug="overloaded" if transient else "refused", transient=transient)


def _httpx() -> Any:
    try:
        import httpx
    except ImportError:
        raise ProviderError(
            "local.url needs the package httpx", hint="pip install 'qeforge[local]'", slug="missing-extra"
        ) from None
    return httpx


def _message(body: str) -> str:
    """What a server says of an error, in one line."""
    try:
        raw = json.loads(body)
        found = raw.get("error", raw)
        text = found.get("message", "") if isinstance(found, dict) else str(found)
    except (ValueError, AttributeError):
        text = body
    return " ".join(str(text).split())[:200]


def _usage(event: dict[str, Any]) -> Usage | None:
    raw = event.get("usage")
    if not isinstance(raw, dict):
        return None
    cached = (raw.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return Usage(input=raw.get("prompt_tokens") or 0, output=raw.get("completion_tokens") or 0, cached=cached)


def _unit(vector: list[float]) -> list[float]:
    length = sum(number * number for number in vector) ** 0.5
    return [number / length for number in vector] if length else vector
