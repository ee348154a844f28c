"""Holds a running model to a grammar, with llama.cpp's own reader of grammars.

No library is imported here: `llama.py` hands its own over.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FIRST = 64
"""Likeliest tokens that are tried before all of them: a grammar takes long to look at a hundred thousand."""


@contextmanager
def constrained(library: Any, engine: Any, grammar: str) -> Iterator[list["Constraint"]]:
    """What holds one answer to a grammar; nothing for an empty one.

    Raises:
        ValueError: the grammar is none.
    """
    made = [Constraint(library, engine, grammar)] if grammar else []
    try:
        yield made
    finally:
        for one in made:
            one.close()


class Constraint:
    """Leaves of the tokens that a model may say next those that its grammar allows. One answer each; `close` it.

    Args:
        library: llama_cpp.
        engine: its model.
        grammar: in GBNF, with a rule `root`.

    Raises:
        ValueError: the grammar is none.
    """

    def __init__(self, library: Any, engine: Any, grammar: str) -> None:
        self._library = library
        self._seen = -1
        self._sampler = library.llama_sampler_init_grammar(engine._model.vocab, grammar.encode(), b"root")
        if not self._sampler:
            raise ValueError("llama.cpp cannot read the grammar of the answer")

    def __call__(self, tokens: Any, logits: Any) -> Any:
        """Takes note of what was said since the last call, and rules out what may not follow.

        Args:
            tokens: all so far, the question's too; the first call's are the question's.
            logits: of what comes next.
        """
        numpy = self._library.llama.np
        for token in tokens[self._seen :] if self._seen >= 0 else ():
            self._library.llama_sampler_accept(self._sampler, int(token))
        self._seen = len(tokens)
        first = numpy.argpartition(logits, -_FIRST)[-_FIRST:]
        allowed = self._allowed(first, logits)
        if not len(allowed):
            allowed = self._allowed(numpy.arange(len(logits)), logits)
        kept = numpy.full_like(logits, -numpy.inf)
        kept[allowed] = logits[allowed]
        return kept

    def _allowed(self, tokens: Any, logits: Any) -> Any:
        library, numpy = self._library, self._library.llama.np
        rows = numpy.zeros(len(tokens), dtype=_ROW)
        rows["id"], rows["logit"] = tokens, logits[tokens]
        data = ctypes.cast(rows.ctypes.data, ctypes.POINTER(library.llama_token_data))
        every = library.llama_token_data_array(data=data, size=len(tokens), selected=-1, sorted=False)
        library.llama_sampler_apply(self._sampler, ctypes.byref(every))
        return rows["id"][numpy.isfinite(rows["logit"])]

    def close(self) -> None:
        """Gives its memory back."""
        sampler, self._sampler = self._sampler, None
        if sampler:
            self._library.llama_sampler_free(sampler)


_ROW = [("id", "<i4"), ("logit", "<f4"), ("p", "<f4")]
"""llama.cpp's `llama_token_data`."""
