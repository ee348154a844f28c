"""Trap: importing ends the process, as scripts without a main guard do."""

import sys


def convert(text: str) -> str:
    """Never reached."""
    return text.swapcase()


print("usage: import_exits TEXT", file=sys.stderr)
sys.exit(2)
