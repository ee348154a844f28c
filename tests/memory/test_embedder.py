import math
import os
import subprocess
import sys
import time
import zlib
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qeforge.memory.embedder import LexicalEmbedder, _feature, words
from tests.memory.vectors import cosine

EMBEDDER = LexicalEmbedder()
SAMPLES = (
    "parse_date(text: str, *, day_first: bool = False) -> datetime.date",
    "",
    "héllo wörld 世界 \ud800",
    "x" * 5000,
)


def like(one: str, other: str) -> float:
    first, second = EMBEDDER.embed([one, other])
    return cosine(first, second)


def mark(vectors: list[list[float]]) -> int:
    """Of the vectors, to six places."""
    return zlib.crc32(" ".join(f"{number:.6f}" for vector in vectors for number in vector).encode())


@pytest.mark.parametrize(
    "name,expected",
    [
        ("parse_date", ["parse", "date"]),
        ("parseHTTPHeader", ["parse", "http", "header"]),
        ("IPv4Address", ["i", "pv", "4", "address"]),
        ("__init__", ["init"]),
        ("x2y", ["x", "2", "y"]),
        ("_", []),
        ("größe_maß", ["größe", "maß"]),
        ("HTML", ["html"]),
        ("aB", ["a", "b"]),
    ],
)
def test_identifiers_are_made_of_words(name: str, expected: list[str]) -> None:
    assert words(name) == expected


@settings(max_examples=50, deadline=None, derandomize=True)
@given(text=st.text(max_size=80), dimensions=st.sampled_from([1, 2, 7, 64, 256]))
def test_every_text_has_a_vector_of_unit_length(text: str, dimensions: int) -> None:
    embedder = LexicalEmbedder(dimensions)
    [vector] = embedder.embed([text])
    assert len(vector) == dimensions == embedder.dimensions
    assert math.hypot(*vector) == pytest.approx(1)


def test_the_vector_of_a_text_does_not_depend_on_the_others() -> None:
    together = EMBEDDER.embed(SAMPLES)
    assert together == [EMBEDDER.embed([text])[0] for text in SAMPLES] == LexicalEmbedder().embed(SAMPLES)
    assert EMBEDDER.embed([]) == []


def test_it_is_the_same_in_every_process_and_python() -> None:
    assert mark(EMBEDDER.embed(SAMPLES[:2])) == 2_770_460_587, "other vectors: raise _REVISION, and then this"
    program = "from tests.memory.test_embedder import *; print(mark(EMBEDDER.embed(SAMPLES)))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert printed == {str(mark(EMBEDDER.embed(SAMPLES)))}


def test_the_name_says_what_made_a_vector() -> None:
    assert EMBEDDER.name == "builtin-1-256"
    assert LexicalEmbedder(64).name == "builtin-1-64"
    with pytest.raises(ValueError, match="at least 1, got 0"):
        LexicalEmbedder(0)


@pytest.mark.parametrize(
    "text,near,far",
    [
        ("parse_date(text: str)", "parseDate(value: str)", "parse_url(text: str)"),
        ("median(data)", "median_low(values)", "variance(data)"),
        ("copy_tree(src, dst, symlinks)", "copytree(source, dst, ignore)", "remove_tree(path, ignore_errors)"),
        ("total(rows: list[int])", "maximum(numbers: list[int])", "maximum(text: str)"),
        ("is_private(address)", "is_public(address)", "open_file(path)"),
        ("Cart.add(item: Item, count: int)", "Basket.put(item: Item, count: int)", "Cart.clear()"),
        ("tokenizer(text)", "tokenise(text)", "compress(text)"),
        ("f(a: dict[str, int])", "g(b: dict[str, int])", "g(b: int, c: str)"),
    ],
)
def test_texts_that_are_alike_are_near(text: str, near: str, far: str) -> None:
    assert like(text, near) > like(text, far) + 0.05


def test_texts_that_share_nothing_are_nearly_at_right_angles() -> None:
    pairs = [("parse_date(text)", "window.resize(height)"), ("median(data)", "open_socket(host, port)")]
    pairs += [("compress(block)", "is_weekend(day)"), ("render_template(page)", "hash_password(secret)")]
    assert sum(abs(like(one, other)) for one, other in pairs) / len(pairs) < 0.1


def test_what_is_repeated_counts_by_its_logarithm() -> None:
    once, often = like("read file", "read"), like("read " + "file " * 8, "read")
    assert once > often > once / 4


def test_features_are_spread_evenly_and_with_both_signs() -> None:
    features = [_feature(f"c {number:x}", 256, 1.0) for number in range(25_600)]
    times = Counter(slot for slot, _ in features)
    assert set(times) == set(range(256))
    assert all(50 < count < 150 for count in times.values())  # 100 on average, 5 standard deviations
    positive = Counter(slot for slot, weight in features if weight > 0)
    assert all(0.25 < positive[slot] / times[slot] < 0.75 for slot in times)


def test_a_text_takes_less_than_a_millisecond() -> None:
    texts = [
        f"store.Class{number}.method_{number}(first: list[int], second: str = '') -> dict" for number in range(300)
    ]
    best = min(timed(texts) for _ in range(3))
    assert best / len(texts) < 0.001


def timed(texts: list[str]) -> float:
    started = time.process_time()
    EMBEDDER.embed(texts)
    return time.process_time() - started
