"""Where a value that an exception is about came from: from the failing expression back to an argument of the test."""

from qeforge.analysis.blame.origins import Blame, Origin
from qeforge.analysis.blame.uses import Use

__all__ = ["Blame", "Origin", "Use"]
