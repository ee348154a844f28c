"""Trap: importing raises, through another function and with a cause; the reason to report is the last line."""

import json

RAW = '{"limit": "ten"}'


def _limit(raw: str) -> int:
    settings = json.loads(raw)
    try:
        return int(settings["limit"])
    except ValueError as error:
        raise RuntimeError("the limit in RAW must be a number") from error


LIMIT = _limit(RAW)


def within(count: int) -> bool:
    """Never reached."""
    return count <= LIMIT
