"""Trap: deep branches behind predicates on text: prefixes, membership, regexes, lengths, splits, `int()`.

Chance does not find these inputs; the operands in the code do.
"""

import re

UNITS = {"k": 1_000, "M": 1_000_000}
_TICKET = re.compile(r"([A-Z]{2,4})-(\d+)(?:/(draft|final))?")


def classify_url(url: str) -> str:
    """What a link leads to."""
    if url.startswith("mailto:"):
        return "mail" if "@" in url else "broken mail"
    if url.startswith(("http://", "https://")):
        host, _, path = url.split("//", 1)[1].partition("/")
        if not host:
            return "broken"
        if host.endswith(".onion"):
            return "hidden"
        if path.endswith((".png", ".jpg")):
            return "image"
        return "search" if "?q=" in path else "page"
    return "anchor" if url[:1] == "#" and len(url) > 1 else "unknown"


def ticket_number(text: str) -> int:
    """`ABC-123` or `ABC-123/final`; drafts count below zero."""
    match = _TICKET.fullmatch(text)
    if match is None:
        raise ValueError(f"not a ticket: {text!r}")
    project, number, state = match.groups()
    if project == "TEST":
        return 0
    return -int(number) if state == "draft" else int(number)


def parse_range(text: str) -> tuple[int, int]:
    """`3..7`, `3..` or `..7`."""
    first, dots, last = text.partition("..")
    if not dots:
        raise ValueError("two dots are missing")
    low = int(first) if first else 0
    high = int(last) if last else 99
    if low > high:
        raise ValueError(f"{low} is above {high}")
    if high - low == 42:
        return (low, -1)
    return (low, high)


def command(line: str) -> tuple[str, object]:
    """A line of a small protocol: `SET key=value`, `GET key`, `INCR key 5k`, `QUIT`."""
    words = line.strip().split()
    if not words:
        return ("empty", None)
    verb, arguments = words[0].upper(), words[1:]
    if verb == "QUIT" and not arguments:
        return ("quit", None)
    if verb == "GET" and len(arguments) == 1:
        return ("get", arguments[0])
    if verb == "SET" and len(arguments) == 1 and "=" in arguments[0]:
        key, value = arguments[0].split("=", 1)
        return ("clear", key) if value == "" else ("set", (key, value))
    if verb == "INCR" and len(arguments) == 2:
        amount = arguments[1]
        if amount[-1] in UNITS:
            return ("incr", int(amount[:-1]) * UNITS[amount[-1]])
        return ("incr", int(amount))
    raise ValueError(f"cannot understand {verb}")
