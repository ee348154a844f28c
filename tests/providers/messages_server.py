"""A server on this machine that speaks the Messages API, and misbehaves as it is told."""

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "claude-haiku-5-5"
USAGE = {"input_tokens": 12, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """An answer, streamed when it is asked for as a stream.

    Args:
        pieces: of its text.
        thinks: whether it thinks first.
        pause: seconds before each piece.
        cut: hangs up after the pieces.
        hangs: says nothing more after the pieces, but that it is alive.
        fails: type of an error in mid-stream, after the pieces.
        garbage: the data of an event after the pieces that is not as it should be.
    """

    pieces: tuple[str, ...] = ("add(1, 2)\n", "add(0, 0)\n")
    reason: str = "end_turn"
    usage: Mapping[str, int] = field(default_factory=lambda: USAGE)
    output: int = 9
    thinks: bool = False
    pause: float = 0.0
    cut: bool = False
    hangs: bool = False
    fails: str = ""
    garbage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fails:
    """An error before anything else."""

    status: int
    kind: str = "api_error"
    message: str = "no"
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """Takes the question, and says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


class MessagesServer:
    """Plays a script: one entry for each request for a message, then plain answers.

    Batches: `looks` times a batch is still in progress; `results` are those of its requests, in their order.
    """

    def __init__(self, *script: Says | Fails | Silent) -> None:
        self.script = deque(script)
        self.requests: list[Request] = []
        self.at_once = 0
        self.most_at_once = 0
        self.opened = 0
        self.looks = 0
        self.results: list[dict[str, Any]] = []
        self.cancelled = False
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.connections: set[socket.socket] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False
        self._server.block_on_close = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["MessagesServer"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.ending.set()
            self._server.shutdown()
            with self.lock:
                for connection in self.connections:  # a client that was not closed keeps its own open
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)
            thread.join()
            self._server.server_close()


def message(text: str, *, reason: str = "end_turn", output: int = 9) -> dict[str, Any]:
    """A whole message, as batches hold it."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": text}],
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {**USAGE, "output_tokens": output},
    }


def _handler(server: MessagesServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            with server.lock:
                server.connections.add(self.connection)
                server.opened += 1

        def finish(self) -> None:
            with server.lock:
                server.connections.discard(self.connection)
            super().finish()

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            self._note(body)
            if self.path.endswith("/cancel"):
                server.cancelled = True
                self._json(200, _batch(server, "canceling"))
            elif self.path.endswith("/batches"):
                self._json(200, _batch(server, "in_progress"))
            else:
                with server.lock:
                    server.at_once += 1
                    server.most_at_once = max(server.most_at_once, server.at_once)
                    turn = server.script.popleft() if server.script else Says()
                try:
                    self._play(turn, body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the other side has heard enough
                finally:
                    with server.lock:
                        server.at_once -= 1

        def do_GET(self) -> None:
            self._note({})
            if self.path.endswith("/results"):
                lines = [
                    json.dumps({"custom_id": str(number), "result": result})
                    for number, result in enumerate(server.results)
                ]
                self._send(200, "\n".join(reversed(lines)).encode(), "application/x-jsonl")
            else:
                with server.lock:
                    server.looks -= 1
                    status = "ended" if server.looks < 0 else "canceling" if server.cancelled else "in_progress"
                self._json(200, _batch(server, status))

        def _note(self, body: dict[str, Any]) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            with server.lock:
                server.requests.append(Request(method=self.command, path=self.path, headers=headers, body=body))

        def _play(self, turn: Says | Fails | Silent, body: dict[str, Any]) -> None:
            if isinstance(turn, Silent):
                server.ending.wait(20)
                self.close_connection = True
            elif isinstance(turn, Fails):
                error: dict[str, Any] = {"type": turn.kind, "message": turn.message}
                if turn.code:
                    error["details"] = {"error_code": turn.code}
                self._json(turn.status, {"type": "error", "error": error}, turn.headers)
            else:
                self._stream(turn)

        def _stream(self, turn: Says) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            start = {**message("", output=1), "content": [], "stop_reason": None}
            start["usage"] = {**turn.usage, "output_tokens": 1}
            self._event("message_start", message=start)
            index = 0
            if turn.thinks:
                self._event("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""})
                self._event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "Hm."})
                self._event("content_block_stop", index=0)
                index = 1
            self._event("content_block_start", index=index, content_block={"type": "text", "text": ""})
            self._event("ping")
            for piece in turn.pieces:
                time.sleep(turn.pause)
                self._event("content_block_delta", index=index, delta={"type": "text_delta", "text": piece})
            if turn.cut:
                self.close_connection = True  # without the last chunk
                return
            while turn.hangs and not server.ending.wait(0.05):
                self._event("ping")
            if turn.fails:
                self._event("error", error={"type": turn.fails, "message": "in mid-stream"})
            elif turn.garbage:
                self._chunk(f"event: content_block_delta\ndata: {turn.garbage}\n\n".encode())
            else:
                self._event("content_block_stop", index=index)
                delta = {"stop_reason": turn.reason, "stop_sequence": None}
                self._event("message_delta", delta=delta, usage={"output_tokens": turn.output})
                self._event("message_stop")
            self._chunk(b"")

        def _event(self, kind: str, **data: Any) -> None:
            self._chunk(f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode())

        def _chunk(self, data: bytes) -> None:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

        def _json(self, status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
            self._send(status, json.dumps(body).encode(), "application/json", headers)

        def _send(self, status: int, data: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    return Handler


def _batch(server: MessagesServer, status: str) -> dict[str, Any]:
    ended = status == "ended"
    return {
        "id": "msgbatch_1",
        "type": "message_batch",
        "processing_status": status,
        "created_at": "2026-11-01T00:00:00Z",
        "expires_at": "2026-11-02T00:00:00Z",
        "ended_at": "2026-11-01T00:10:00Z" if ended else None,
        "archived_at": None,
        "cancel_initiated_at": None,
        "request_counts": {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
        "results_url": f"{server.url}/v1/messages/batches/msgbatch_1/results" if ended else None,
    }
