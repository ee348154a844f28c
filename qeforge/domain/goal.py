"""What there is to reach in a module."""

from dataclasses import dataclass
from enum import StrEnum

from qeforge.domain.observation import Arc


class GoalKind(StrEnum):
    """What meeting it means."""

    LINE = "line"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A statement to run, `(line, line)`, or a branch to take, `(from line, to line)`; `target` is whose code it is
    in, None for module level."""

    kind: GoalKind
    arc: Arc
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Counts over one module: what there is and what was reached."""

    lines: int
    lines_met: int
    branches: int
    branches_met: int

    @property
    def line_rate(self) -> float:
        """In [0, 1]; 1 for a module without statements."""
        return self.lines_met / self.lines if self.lines else 1.0

    @property
    def branch_rate(self) -> float:
        """In [0, 1]; 1 for a module without branches."""
        return self.branches_met / self.branches if self.branches else 1.0

    @property
    def rate(self) -> float:
        """Lines and branches together, as coverage.py's total counts them."""
        total = self.lines + self.branches
        return (self.lines_met + self.branches_met) / total if total else 1.0
