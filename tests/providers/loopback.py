"""A server on this machine that does what a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


@dataclass(slots=True)
class Loopback:
    """Where it listens, and what it was asked: path and body of each request."""

    url: str
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@contextmanager
def loopback(reply: Reply) -> Iterator[Loopback]:
    """Serves `reply` until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
            here.asked.append((self.path, body))
            try:
                reply(self, body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here = Loopback(url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, status: int, data: Any) -> None:
    """A whole JSON reply."""
    body = json.dumps(data).encode()
    handler.send_response(status)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def stream(handler: BaseHTTPRequestHandler, *events: Any) -> None:
    """Server-sent events, then the end of the connection; a second call goes on."""
    if not hasattr(handler, "begun"):
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        handler.begun = True  # type: ignore[attr-defined]
    for event in events:
        text = event if isinstance(event, str) else json.dumps(event)
        handler.wfile.write(f"data: {text}\n\n".encode())
        handler.wfile.flush()
    handler.close_connection = True
