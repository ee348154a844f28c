from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from qeforge.errors import ProviderError
from qeforge.providers.adapters import TESTED, attach, detach

ENGINE: Any = SimpleNamespace(_model=SimpleNamespace(model=1), _ctx=SimpleNamespace(ctx=2))


def test_another_version_of_the_library_is_one_clear_line() -> None:
    library = SimpleNamespace(__version__="9.9")
    for use in (lambda: attach(library, ENGINE, Path("a.gguf")), lambda: detach(library, ENGINE, 3)):
        with pytest.raises(ProviderError, match=r"llama-cpp-python 9\.9 lacks what adapters need") as caught:
            use()
        assert caught.value.slug == "llama-cpp-version"
        assert TESTED in caught.value.hint


def test_an_adapter_that_cannot_be_loaded_is_named() -> None:
    library = SimpleNamespace(__version__=TESTED, llama_adapter_lora_init=lambda model, path: None)
    with pytest.raises(ProviderError, match=r"broken\.gguf: llama\.cpp cannot load this adapter") as caught:
        attach(library, ENGINE, Path("broken.gguf"))
    assert caught.value.slug == "adapter"
