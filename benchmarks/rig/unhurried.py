"""qeforge's command line on a clock that goes a hundred times slower, so that the clock cuts nothing.

    python unhurried.py generate … --max-time 2 --jobs 1

What is left to bound the search is the counted work that belongs to `--max-time` (executions, closer looks, mutants:
`qeforge/refinement/limits.py`), which is the same on a busy machine and an idle one. Seconds that such a run states
about itself are too few by `SLOWNESS`. A job in a process of its own would have its own clock: `--jobs 1` only.
"""

import sys
import time

from qeforge.cli.__main__ import start
from qeforge.refinement.module import MonotonicClock

SLOWNESS = 100.0


def slow(self: MonotonicClock) -> float:
    """Seconds, of which each takes long."""
    return time.monotonic() / SLOWNESS


if __name__ == "__main__":
    MonotonicClock.now = slow  # type: ignore[method-assign]
    sys.exit(start())
