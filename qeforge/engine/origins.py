"""Where in an input a value came from that a predicate saw, and the input that would have given another.

A predicate rarely sees the argument itself: it sees a part of it, in lower case, its length, the number of its pieces,
the integer that a part spells, a field of the date that it writes. Each of these has an inverse; whichever explains the
value that was seen is undone for the value that was wanted.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

_LONGEST = 300
_FILLERS = "abcdefgh"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_HEX = re.compile(r"[0-9a-fA-F]+")
_ORDERS: tuple[Literal["big", "little"], ...] = ("big", "little")
_FIELDS = ("year", "month", "day", "hour", "minute", "second")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What is known of the texts that a function reads: `separators` between its pieces, `layouts` of its dates."""

    separators: tuple[str, ...] = (" ", ",", "=", ":", ";", ".")
    layouts: tuple[str, ...] = ()


def rewritten(old: str, seen: Any, wanted: Any, clues: Clues) -> Iterator[str]:
    """Texts near `old` in which what was `seen` may have become `wanted`, the surest first; may repeat itself."""
    if isinstance(seen, bool) or isinstance(wanted, bool):
        return
    match seen, wanted:
        case str(), str():
            yield from _part(old, seen, wanted, clues)
        case int(), int():
            yield from _number(old, seen, wanted)
            yield from _fields(old, seen, wanted, clues)
            yield from _size(old, seen, wanted, clues)
            yield from _shifted(old, seen, wanted)
        case ((int() | float()), (int() | float())):
            yield from _number(old, seen, wanted)
        case ((list() | tuple()), (list() | tuple())):
            yield from _pieces(old, seen, wanted, clues)
        case bytes(), bytes():
            yield from _coded(old, seen, wanted)
        case ((date() | time()), (date() | time())):
            yield from _moment(old, seen, wanted, clues)


def rewritten_bytes(old: bytes, seen: Any, wanted: Any) -> Iterator[bytes]:
    """The same for bytes: a part, the length, a number that some of them stand for."""
    if isinstance(seen, bytes) and isinstance(wanted, bytes):
        if seen and seen in old:
            yield old.replace(seen, wanted, 1)
        elif not seen:
            yield old + wanted
    elif isinstance(seen, str) and isinstance(wanted, str) and seen and seen.encode() in old:
        yield old.replace(seen.encode(), wanted.encode("utf-8", "replace"), 1)
    elif type(seen) is int and type(wanted) is int:
        for width in (1, 2, 4, 8):
            for start in range(len(old) - width + 1):
                for order in _ORDERS:
                    if int.from_bytes(old[start : start + width], order) == seen and 0 <= wanted < 256**width:
                        yield old[:start] + wanted.to_bytes(width, order) + old[start + width :]
        if len(old) == seen and 0 <= wanted <= _LONGEST:
            yield (old + b"a" * wanted)[:wanted]


def resized(text: str, size: int) -> str:
    """The text cut, or its last character repeated, to that many characters."""
    return (text + (text[-1:] or "a") * size)[:size]


def missing(old: str, key: str, clues: Clues) -> Iterator[str]:
    """Texts in which something named `key` can be found, after what there is and alone."""
    yield from (key, f"{key}=1", f"{key}: 1")
    for separator in clues.separators[:3]:
        yield f"{old}{separator}{key}=1"
        yield f"{old}{separator}{key}"


def _part(old: str, seen: str, wanted: str, clues: Clues) -> Iterator[str]:
    if not seen:
        yield old + wanted
        yield wanted + old
        for separator in clues.separators[:6]:
            yield f"{old}{separator}{wanted}"
        return
    if old == seen:
        yield wanted
        return
    for start in dict.fromkeys((old.find(seen), old.rfind(seen))):
        if start >= 0:
            yield old[:start] + wanted + old[start + len(seen) :]
    start = old.lower().find(seen.lower())
    if start >= 0 and seen not in old and len(old.lower()) == len(old):
        yield old[:start] + wanted + old[start + len(seen) :]
    bare = re.sub(r"[\W_]", "", old)
    if bare and bare.lower() == re.sub(r"[\W_]", "", seen).lower():
        yield wanted
    if len(seen) > 1 and seen == old[::-1]:
        yield wanted[::-1]
        yield old + seen  # a text that reads the same both ways
    if len(seen) > len(old) > 0 and old in seen:
        yield wanted


def _number(old: str, seen: int | float, wanted: int | float) -> Iterator[str]:
    for found in _NUMBER.finditer(old):
        spelled = found[0]
        for start, text in ((found.start(), spelled), (found.start() + 1, spelled[1:])):
            if (start == found.start() or spelled[0] == "-") and float(text) == seen:
                yield old[:start] + _like(text, wanted) + old[found.end() :]
    if isinstance(seen, int) and isinstance(wanted, int) and wanted >= 0:
        for found in _HEX.finditer(old):
            if not found[0].isdecimal() and len(found[0]) < 17 and int(found[0], 16) == seen:
                yield old[: found.start()] + f"{wanted:0{len(found[0])}x}" + old[found.end() :]
        for position, char in enumerate(old):
            if ord(char) == seen and wanted < 0x110000 and not 0xD800 <= wanted < 0xE000:
                yield old[:position] + chr(wanted) + old[position + 1 :]
                break


def _like(spelled: str, wanted: int | float) -> str:
    """The number as wide as it was written."""
    if isinstance(wanted, int) and spelled.lstrip("-").startswith("0") and wanted >= 0:
        return str(wanted).zfill(len(spelled))
    return str(wanted)


def _size(old: str, seen: int, wanted: int, clues: Clues) -> Iterator[str]:
    """As many characters, pieces or repetitions as wanted."""
    if not 0 <= wanted <= _LONGEST or seen == wanted:
        return
    if len(old) == seen:
        yield resized(old, wanted)
    more = wanted - seen
    if more > _LONGEST:
        return
    for separator in clues.separators[:8]:
        pieces = old.split(separator)
        if separator not in old and seen > 1:
            continue
        if 0 < more <= 30 and len(pieces) - 2 <= seen <= len(pieces) + 1:
            last = pieces[-1] if pieces[-1].strip() and separator in old else ""
            fillers = [last or _FILLERS[i % len(_FILLERS)] for i in range(more)]
            yield separator.join([*pieces, *fillers]) if old else separator.join(fillers)
        elif more < 0 and len(pieces) == seen and wanted > 0:
            yield separator.join(pieces[:wanted])
    if more > 0:
        for char in dict.fromkeys(old):
            if not char.isalnum() and old.count(char) in (seen, -seen):
                spot = old.index(char)
                yield old[:spot] + char * more + old[spot:]
    if 0 < len(old) != seen and seen < len(old):
        yield old + old[-1] * more if more > 0 else old[:more]


def _shifted(old: str, seen: int, wanted: int) -> Iterator[str]:
    """A sum, a remainder, a check digit: the last number moved by the difference, then every other last digit."""
    numbers = list(_NUMBER.finditer(old))
    if not numbers or not old[-1].isalnum():
        return
    last = numbers[-1]
    if last[0].isdecimal() and len(last[0]) < 12:
        moved = int(last[0]) + wanted - seen
        if moved >= 0 and len(str(moved)) <= len(last[0]):
            yield old[: last.start()] + str(moved).zfill(len(last[0])) + old[last.end() :]
    if len(old) >= 8 and 0 <= seen < 100 and last.end() == len(old) and sum(map(str.isdigit, old)) >= 8:
        for digit in "0123456789X":
            if digit != old[-1]:
                yield old[:-1] + digit


def _pieces(old: str, seen: Sequence[Any], wanted: Sequence[Any], clues: Clues) -> Iterator[str]:
    if all(isinstance(piece, str) for piece in (*seen, *wanted)) and seen:
        for separator in (None, *clues.separators):
            if [piece.strip() for piece in old.split(separator)] == [piece.strip() for piece in seen]:
                yield (separator or " ").join(wanted)
                break
    if len(seen) == len(wanted):
        text = old
        for before, after in zip(seen, wanted, strict=True):
            if before != after:
                text = next(rewritten(text, before, after, clues), text)
        if text != old:
            yield text


def _coded(old: str, seen: bytes, wanted: bytes) -> Iterator[str]:
    if old.encode("utf-8", "replace") == seen:
        yield wanted.decode("utf-8", "replace")
    try:
        if base64.b64decode(old, validate=True) == seen:
            yield base64.b64encode(wanted).decode()
    except (binascii.Error, ValueError):
        pass
    try:
        if bytes.fromhex(old) == seen:
            yield wanted.hex()
    except ValueError:
        pass


def _read_moments(old: str, clues: Clues) -> Iterator[tuple[Any, str]]:
    """What the text means as a date or a time, with the layout that it is written in, empty for ISO 8601."""
    for kind in (date, datetime, time):
        try:
            yield kind.fromisoformat(old), ""
        except ValueError:
            continue
    for layout in clues.layouts:
        try:
            yield datetime.strptime(old, layout), layout
        except (ValueError, re.error):
            continue


def _written(moment: Any, layout: str) -> str:
    return str(moment.strftime(layout) if layout else moment.isoformat())


def _fields(old: str, seen: int, wanted: int, clues: Clues) -> Iterator[str]:
    """A date with another month, a time with another hour."""
    for moment, layout in _read_moments(old, clues):
        for name in _FIELDS:
            if getattr(moment, name, None) == seen:
                for other in ({}, {"day": 28}, {"year": 2020}, {"year": 2020, "day": 29}):
                    try:
                        yield _written(moment.replace(**{**other, name: wanted}), layout)
                    except (ValueError, TypeError, OverflowError):
                        continue
                    break


def _moment(old: str, seen: Any, wanted: Any, clues: Clues) -> Iterator[str]:
    for moment, layout in _read_moments(old, clues):
        if moment == seen or (isinstance(moment, datetime) and seen in (moment.date(), moment.time())):
            try:
                yield _written(wanted, layout)
            except ValueError:
                continue
