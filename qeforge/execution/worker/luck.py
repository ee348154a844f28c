"""Whether a candidate draws on the random generator that everybody shares.

A coin that fell on the same side three times looks as if it always did: who draws has to be looked at more often.
"""

import sys
from typing import Any


class Luck:
    """The state of the generator behind the functions of `random`, to be compared with what it is later.

    Generators of somebody's own, seeded or not, and the system's are not seen.
    """

    def __init__(self) -> None:
        self._before = _state()

    def was_drawn_on(self) -> bool:
        """Whether it is in another state now; also where it was seeded anew."""
        return bool(_state() != self._before)


def _state() -> Any:
    shared = getattr(sys.modules.get("random"), "_inst", None)
    try:
        return shared.getstate() if shared is not None else None
    except Exception:  # the code under test has put something else there
        return None
