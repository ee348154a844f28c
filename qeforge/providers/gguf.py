"""What the header of a GGUF file says about the model in it, without loading it.

The format is that of the GGUF specification, version 2 and 3 (ggml project): magic, version, counts of tensors and of
key-value pairs, and these pairs; everything little-endian.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from qeforge.errors import ProviderError

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_MOST_PAIRS, _MOST_BYTES, _MOST_ITEMS = 10_000, 1 << 24, 1 << 24
"""Above these no real file goes; a damaged one must not make us read for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A model's own description.

    Args:
        architecture: `qwen2`, `llama`, …
        name: as its makers call it; empty when they do not.
        context: tokens it was trained for.
        layers: blocks.
        width: of its vectors.
        key_width: keys and values of all heads of one token in one layer, in numbers each.
        heads: of queries.
        groups: heads of keys and values.
        template: how chats are written for it (Jinja); empty when the file has none.
        bytes: of the whole file.
    """

    architecture: str
    name: str
    context: int
    layers: int
    width: int
    key_width: int
    heads: int
    groups: int
    template: str
    bytes: int

    def memory(self, context: int) -> int:
        """Bytes that it takes with a context of that many tokens: the file, keys and values in 16 bits, and what
        computing needs besides."""
        cache = 2 * 2 * self.layers * self.key_width * context
        working = 64 * self.width * 512 + (64 << 20)
        return self.bytes + cache + working


def read_header(path: Path) -> Header:
    """The header of a file.

    Raises:
        ProviderError: it cannot be read, is empty or cut off, or is no GGUF file.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            raise _broken(path, "the file is empty")
        with path.open("rb") as file:
            pairs = _pairs(path, file)
    except OSError as problem:
        raise ProviderError(
            f"{path}: {problem.strerror}", hint="`qeforge models list` names models", slug="broken-model"
        ) from problem
    except (struct.error, UnicodeDecodeError, EOFError, RecursionError):
        raise _broken(path, "its header is cut off or damaged") from None
    architecture = str(pairs.get("general.architecture", ""))
    if not architecture:
        raise _broken(path, "it names no architecture")

    def number(key: str, default: int) -> int:
        value = pairs.get(f"{architecture}.{key}", default)
        return value if isinstance(value, int) else default

    width, heads = number("embedding_length", 4096), number("attention.head_count", 32)
    groups = number("attention.head_count_kv", heads)
    head = number("attention.key_length", width // max(1, heads))
    return Header(
        architecture=architecture,
        name=str(pairs.get("general.name", "")),
        context=number("context_length", 2048),
        layers=number("block_count", 32),
        width=width,
        key_width=groups * head,
        heads=heads,
        groups=groups,
        template=str(pairs.get("tokenizer.chat_template", "")),
        bytes=size,
    )


def count_parameters(path: Path) -> int:
    """How many numbers the tensors of a file have together.

    Raises:
        ProviderError: as `read_header`.
    """
    try:
        with path.open("rb") as file:
            _pairs(path, file)
            end = file.tell()
            file.seek(8)
            (tensors,) = struct.unpack("<Q", _exactly(file, 8))
            file.seek(end)
            if tensors > _MOST_PAIRS:
                raise EOFError
            return sum(_size(file) for _ in range(tensors))
    except OSError as problem:
        raise ProviderError(f"{path}: {problem.strerror}", slug="broken-model") from problem
    except (struct.error, UnicodeDecodeError, EOFError, RecursionError):
        raise _broken(path, "its header is cut off or damaged") from None


def _size(file: BinaryIO) -> int:
    """Numbers in the tensor whose description comes next."""
    _string(file)
    (dimensions,) = struct.unpack("<I", _exactly(file, 4))
    if dimensions > 8:
        raise EOFError
    lengths = struct.unpack(f"<{dimensions}Q", _exactly(file, 8 * dimensions))
    file.seek(12, 1)  # its type and where its data begins
    return math.prod(lengths)


def _broken(path: Path, why: str) -> ProviderError:
    return ProviderError(
        f"{path}: no usable GGUF model: {why}",
        hint="`qeforge models verify` checks it, `qeforge models pull` loads it again",
        slug="broken-model",
    )


def _pairs(path: Path, file: BinaryIO) -> dict[str, Any]:
    if _exactly(file, 4) != _MAGIC:
        raise _broken(path, "it does not begin as one")
    version, _, count = struct.unpack("<IQQ", _exactly(file, 20))
    if version not in _VERSIONS:
        raise _broken(path, f"version {version} of the format is not known")
    if count > _MOST_PAIRS:
        raise EOFError
    found: dict[str, Any] = {}
    for _ in range(count):
        key = _string(file)
        (kind,) = struct.unpack("<I", _exactly(file, 4))
        found[key] = _value(file, kind)
    return found


def _value(file: BinaryIO, kind: int) -> Any:
    """A value; None for an array, which is passed over."""
    if kind in _SCALARS:
        return struct.unpack(_SCALARS[kind], _exactly(file, struct.calcsize(_SCALARS[kind])))[0]
    if kind == _STRING:
        return _string(file)
    if kind != _ARRAY:
        raise EOFError
    inner, items = struct.unpack("<IQ", _exactly(file, 12))
    if items > _MOST_ITEMS:
        raise EOFError
    if inner in _SCALARS:
        file.seek(items * struct.calcsize(_SCALARS[inner]), 1)
    else:
        for _ in range(items):
            _value(file, inner)
    return None


def _string(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", _exactly(file, 8))
    if length > _MOST_BYTES:
        raise EOFError
    return _exactly(file, length).decode("utf-8", "replace")


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data
