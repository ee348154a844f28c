"""`match=` patterns a person would write: the message itself, escaped where it must be, no longer than it has to be."""

import datetime
import re
from collections.abc import Sequence

from qeforge.oracle.volatile import volatile_span

LONGEST = 64
"""Characters of a pattern; longer messages are cut at a word."""

_SPECIAL = re.compile(r"[.^$*+?()\[|\\]|\{(?=\d*,?\d*\})")
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
_SHORTEST = 6


def match_pattern(messages: Sequence[str], *, known: str = "", now: datetime.datetime | None = None) -> str | None:
    """A regular expression that is found in every one of `messages`; None when they share nothing worth stating.

    Args:
        messages: the same exception's text in several runs, one at least.
        known, now: see `volatile_span`.
    """
    stable, whole = _stable_part(messages, known, now)
    start = "^"
    if _ERRNO.match(stable):
        stable, start = _ERRNO.sub("", stable), ""
    first_line = stable.split("\n", 1)[0]
    if len(first_line) < len(stable):
        stable, whole = first_line, False
    if len(stable) > LONGEST:
        stable, whole = _cut_at_word(stable[:LONGEST]), False
    stable = stable.rstrip(" \t" if whole else " \t.:,;('\"[{<")
    if whole and stable.endswith(".") and len(stable) > _SHORTEST:
        stable = stable.rstrip(".")
    if not stable or (not whole and (len(stable) < _SHORTEST or not any(map(str.isalpha, stable)))):
        return None
    return ("" if whole else start) + _SPECIAL.sub(lambda found: "\\" + found[0], stable)


def string_source(text: str, *, pattern: bool = False) -> str:
    """Source of a string literal, in double quotes where that needs no escape; raw for a pattern with a backslash."""
    if pattern and "\\" in text and "\n" not in text and text.isprintable() and not text.endswith("\\"):
        if '"' not in text:
            return f'r"{text}"'
        if "'" not in text:
            return f"r'{text}'"
    source = repr(text)
    if source[0] == "'" and '"' not in text and "\\'" not in source:
        return f'"{source[1:-1]}"'
    return source


def _stable_part(messages: Sequence[str], known: str, now: datetime.datetime | None) -> tuple[str, bool]:
    """What all messages begin with, up to anything volatile; and whether that is all of them."""
    shared = _common_start(messages)
    whole = all(message == shared for message in messages)
    span = volatile_span(shared, known=known, now=now)
    if span is not None:
        return _cut_at_word(shared[: span[0]]), False
    return (shared, True) if whole else (_cut_at_word(shared), False)


def _common_start(texts: Sequence[str]) -> str:
    low, high = min(texts), max(texts)
    same = (i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b)
    return low[: next(same, min(len(low), len(high)))]


def _cut_at_word(text: str) -> str:
    """Without the last, possibly half, word."""
    return text if text.endswith(" ") else text.rpartition(" ")[0]
