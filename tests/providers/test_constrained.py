"""What goes wrong in a callback from C is told afterwards; with a real model, see `test_llama.py`."""

import ctypes
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from qeforge.domain.provider import Prompt
from qeforge.errors import ProviderError
from qeforge.providers.constrained import pieces

numpy = pytest.importorskip("numpy", reason="llama.cpp's logits are its arrays")


class TokenData(ctypes.Structure):
    _fields_ = (("id", ctypes.c_int32), ("logit", ctypes.c_float), ("p", ctypes.c_float))


class TokenArray(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.POINTER(TokenData)),
        ("size", ctypes.c_size_t),
        ("selected", ctypes.c_int64),
        ("sorted", ctypes.c_bool),
    )


class Library:
    """As much of llama_cpp as is used: its grammar allows the tokens in `allowed`."""

    llama_token_data, llama_token_data_array = TokenData, TokenArray
    llama = SimpleNamespace(np=numpy)

    def __init__(self, allowed: Sequence[int], *, failure: BaseException | None = None) -> None:
        self.allowed, self.failure = set(allowed), failure
        self.accepted: list[int] = []
        self.freed = 0

    def llama_sampler_init_grammar(self, vocab: object, grammar: bytes, root: bytes) -> int:
        return 0 if b"nothing" in grammar else 1

    def llama_sampler_accept(self, sampler: int, token: int) -> None:
        if self.failure is not None:
            raise self.failure
        self.accepted.append(token)

    def llama_sampler_apply(self, sampler: int, array: Any) -> None:
        found = array._obj
        for at in range(found.size):
            if found.data[at].id not in self.allowed:
                found.data[at].logit = -float("inf")

    def llama_sampler_free(self, sampler: int) -> None:
        self.freed += 1


class Engine:
    """Says the likeliest token three times, and hears its processor as llama-cpp-python does: errors are lost."""

    _model = SimpleNamespace(vocab=None)

    def __init__(self, logits: Sequence[float]) -> None:
        self.logits = numpy.array(logits, dtype=numpy.float32)

    def create_completion(self, tokens: Sequence[int], *, logits_processor: Any, **rest: object) -> Iterator[int]:
        said = list(tokens)
        for _ in range(3):
            left = self.logits
            for each in logits_processor or ():
                left = each(said, left)
            said.append(int(left.argmax()))
            yield said[-1]


PROMPT = Prompt(system="", shared="", ask="", grammar="root ::= x")


def test_only_what_the_grammar_allows_is_said_and_it_hears_all_of_it() -> None:
    library = Library([5])
    assert list(pieces(library, Engine([9.0] * 5 + [1.0] + [8.0] * 94), [1, 2], PROMPT)) == [5, 5, 5]
    assert library.accepted == [5, 5]
    assert library.freed == 1


def test_without_a_grammar_anything_is_said() -> None:
    library = Library([5])
    free = Prompt(system="", shared="", ask="")
    assert list(pieces(library, Engine([1.0, 3.0, 2.0]), [1], free)) == [1, 1, 1]


@pytest.mark.parametrize("failure", [MemoryError(), ValueError("odd")])
def test_a_fault_in_the_callback_ends_the_answer_in_one_line(failure: Exception) -> None:
    library = Library([0], failure=failure)
    with pytest.raises(ProviderError, match="could not be held to its grammar") as caught:
        list(pieces(library, Engine([1.0, 2.0]), [1], PROMPT))
    assert caught.value.slug == "grammar"
    assert library.freed == 1


def test_where_nothing_may_follow_that_is_said() -> None:
    with pytest.raises(ProviderError, match="nothing may follow"):
        list(pieces(Library([]), Engine([1.0, 2.0]), [1], PROMPT))


def test_an_interruption_stays_one() -> None:
    with pytest.raises(KeyboardInterrupt):
        list(pieces(Library([0], failure=KeyboardInterrupt()), Engine([1.0, 2.0]), [1], PROMPT))


def test_what_is_no_grammar_is_one_line() -> None:
    with pytest.raises(ProviderError, match="cannot read the grammar"):
        list(pieces(Library([0]), Engine([1.0]), [1], Prompt(system="", shared="", ask="", grammar="nothing")))
