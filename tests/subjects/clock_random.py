"""Trap: answers that waver: the clock, random numbers, hash order, object identities."""

import random
import time
import uuid
from datetime import date, datetime, timedelta


def greeting(name: str) -> str:
    """By the hour."""
    hour = datetime.now().hour
    if hour < 12:
        return f"Good morning, {name}"
    return f"Good day, {name}" if hour < 18 else f"Good evening, {name}"


def age(born: date, today: date | None = None) -> int:
    """In whole years; stable only when `today` is given."""
    today = today or date.today()
    if born > today:
        raise ValueError("not born yet")
    before_birthday = (today.month, today.day) < (born.month, born.day)
    return today.year - born.year - before_birthday


def is_expired(stored: float, ttl: float = 60.0) -> bool:
    """Whether more than `ttl` seconds have gone by."""
    return time.time() - stored > ttl


def roll(sides: int = 6, rng: random.Random | None = None) -> int:
    """A throw of a die; stable only with a seeded generator."""
    if sides < 2:
        raise ValueError("a die has two sides at least")
    return (rng or random).randint(1, sides)


def shuffled(items: list[int], seed: int | None = None) -> list[int]:
    """A copy in another order."""
    copy = list(items)
    random.Random(seed).shuffle(copy)
    return copy


def new_id(prefix: str = "") -> str:
    """Never the same twice."""
    return f"{prefix}{uuid.uuid4().hex[:8]}"


def tags(text: str) -> list[str]:
    """Unique words in the order of their hashes, which differs between processes."""
    return list(set(text.split()))


def stamp(thing: object) -> str:
    """Holds an address."""
    return f"{type(thing).__name__} at {id(thing):#x}"


def deadline(days: int) -> str:
    """A day from today on."""
    return (date.today() + timedelta(days=days)).isoformat()


def pause(seconds: float) -> float:
    """Sleeps, and says for how long it really was."""
    started = time.monotonic()
    time.sleep(seconds)
    return time.monotonic() - started
