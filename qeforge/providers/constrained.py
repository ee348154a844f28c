"""Holds a running model to a grammar, with llama.cpp's own reader of grammars.

No library is imported here: `llama.py` hands its own over.
"""

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

from qeforge.domain.provider import Prompt
from qeforge.errors import ProviderError

_FIRST = 64
"""Likeliest tokens that are tried before all of them: a grammar takes long to look at a hundred thousand."""


def pieces(library: Any, engine: Any, tokens: Sequence[int], prompt: Prompt) -> Iterator[Any]:
    """An answer as llama.cpp gives it, piece by piece, held to the grammar of the question where it has one.

    Args:
        library: llama_cpp.
        engine: its model, which has read the question.
        tokens: the question.
        prompt: how it is to be answered.

    Raises:
        ProviderError: the grammar is none, or something failed while it was held to; the model is as good as before.
    """
    held = [Constraint(library, engine, prompt.grammar)] if prompt.grammar else []
    try:
        for event in engine.create_completion(
            tokens,
            max_tokens=prompt.max_tokens,
            temperature=prompt.temperature,
            seed=prompt.seed,
            stop=list(prompt.stop),
            stream=True,
            logits_processor=held or None,
        ):
            for one in held:
                one.check()
            yield event
    finally:
        for one in held:
            one.close()


class Constraint:
    """Leaves of the tokens that a model may say next those that its grammar allows. One answer each; `close` it.

    Args:
        library: llama_cpp.
        engine: its model.
        grammar: in GBNF, with a rule `root`.

    Raises:
        ProviderError: the grammar is none.
    """

    def __init__(self, library: Any, engine: Any, grammar: str) -> None:
        self._library = library
        self._seen = -1
        self.problem: BaseException | None = None
        self._sampler = library.llama_sampler_init_grammar(engine._model.vocab, grammar.encode(), b"root")
        if not self._sampler:
            raise ProviderError(
                "llama.cpp cannot read the grammar of the answer", hint="this target is left to others", slug="grammar"
            )

    def __call__(self, tokens: Any, logits: Any) -> Any:
        """Takes note of what was said since the last call, and rules out what may not follow.

        Args:
            tokens: all so far, the question's too; the first call's are the question's.
            logits: of what comes next.
        """
        if self.problem is None:
            try:
                return self._left(tokens, logits)
            except BaseException as problem:  # it would be lost: whoever calls this is written in C
                self.problem = problem
        return self._library.llama.np.full_like(logits, -1.0)  # whatever is said now is thrown away

    def check(self) -> None:
        """Raises what went wrong in a call.

        Raises:
            ProviderError: something did; what was said since then is worth nothing.
        """
        if isinstance(self.problem, Exception):
            raise ProviderError(
                f"the answer could not be held to its grammar ({self.problem or type(self.problem).__name__})",
                hint="this target is left to others",
                slug="grammar",
            ) from self.problem
        if self.problem is not None:  # Ctrl-C
            raise self.problem

    def _left(self, tokens: Any, logits: Any) -> Any:
        numpy = self._library.llama.np
        for token in tokens[self._seen :] if self._seen >= 0 else ():
            self._library.llama_sampler_accept(self._sampler, int(token))
        self._seen = len(tokens)
        first = numpy.argpartition(logits, -_FIRST)[-_FIRST:] if len(logits) > _FIRST else numpy.arange(len(logits))
        allowed = self._allowed(first, logits)
        if not len(allowed):
            allowed = self._allowed(numpy.arange(len(logits)), logits)
        if not len(allowed):
            raise ValueError("nothing may follow")
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
