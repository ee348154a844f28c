"""Small GGUF files made for tests."""

import struct
from collections.abc import Mapping


def gguf(pairs: Mapping[str, int | str | list[str]], *, version: int = 3) -> bytes:
    """A file with a header and no tensors."""
    body = b"GGUF" + struct.pack("<IQQ", version, 0, len(pairs))
    for key, value in pairs.items():
        body += _text(key)
        if isinstance(value, str):
            body += struct.pack("<I", 8) + _text(value)
        elif isinstance(value, int):
            body += struct.pack("<II", 4, value)
        else:
            body += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))
    return body


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data
