"""Each rewriting is held against the operation that it undoes."""

import base64
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from qeforge.engine.origins import Clues, missing, resized, rewritten, rewritten_bytes

CLUES = Clues(layouts=("%d/%m/%Y",))


@pytest.mark.parametrize(
    ("old", "sees", "wanted"),
    [
        ("abc.txt", lambda text: text[-3:], "csv"),
        ("Abc", str.lower, "header"),
        ("a-b c", lambda text: text.replace("-", "").replace(" ", ""), "xyz"),
        ("abc", lambda text: text[::-1], "step"),
        ("a=1", lambda text: text.partition("=")[0], "name"),
        ("a", lambda text: text.partition("=")[2], "1"),
        ("width 12", lambda text: int(text.split()[1]), 640),
        ("007", int, 12),
        ("-1.5", float, 2.5),
        ("ff", lambda text: int(text, 16), 16),
        ("a1", lambda text: ord(text[0]), ord("z")),
        ("abc", len, 7),
        ("abcdef", len, 2),
        ("a,b", lambda text: len(text.split(",")), 4),
        ("a b c", lambda text: len(text.split()), 2),
        ("a/b", lambda text: text.count("/"), 3),
        ("2020-01-31", lambda text: date.fromisoformat(text).month, 12),
        ("31/01/2020", lambda text: datetime.strptime(text, "%d/%m/%Y").year, 1999),
        ("2020-01-31", lambda text: date.fromisoformat(text), date(1990, 12, 25)),
        ("a b", str.split, ["x", "y", "z"]),
        ("abc", lambda text: text.encode(), b"xyz"),
        ("YWJj", lambda text: base64.b64decode(text), b"xyz"),
        ("0a", bytes.fromhex, b"\xff\xfe"),
    ],
)
def test_one_of_the_first_texts_gives_what_was_wanted(old: str, sees: Callable[[str], Any], wanted: Any) -> None:
    def gives(text: str) -> bool:
        try:
            return bool(sees(text) == wanted)
        except (ValueError, IndexError):
            return False

    found = list(rewritten(old, sees(old), wanted, CLUES))[:12]

    assert not gives(old)
    assert any(map(gives, found)), found


@pytest.mark.parametrize(("seen", "wanted"), [(True, 5), (1, False), ("a", 1), (None, "a")])
def test_what_cannot_be_undone_gives_nothing(seen: object, wanted: object) -> None:
    assert list(rewritten("a1", seen, wanted, CLUES)) == []


@pytest.mark.parametrize(
    ("old", "sees", "wanted"),
    [
        (b"GIF89a", lambda data: data[:3], b"PNG"),
        (b"GIF89a", lambda data: data[3:].decode(), "87a"),
        (b"\x00\x01xy", lambda data: int.from_bytes(data[:2], "big"), 513),
        (b"abc", len, 5),
    ],
)
def test_bytes_give_what_was_wanted(old: bytes, sees: Callable[[bytes], Any], wanted: Any) -> None:
    assert any(sees(data) == wanted for data in rewritten_bytes(old, sees(old), wanted))


@pytest.mark.parametrize(("text", "size", "expected"), [("abc", 2, "ab"), ("abc", 5, "abccc"), ("", 2, "aa")])
def test_a_text_of_a_size(text: str, size: int, expected: str) -> None:
    assert resized(text, size) == expected


def test_a_missing_key_is_added_behind_what_there_is() -> None:
    found = list(missing("a=1", "name", Clues(separators=(";",))))

    assert found == ["name", "name=1", "name: 1", "a=1;name=1", "a=1;name"]
