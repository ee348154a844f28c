"""A model on this machine in the place of one in the cloud: a loopback server that speaks the Messages API, streaming.

It answers for one model of the API, whatever that costs there, with a GGUF file; every other model it refuses as the
API refuses one that it does not have. Tokens are those of the GGUF file. It keeps nothing of a prompt for the next
request, so that its usage has no tokens from a cache.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qeforge.domain.provider import Finish, Prompt, Provider, Usage
from qeforge.errors import ProviderError

_BEAT = 2.0  # seconds between signs of life while nothing comes
_REASONS = {Finish.LENGTH: "max_tokens", Finish.REFUSED: "refusal"}


@contextmanager
def standing_in(provider: Provider, model: str) -> Iterator[str]:
    """The address of a server that answers for `model` until the end of the block.

    Args:
        provider: who answers really, one question at a time.
        model: as requests name it.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider, model, threading.Lock()))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def prompt_in(body: Mapping[str, Any]) -> Prompt:
    """The question in a request.

    Raises:
        KeyError: it has no messages.
    """
    return Prompt(
        system=_text(body.get("system", "")),
        shared="",
        ask="\n\n".join(_text(message["content"]) for message in body["messages"]),
        stop=tuple(body.get("stop_sequences", ())),
        max_tokens=body.get("max_tokens", 1),
        temperature=0.0,
        seed=0,
    )


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n\n".join(block["text"] for block in content if block.get("type") == "text")


def _handler(provider: Provider, model: str, turn: threading.Lock) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
            if self.path != "/v1/messages":
                self._refuse("no such place here")
            elif body.get("model") != model:
                self._refuse(f"model: {body.get('model')}")
            else:
                try:
                    with turn:
                        self._answer(body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # nobody waits any more

        def _answer(self, body: Mapping[str, Any]) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            prompt = prompt_in(body)
            self._event("message_start", message=_message(model, provider.count_tokens(prompt.text)))
            self._event("content_block_start", index=0, content_block={"type": "text", "text": ""})
            last = time.monotonic()

            def hears(piece: str) -> bool:
                nonlocal last
                if piece:
                    self._event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
                elif time.monotonic() - last > _BEAT:
                    self._event("ping")
                    last = time.monotonic()
                return True

            try:
                said = provider.complete(prompt, hears)
            except ProviderError as problem:
                self._event("error", error={"type": "api_error", "message": problem.message})
                return
            self._event("content_block_stop", index=0)
            delta = {"stop_reason": _REASONS.get(said.finish, "end_turn"), "stop_sequence": None}
            self._event("message_delta", delta=delta, usage=_usage(said.usage))
            self._event("message_stop")
            self.close_connection = True

        def _event(self, kind: str, **data: Any) -> None:
            self.wfile.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode())
            self.wfile.flush()

        def _refuse(self, why: str) -> None:
            error = {"type": "error", "error": {"type": "not_found_error", "message": why}}
            data = json.dumps(error).encode()
            self.send_response(404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    return Handler


def _message(model: str, tokens: int) -> dict[str, Any]:
    return {
        "id": "msg_here",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(Usage(input=tokens)),
    }


def _usage(usage: Usage) -> dict[str, int]:
    return {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }
