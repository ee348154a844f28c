"""What in a text would differ tomorrow, or on another machine, though it was equal in every run today."""

import datetime
import re
import sys
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+|\b0x[0-9a-fA-F]{9,16}\b")
_IDENTITY = re.compile(r"\b(?:9[3-5]|13[89]|140)\d{12}\b")
"""`id()` of an object on 64-bit systems: addresses from 0x5500… and 0x7e00… in decimal."""

_SET = re.compile(r"\{(?:'[^'{}]*'|\"[^\"{}]*\")(?:, (?:'[^'{}]*'|\"[^\"{}]*\"))+\}")
"""The `repr` of a set of strings, inside a text: its order is the hash seed's."""

_HOMES = re.compile(r"(?<![\w.\-/])(?:/home/|/root/|/Users/|/private/var/|/var/folders/|[A-Z]:\\Users\\)[\w.\-]+")
_NUMBER = re.compile(r"(?<![\w.])\d{10,19}(?:\.\d+)?(?!\w)")
_CANDIDATE = re.compile("<candidate>")  # the file that the judge runs a candidate as
_YEAR = re.compile(r"(?<![\w.])(?:19|20)\d\d(?!\w|\.\d)")
_SECONDS_PER_DAY = 86_400


def volatile_span(text: str, *, known: str = "", now: datetime.datetime | None = None) -> tuple[int, int] | None:
    """Where the first thing stands that will not stay: an address, the order of a set, a path of this machine, or
    today's date and time; None when there is none.

    Args:
        text: what was observed.
        known: the test's own code; what stands in it is the test's, not the world's.
        now: moment that counts as today, naive local time; the clock's when None.
    """
    spans = [span for span in _spans(text, now or datetime.datetime.now()) if text[span[0] : span[1]] not in known]
    return min(spans, default=None)


def is_volatile(text: str, *, known: str = "", now: datetime.datetime | None = None) -> bool:
    """Whether `volatile_span` finds anything."""
    return volatile_span(text, known=known, now=now) is not None


def _spans(text: str, now: datetime.datetime) -> Iterator[tuple[int, int]]:
    for pattern in (_ADDRESS, _IDENTITY, _CANDIDATE, _HOMES, _machine_paths(), _dates(now.date())):
        for found in pattern.finditer(text):
            yield found.span()
    for found in _SET.finditer(text):
        if found.span() != (0, len(text)):  # a whole source text is a value that compares without order
            yield found.span()
    for found in _NUMBER.finditer(text):
        digits = found[0].partition(".")[0]
        seconds = int(digits) / 10 ** (len(digits) - 10)
        if abs(seconds - now.timestamp()) < 2 * _SECONDS_PER_DAY:
            yield found.span()
    for found in _YEAR.finditer(text):
        if found[0] == str(now.year):
            yield found.span()


@lru_cache
def _machine_paths() -> re.Pattern[str]:
    """Folders that are this machine's or this run's: home, working and temporary folders, the interpreter's."""
    roots = {str(p) for p in (Path.home(), Path.cwd(), Path(sys.prefix), Path(sys.base_prefix))} - {
        "/",
        "/usr",
        "/usr/local",
    }
    temporary = re.escape(tempfile.gettempdir())
    inside = rf"{temporary}/(?:[\w.\-]*(?:qeforge|pytest|tmp)[\w.\-]*|[\w.\-]*\d[\w.\-]*)"
    return re.compile("|".join((*(rf"{re.escape(root)}(?![\w.\-])" for root in sorted(roots)), inside)))


@lru_cache
def _dates(today: datetime.date) -> re.Pattern[str]:
    """Yesterday, today and tomorrow (it is never the same day everywhere), as people and `repr` write them."""
    texts: set[str] = set()
    for offset in (-1, 0, 1):
        day = today + datetime.timedelta(days=offset)
        y, m, d = day.year, day.month, day.day
        texts |= {
            day.strftime(form)
            for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y")
        }
        texts |= {
            day.strftime(form) for form in ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%a %b %d", "%d-%b-%Y")
        }
        texts |= {
            f"{y}, {m}, {d}",
            f"{day:%b} {d}, {y}",
            f"{day:%B} {d}, {y}",
            f"{d} {day:%b} {y}",
            f"{d} {day:%B} {y}",
        }
        texts |= {f"year={y}, month={m}, day={d}", f"tm_year={y}, tm_mon={m}, tm_mday={d}"}
    return re.compile(
        "|".join(rf"(?<!\d){re.escape(text)}(?!\d)" for text in sorted(texts, key=lambda t: (-len(t), t)))
    )
