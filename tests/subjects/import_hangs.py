"""Trap: importing never ends: it waits for a peer that does not exist, and takes no interruption for an answer."""

import time


def _peer_is_up() -> bool:
    return False


while not _peer_is_up():
    try:
        time.sleep(0.5)
    except Exception:
        continue


def ask_peer(question: str) -> str:
    """Never reached."""
    return question.upper()
