"""Length-prefixed frames over a pipe: how the judge, the server and its children talk."""

import json
import os
import struct
from typing import Any

_HEADER = struct.Struct("!I")
_CHUNK = 1 << 16

dumps = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
loads = json.loads


def encode(message: Any) -> bytes:
    """One message as the payload of a frame. Lone surrogates survive, as escapes."""
    return dumps(message).encode("ascii")


def decode(payload: bytes) -> Any:
    """The message of a payload."""
    return loads(payload)


def write_frame(fd: int, payload: bytes) -> None:
    """Write one frame whole. Raises OSError when the other side is gone."""
    view = memoryview(_HEADER.pack(len(payload)) + payload)
    while view:
        view = view[os.write(fd, view) :]


class FrameReader:
    """Cuts the bytes of one pipe into frames."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._buffer = bytearray()

    def take(self) -> list[bytes]:
        """The payloads of the whole frames that have arrived, oldest first."""
        payloads = []
        start = 0
        while len(self._buffer) - start >= _HEADER.size:
            (size,) = _HEADER.unpack_from(self._buffer, start)
            end = start + _HEADER.size + size
            if len(self._buffer) < end:
                break
            payloads.append(bytes(self._buffer[start + _HEADER.size : end]))
            start = end
        del self._buffer[:start]
        return payloads

    def fill(self) -> bool:
        """Read what is there, waiting for at least one byte; False at the end of the pipe."""
        chunk = os.read(self.fd, _CHUNK)
        self._buffer += chunk
        return bool(chunk)

    def next(self) -> bytes | None:
        """Wait for one frame; None at the end of the pipe. For pipes where one side waits for the other."""
        while True:
            frames = self.take()
            if frames:
                return frames[0]
            if not self.fill():
                return None
