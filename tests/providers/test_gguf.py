import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.errors import ProviderError
from qeforge.providers.gguf import count_parameters, read_header
from tests.providers.gguf_files import gguf

PAIRS: dict[str, int | str | list[str]] = {
    "general.architecture": "qwen2",
    "general.name": "Tiny",
    "tokenizer.ggml.tokens": ["a", "b", "é"],
    "qwen2.context_length": 32_768,
    "qwen2.block_count": 24,
    "qwen2.embedding_length": 896,
    "qwen2.attention.head_count": 14,
    "qwen2.attention.head_count_kv": 2,
}


def test_a_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(gguf(PAIRS))
    header = read_header(path)
    assert (header.architecture, header.name, header.context, header.layers) == ("qwen2", "Tiny", 32_768, 24)
    assert header.key_width == 128
    assert header.template == ""
    assert header.memory(4096) - header.memory(0) == 2 * 2 * 24 * 128 * 4096


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04 something else", "does not begin as one"),
        (b"GGUF", "cut off"),
        (gguf(PAIRS)[:90], "cut off"),
        (gguf(PAIRS, version=9), "version 9"),
        (gguf({"general.name": "x"}), "names no architecture"),
    ],
)
def test_what_is_no_model_is_told(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(data)
    with pytest.raises(ProviderError, match=f"broken.gguf: .*{why}") as caught:
        read_header(path)
    assert caught.value.slug == "broken-model"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="No such file"):
        read_header(tmp_path / "none.gguf")


@given(data=st.binary(max_size=200), cut=st.integers(0, 250))
def test_damage_never_breaks_it(tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: int) -> None:
    path = tmp_path_factory.mktemp("damage") / "damaged.gguf"
    path.write_bytes(gguf(PAIRS)[:cut] + data)
    with contextlib.suppress(ProviderError):
        assert read_header(path).bytes == path.stat().st_size


def test_numbers_of_all_tensors_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    body = bytearray(gguf({"general.architecture": "llama"}))
    body[8:16] = struct.pack("<Q", 2)
    for name, shape in (("a", (3, 4)), ("bias", (5,))):
        body += struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", len(shape))
        body += struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", 0, 0)
    path.write_bytes(body)
    assert count_parameters(path) == 17
    path.write_bytes(body[:-20])
    with pytest.raises(ProviderError, match="cut off or damaged"):
        count_parameters(path)
