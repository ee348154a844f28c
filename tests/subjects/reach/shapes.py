"""Trap: what a value is, holds, or how two of them relate decides."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

TABLE = {"red": 1, "green": 2}


@dataclass
class Point:
    x: int
    y: int


class Job:
    def __init__(self, name, retries=0, parent=None):
        self.name = name
        self.retries = retries
        self.parent = parent
        self.log = []


def kinds(value):
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, Mapping):
        return "mapping"
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return "sequence"
    if type(value) is bytes:
        return "bytes"
    if callable(value):
        return "function"
    if hasattr(value, "read"):
        return "file"
    return "other"


def own_kind(value):
    if isinstance(value, Point):
        if value.x == value.y:
            return "diagonal"
        return "point"
    return "other"


def matched_class(value):
    match value:
        case Point(x=0, y=0):
            return "origin"
        case Point(x=0):
            return "axis"
        case int() | float() if value > 99:
            return "large"
        case {"kind": "circle", "radius": radius}:
            return radius
        case [first, 7, *_]:
            return first
        case None:
            return "nothing"
    return "other"


def required_keys(data):
    for key in ("host", "port"):
        if key not in data:
            raise ValueError(f"{key} is missing")
    if data["port"] == 8080:
        return "proxy"
    return "server"


def nested_keys(config):
    if config.get("database", {}).get("engine") == "sqlite":
        return "file"
    if "cache" in config and config["cache"]["size"] > 100:
        return "cached"
    return "server"


def divisible(n):
    if n % 15 == 0:
        return "fizzbuzz"
    if n % 7 == 3:
        return "three"
    return n


def between(value):
    if 250 <= value < 260:
        return "narrow"
    if value > 10_000:
        return "large"
    return "other"


def exact(number: float):
    if math.isclose(number, 2.71828, rel_tol=1e-6):
        return "e"
    if number * 2 == 37:
        return "half"
    return "other"


def compared(a, b):
    if a == b:
        return "equal"
    if a > b:
        return "first"
    return "second"


def sum_of_two(a: int, b: int):
    if a + b == 100:
        return "hundred"
    if a * b == 42:
        return "answer"
    return "other"


def same_length(a, b):
    if len(a) == len(b):
        if list(a) == list(b):
            return "equal"
        return "same length"
    return "different"


def contained(needle: str, haystack: str):
    if needle in haystack:
        if haystack.startswith(needle):
            return "start"
        if haystack.endswith(needle):
            return "end"
        return "inside"
    return "absent"


def triangle(a: int, b: int, c: int):
    if a + b <= c or a + c <= b or b + c <= a:
        return "none"
    if a == b == c:
        return "equilateral"
    if a == b or b == c or a == c:
        return "isosceles"
    if a * a + b * b == c * c:
        return "right"
    return "scalene"


def in_order(items):
    if len(items) > 2 and list(items) == sorted(items):
        return "ascending"
    if len(items) > 2 and list(items) == sorted(items, reverse=True):
        return "descending"
    if len(items) != len(set(items)):
        return "repeated"
    return "other"


def list_content(items):
    if not items:
        return "empty"
    if len(items) == 5:
        return "five"
    if None in items:
        return "gap"
    if all(isinstance(item, str) for item in items):
        return "texts"
    if sum(items) > 1000:
        return "large"
    return "other"


def pairs(items):
    for key, value in items:
        if key == "total" and value > 9:
            return value
    return None


def attributes(job: Job):
    if job.retries > 3:
        return "failing"
    if job.parent is not None:
        if job.parent.name == job.name:
            return "self"
        return "child"
    if not job.log:
        return "fresh"
    return "used"


def duck(thing):
    if thing.closed:
        return "closed"
    if thing.status == 404:
        return "missing"
    if "location" in thing.headers:
        return "moved"
    return "fine"


def dates(day: date):
    if day.month == 12 and day.day in (24, 25):
        return "holiday"
    if date(1999, 1, 1) < day < date(1999, 7, 1):
        return "summer"
    return "day"


def looked_up(colour, table=TABLE):
    number = table.get(colour)
    if number is None:
        return "unknown"
    return number


def subset(names):
    if set(names) == {"read", "write"}:
        return "both"
    if set(names) <= {"read", "write", "list"}:
        return "some"
    return "none"


def bit_field(flags: int):
    if flags & 0x40 and not flags & 0x01:
        return "sixth"
    if flags >> 4 == 3:
        return "three"
    return "other"


def matrix(rows):
    if len({len(row) for row in rows}) != 1:
        raise ValueError("ragged")
    if len(rows) == len(rows[0]):
        return "square"
    return "rectangle"


def optional_pair(start=None, stop=None):
    if start is None and stop is None:
        return "all"
    if start is not None and stop is not None:
        if start > stop:
            raise ValueError("backwards")
        return "both"
    return "half"


def truth(values):
    if any(values) and not all(values):
        return "mixed"
    if all(values):
        return "all"
    return "none"


def keyword_only(*, mode="r", size=None):
    if mode not in {"r", "w", "x"}:
        raise ValueError("mode")
    if mode == "x" and size:
        return "exclusive"
    return mode


def key_of_type(mapping):
    for key, value in mapping.items():
        if isinstance(key, int) and value == "one":
            return key
        if value is None:
            return "nothing"
    return "other"


class Gauge:
    def __init__(self, level: int = 0):
        self.level = level


def all_empty(*gauges: Gauge):
    for gauge in gauges:
        if not isinstance(gauge, Gauge):
            raise ValueError("only gauges can be empty")
        if gauge.level:
            return False
    return True
