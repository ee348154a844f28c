"""A model hub on this machine: one file, with ranges, and with the failures that a test asks for."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qeforge.providers.catalogue import Entry
from tests.providers.gguf_files import gguf

PIECE = 4096


def model(*, seed: int = 0, size: int = 200_000) -> bytes:
    """A small GGUF file: a header, then bytes that no two seeds share."""
    head = gguf({"general.architecture": "qwen2", "qwen2.context_length": 512, "qwen2.block_count": 2})
    rest = b"".join(sha256(f"{seed} {number}".encode()).digest() for number in range(size // 32))
    return (head + rest)[:size]


def entry_of(data: bytes, *, name: str = "tiny", revision: str = "0" * 40) -> Entry:
    """What a catalogue would say of it."""
    return Entry(
        name=name, repo="makers/tiny-GGUF", revision=revision, file="tiny-q4.gguf", bytes=len(data),
        sha256=sha256(data).hexdigest(), licence="MIT", licence_url="https://opensource.org/license/mit",
        architecture="qwen2", context=512, layers=2, width=64, key_width=32,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Misdeed:
    """What is done to one request. `cut`: bytes of the body until the connection ends; `silent`: seconds before it;
    `extra`: bytes too many, of no announced length; `whole`: the range that was asked for is passed over."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = -1
    silent: float = 0.0
    extra: int = 0
    whole: bool = False
    elsewhere: str = ""


@dataclass(slots=True)
class Hub:
    """What it serves, what it was asked (method, path, range), and what it will do wrong, request by request."""

    url: str
    data: bytes
    etag: str
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    heads: list[Misdeed] = field(default_factory=list)
    gets: list[Misdeed] = field(default_factory=list)

    @property
    def ranges(self) -> list[str]:
        """Of the requests for the file itself."""
        return [span for method, _, span in self.asked if method == "GET"]


@contextmanager
def hub(data: bytes) -> Iterator[Hub]:
    """Serves a file until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(here.heads.pop(0) if here.heads else Misdeed(), body=False)

        def do_GET(self) -> None:
            self._answer(here.gets.pop(0) if here.gets else Misdeed(), body=True)

        def _answer(self, misdeed: Misdeed, *, body: bool) -> None:
            span = self.headers.get("range", "")
            here.asked.append((self.command, self.path, span))
            here.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.close_connection = True
            time.sleep(misdeed.silent)
            with suppress(BrokenPipeError, ConnectionResetError):
                self._send(misdeed, span, body=body)

        def _send(self, misdeed: Misdeed, span: str, *, body: bool) -> None:
            found = re.fullmatch(r"bytes=(\d+)-", span)
            start = int(found[1]) if found and not misdeed.whole else 0
            rest = here.data[start:]
            self.send_response(misdeed.status or (206 if start else 200))
            for name, value in misdeed.headers.items():
                self.send_header(name, value)
            if misdeed.elsewhere:
                self.send_header("location", misdeed.elsewhere)
            self.send_header("connection", "close")
            if misdeed.status:
                self.send_header("content-length", "0")
                self.end_headers()
                return
            self.send_header("x-repo-commit", "0" * 40)
            self.send_header("etag", f'"{here.etag}"')
            if start:
                self.send_header("content-range", f"bytes {start}-{len(here.data) - 1}/{len(here.data)}")
            if not misdeed.extra:
                self.send_header("content-length", str(len(rest)))
            self.end_headers()
            if body:
                end = misdeed.cut if misdeed.cut >= 0 else len(rest)
                rest = rest[:end] + b"x" * misdeed.extra
                for place in range(0, len(rest), PIECE):
                    self.wfile.write(rest[place : place + PIECE])

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    address = f"http://127.0.0.1:{server.server_address[1]}"
    here = Hub(url=address, data=data, etag=sha256(data).hexdigest())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
