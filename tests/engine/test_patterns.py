import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.engine.patterns import matching, near_misses


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{3}-[a-z]+$",
        r"(?i)https?://[^/\s]+(/.*)?",
        r"(?P<hours>\d+)h(?:(?P<minutes>\d+)m)?",
        r"^[^@]+@\w+\.\w{2,}$",
        r"(a)(?(1)b|c)\1",
        r"[^\x00-\x7f]+",
        r"\A\s*#",
    ],
)
def test_every_text_is_found_by_the_pattern(pattern: str) -> None:
    texts = matching(pattern, random.Random(1))

    assert texts
    assert all(re.search(pattern, text) for text in texts)


def test_an_invalid_pattern_has_no_texts() -> None:
    assert matching("(", random.Random(1)) == []


def test_the_same_seed_gives_the_same_texts() -> None:
    assert matching(r"\w{4}\d*", random.Random(7)) == matching(r"\w{4}\d*", random.Random(7))


@given(st.text(max_size=20), st.integers())
def test_a_near_miss_is_another_text(text: str, seed: int) -> None:
    assert text not in near_misses(text, random.Random(seed))
