"""As `unhurried.py`, and every run tries all mutants, whatever its budget: so that the quality of suites that were made
with different budgets means the same."""

import sys
from dataclasses import replace

from qeforge.cli.__main__ import start
from qeforge.refinement import module
from qeforge.refinement.limits import Limits
from qeforge.refinement.module import MonotonicClock

try:
    from rig.unhurried import slow
except ImportError:  # started as a program, from this folder
    from unhurried import slow  # type: ignore[import-not-found, no-redef]


class AllMutants(Limits):
    """The work that belongs to a budget, but for mutants."""

    @classmethod
    def within(cls, seconds: float, rounds: int) -> Limits:
        """As it is, with all of them."""
        return replace(Limits.within(seconds, rounds), mutants=sys.maxsize)


if __name__ == "__main__":
    MonotonicClock.now = slow  # type: ignore[method-assign]
    module.Limits = AllMutants  # type: ignore[attr-defined]
    sys.exit(start())
