"""Text in, values out. Every parser raises `ValueError` and names what it met."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

UNIT_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}

_DURATION_PART = re.compile(r"(\d+)\s*([wdhms])\s*")
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2})")
_ROMAN = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_VERSION = re.compile(
    r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z.-]+))?"
)


class Version(NamedTuple):
    """A semantic version; `pre` is empty for a release."""

    major: int
    minor: int
    patch: int
    pre: str = ""

    def precedes(self, other: "Version") -> bool:
        """Whether it is the older one. A pre-release is older than its release."""
        if self[:3] != other[:3]:
            return self[:3] < other[:3]
        if not self.pre or not other.pre:
            return bool(self.pre) and not other.pre
        return _pre_release_key(self.pre) < _pre_release_key(other.pre)

    def __str__(self) -> str:
        core = f"{self.major}.{self.minor}.{self.patch}"
        return f"{core}-{self.pre}" if self.pre else core


def parse_duration(text: str) -> int:
    """Seconds in a duration.

    Takes units from weeks to seconds, largest first, each once; a clock reading; or a
    bare number of seconds.

    >>> parse_duration("2h32m")
    9120
    >>> parse_duration("5 parsecs")
    Traceback (most recent call last):
        ...
    ValueError: not a duration: '5 parsecs'
    """
    cleaned = text.strip().lower()
    if not cleaned:
        raise ValueError("an empty text is not a duration")
    if cleaned.isdecimal():
        return int(cleaned)
    clock = _CLOCK.fullmatch(cleaned)
    if clock:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        if seconds >= 60 or (clock[1] and minutes >= 60):
            raise ValueError(f"minutes and seconds end at 59: {text!r}")
        return hours * 3_600 + minutes * 60 + seconds
    return _sum_of_units(cleaned, text)


def _sum_of_units(cleaned: str, original: str) -> int:
    total, position, previous = 0, 0, None
    while position < len(cleaned):
        part = _DURATION_PART.match(cleaned, position)
        if part is None:
            raise ValueError(f"not a duration: {original!r}")
        size = UNIT_SECONDS[part[2]]
        if previous is not None and size >= previous:
            raise ValueError(f"units must go from large to small: {original!r}")
        total += int(part[1]) * size
        position, previous = part.end(), size
    return total


def iter_pairs(lines: Iterable[str], separator="=", comment="#") -> Iterator[tuple]:
    """Yield `(key, value)` for each line that has one.

    Blank lines and comments are passed over; quotes around a value are taken off.
    """
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith(comment):
            continue
        key, found, value = stripped.partition(separator)
        if not found:
            raise ValueError(f"line {number} has no {separator!r}: {stripped!r}")
        if not key.strip():
            raise ValueError(f"line {number} has no key")
        yield key.strip(), _unquote(value.strip())


def parse_pairs(text, separator="=", allow_repeats=False):
    """All pairs of a text as a dict; a repeated key is an error unless allowed.

    >>> parse_pairs("host = example.org\\n# a comment\\nport = '8080'")
    {'host': 'example.org', 'port': '8080'}
    """
    pairs = {}
    for key, value in iter_pairs(text.splitlines(), separator):
        if key in pairs and not allow_repeats:
            raise ValueError(f"{key!r} is set twice")
        pairs[key] = value
    return pairs


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def parse_version(text: str) -> Version:
    """A semantic version; a leading `v` and build metadata are dropped.

    >>> parse_version("v2.10.0-rc.1+build.7")
    Version(major=2, minor=10, patch=0, pre='rc.1')
    """
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a semantic version: {text!r}")
    major, minor, patch, pre, _build = match.groups()
    return Version(int(major), int(minor), int(patch), pre or "")


def _pre_release_key(pre: str) -> list:
    """Numbers come before words, and numbers compare as numbers."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in pre.split(".")
    ]


def parse_roman(numeral: str) -> int:
    """The number that a roman numeral from I to MMMCMXCIX stands for.

    >>> parse_roman("MCMXCIV")
    1994
    """
    letters = numeral.strip().upper()
    if not letters or not _ROMAN.fullmatch(letters):
        raise ValueError(f"not a roman numeral: {numeral!r}")
    total = largest = 0
    for letter in reversed(letters):
        value = ROMAN_VALUES[letter]
        if value < largest:
            total -= value
        else:
            total += value
            largest = value
    return total


def split_line(line, delimiter=",", quote='"'):
    """Fields of one delimited line; a doubled quote inside quotes stands for itself.

    >>> split_line('plain,"with, comma","a ""b"" c"')
    ['plain', 'with, comma', 'a "b" c']
    """
    if len(delimiter) != 1 or delimiter == quote:
        raise ValueError("the delimiter must be one character other than the quote")
    fields, current, quoted = [], [], False
    position = 0
    while position < len(line):
        char = line[position]
        if quoted and char == quote:
            if line[position + 1 : position + 2] == quote:
                current.append(quote)
                position += 1
            else:
                quoted = False
        elif quoted:
            current.append(char)
        elif char == quote and not current:
            quoted = True
        elif char == delimiter:
            fields.append("".join(current))
            current = []
        else:
            current.append(char)
        position += 1
    if quoted:
        raise ValueError(f"a quote is left open: {line!r}")
    return [*fields, "".join(current)]
