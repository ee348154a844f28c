"""Texts about code as vectors, without a model: what they are called, of which types, in what order.

Words, identifiers, neighbours and pieces of words are hashed into a fixed number of dimensions with a sign each, so
that what falls together by chance cancels out on average (Weinberger et al., "Feature hashing for large scale multitask
learning", 2009). What a text repeats counts by its logarithm.
"""

import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

_REVISION = 1
"""Goes up whenever the same text gets another vector."""

_TOKEN = re.compile(r"[^\W\d]\w*|\d+|[^\w\s]")
_WORD = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_FILLERS = frozenset(
    re.findall(
        r"\w+",
        "a an and any args as async await cls def else for from function if import in is kwargs lambda method none not "
        "of or pass plain return self the to typing unknown with yield",
    )
)
"""Words that say little about what a thing is."""
_USUAL = frozenset(
    re.findall(
        r"\w+", "bool bytes dict float int iterable list object optional sequence set str tuple type union value"
    )
)
"""Words that say something, and are nearly everywhere."""

_MIX = 0x9E3779B97F4A7C15
"""The golden ratio in 64 bits (Knuth, "The art of computer programming", 6.4): CRC's own bits depend on one another."""

_WORD_WEIGHT, _USUAL_WEIGHT, _FILLER_WEIGHT = 1.0, 0.5, 0.15
_JOINED_WEIGHT, _PIECES_WEIGHT = 0.6, 0.6
"""Of the words of a name in one (`file_name` is like `filename`), and of the pieces of a word."""
_PAIR_WEIGHT, _SHAPE_WEIGHT = 0.3, 0.15
"""Of two names beside one another, and of three tokens (`list [ int`)."""
_CALLED = 1.6
"""How much more a name weighs that a parenthesis follows: it says what the text is about."""

Feature = tuple[int, float]
"""A dimension, and what is added there."""


class LexicalEmbedder:
    """An embedder of the standard library alone. The same text gets the same vector in every process and Python.

    Args:
        dimensions: of the vectors; more keep more features apart and take more room.
    """

    def __init__(self, dimensions: int = 256) -> None:
        if dimensions < 1:
            raise ValueError(f"dimensions must be at least 1, got {dimensions}")
        self._dimensions = dimensions

    @property
    def name(self) -> str:
        """What made a vector."""
        return f"builtin-{_REVISION}-{self._dimensions}"

    @property
    def dimensions(self) -> int:
        """Numbers per vector."""
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of unit length per text; for one in which there is nothing, too."""
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        tokens = _TOKEN.findall(text)
        names = [token for token in tokens if token[0] == "_" or token[0].isalnum()]
        called = {name for name, after in pairwise(tokens) if after == "("}
        size = self._dimensions
        vector = [0.0] * size
        for name, times in Counter(names).items():
            factor = (1.0 + math.log(times)) * (_CALLED if name in called else 1.0)
            for slot, weight in _of_name(name, size):
                vector[slot] += factor * weight
        for neighbours, times in Counter(pairwise(names)).items():
            _add(vector, "p " + " ".join(neighbours).lower(), _PAIR_WEIGHT * (1.0 + math.log(times)))
        for three, times in Counter(zip(tokens, tokens[1:], tokens[2:], strict=False)).items():
            _add(vector, "s " + " ".join(three).lower(), _SHAPE_WEIGHT * (1.0 + math.log(times)))
        length = math.sqrt(sum(number * number for number in vector))
        if length < 1e-9:  # nothing to go by, or all of it cancelled out
            vector = [0.0] * size
            _add(vector, "t " + text, 1.0)
            length = 1.0
        return [number / length for number in vector]


def words(name: str) -> list[str]:
    """The words that an identifier is made of (`parseHTTPHeader_v2` → parse, http, header, v, 2), in lower case."""
    return [word.lower() for word in _WORD.findall(name)]


@lru_cache(maxsize=1 << 15)
def _of_name(name: str, size: int) -> tuple[Feature, ...]:
    """What an identifier or number adds: its words, their pieces, and itself where it has several words."""
    parts = words(name)
    found = [_feature("w " + word, size, _weight(word)) for word in parts]
    if len(parts) > 1:
        found.append(_feature("w " + "".join(parts), size, _JOINED_WEIGHT))
    for word in parts:
        if _weight(word) == _WORD_WEIGHT and len(word) > 3:
            padded = f"^{word}$"
            pieces = [padded[start : start + 3] for start in range(len(padded) - 2)]
            weight = _PIECES_WEIGHT / math.sqrt(len(pieces))
            found.extend(_feature("c " + piece, size, weight) for piece in pieces)
    return tuple(found)


def _weight(word: str) -> float:
    return _FILLER_WEIGHT if word in _FILLERS else _USUAL_WEIGHT if word in _USUAL else _WORD_WEIGHT


def _add(vector: list[float], feature: str, weight: float) -> None:
    slot, signed = _feature(feature, len(vector), weight)
    vector[slot] += signed


def _feature(text: str, size: int, weight: float) -> Feature:
    mixed = (zlib.crc32(text.encode("utf-8", "backslashreplace")) * _MIX) >> 24 & 0xFFFFFFFFFF
    return (mixed >> 1) % size, weight if mixed & 1 else -weight
