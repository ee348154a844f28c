"""qeforge's command line for what models answer: what the clock would decide is decided by counting.

    python patient.py [--work SECONDS] [--ask-on] generate … --max-time 7200 --jobs 1

The search gets the counted work that belongs to so many seconds (`qeforge/refinement/limits.py`; the usual
`--max-time` unless it is said), however long it takes, and `--max-time` is left to the questions, so that no answer is
cut by it on a busy machine. No mutant is tried: goals are counted. Each target is asked about once, because a replay
looks at first answers alone; with `--ask-on`, as often as ever. A model has one thread, because two that wait for one
another are slower than one where cores are shared.
"""

import os
import sys
from dataclasses import replace

from qeforge.cli.__main__ import start
from qeforge.config import Config
from qeforge.providers import proposer
from qeforge.providers.cloud import Cloud
from qeforge.refinement.limits import Limits

LONGEST = 3600.0  # seconds for one answer from a loopback server

_within = Limits.within


def counted(seconds: float, rounds: int) -> Limits:
    """The work of the usual time, in that many seconds."""
    return replace(_within(work, rounds), seconds=seconds, mutants=0)


if __name__ == "__main__":
    work, ask_on = Config().max_time, False
    while sys.argv[1].startswith("--"):
        option = sys.argv.pop(1)
        if option == "--work":
            work = float(sys.argv.pop(1))
        ask_on |= option == "--ask-on"
    Limits.within = counted  # type: ignore[method-assign]
    assert Cloud.__init__.__kwdefaults__ is not None
    Cloud.__init__.__kwdefaults__["seconds"] = LONGEST
    if not ask_on:
        proposer.MOST_ASKED = dict.fromkeys(proposer.MOST_ASKED, 1)
    os.sched_getaffinity = lambda who: {0}
    sys.exit(start())
