"""Adapters in a running llama.cpp context, and what its model thinks of given tokens.

llama-cpp-python has no public call for either, so a few of its private names are used. Where a version lacks one, that
is one clear line. No library is imported here: `llama.py` hands its own over.
"""

import ctypes
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qeforge.errors import ProviderError

TESTED = "0.3.36"
"""The version of llama-cpp-python whose private names these are."""

_PIECE = 256
"""Tokens whose logits are held at the same time."""


def attach(library: Any, engine: Any, path: Path) -> Any:
    """Loads an adapter and uses it from now on; returns what `detach` needs.

    Raises:
        ProviderError: it cannot be read, was made for another model, or the library is another version.
    """
    with _private(library):
        with _silent():
            adapter = library.llama_adapter_lora_init(engine._model.model, str(path).encode())
        if not adapter:
            raise ProviderError(
                f"{path}: llama.cpp cannot load this adapter: damaged, or made for another model",
                hint="`qeforge learn rollback` goes back to the one before, `qeforge learn off` to the bare model",
                slug="adapter",
            )
        adapters = (library.llama_adapter_lora_p_ctypes * 1)(adapter)
        if library.llama_set_adapters_lora(engine._ctx.ctx, adapters, 1, (ctypes.c_float * 1)(1.0)):
            library.llama_adapter_lora_free(adapter)
            raise ProviderError(f"{path}: llama.cpp refuses this adapter", slug="adapter")
        _forget(engine)
        return adapter


def detach(library: Any, engine: Any, adapter: Any) -> None:
    """Goes back to the bare model, and then gives the adapter's memory back."""
    with _private(library):
        library.llama_set_adapters_lora(engine._ctx.ctx, None, 0, None)
        _forget(engine)
        library.llama_adapter_lora_free(adapter)


def after_each(library: Any, engine: Any, tokens: Sequence[int], start: int) -> Iterator[tuple[int, Any]]:
    """For each token from `start` on, it and the logits that were computed just before it (an array of float32, valid
    until the next is asked for)."""
    with _private(library):
        numpy = library.llama.np
        _forget(engine)
        if start > 1:
            engine.eval(tokens[: start - 1])
        for begin in range(max(0, start - 1), len(tokens) - 1, _PIECE):
            piece = list(tokens[begin : min(begin + _PIECE, len(tokens) - 1)])
            engine._batch.set_batch(batch=piece, n_past=engine.n_tokens, logits_all=True)
            engine._ctx.decode(engine._batch)
            engine.input_ids[engine.n_tokens : engine.n_tokens + len(piece)] = piece
            engine.n_tokens += len(piece)
            size = engine.n_vocab()
            rows = numpy.ctypeslib.as_array(engine._ctx.get_logits(), shape=(len(piece) * size,)).reshape(-1, size)
            for number, row in enumerate(rows):
                yield tokens[begin + number + 1], row


def surprise(library: Any, row: Any, token: int) -> float:
    """Minus the natural logarithm of the probability that logits give to a token."""
    numpy = library.llama.np
    wide = row.astype(numpy.float64)
    most = wide.max()
    return float(numpy.log(numpy.exp(wide - most).sum()) + most - wide[token])


def _forget(engine: Any) -> None:
    """What was computed under another adapter is not valid any more, and llama.cpp keeps it."""
    engine.reset()
    engine._ctx.kv_cache_clear()


@contextmanager
def _silent() -> Iterator[None]:
    """Without the library's remarks about how it stores each matrix, which it takes for errors."""
    logger = logging.getLogger("llama-cpp-python")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _private(library: Any) -> Iterator[None]:
    try:
        yield
    except AttributeError as problem:
        raise ProviderError(
            f"llama-cpp-python {library.__version__} lacks what adapters need: {problem}",
            hint=f"pip install 'llama-cpp-python=={TESTED}'",
            slug="llama-cpp-version",
        ) from problem
