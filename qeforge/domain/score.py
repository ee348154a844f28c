"""How good a suite is, from execution alone."""

from dataclasses import dataclass

LINE_WEIGHT, BRANCH_WEIGHT, MUTATION_WEIGHT = 0.15, 0.35, 0.50
"""Fixed before anything was measured: what a suite notices counts as much as what it reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Rates in [0, 1]; `mutation` is None where no mutants were run. `kept` of `offered` tests were worth writing;
    `flaky` and `failing` count tests. `seconds` is wall time; `tokens` and `usd` are what models cost.
    `equivalent` of the mutants that nothing kills probably mean the same as the original; they count in `mutation`."""

    line: float
    branch: float
    mutation: float | None
    tests: int = 0
    mutants: int = 0
    mutants_killed: int = 0
    failing: int = 0
    flaky: int = 0
    duplicates: int = 0
    kept: int = 0
    offered: int = 0
    seconds: float = 0.0
    tokens: int = 0
    usd: float = 0.0
    equivalent: int = 0

    @property
    def mutation_without_equivalent(self) -> float | None:
        """The rate of mutants killed if those that probably mean the same are left out; None where there are none."""
        counted = self.mutants - self.equivalent
        return self.mutants_killed / counted if self.equivalent and counted else None

    @property
    def quality(self) -> float:
        """In [0, 1]: what is reached and noticed, scaled down by tests that fail, waver or repeat."""
        reached = LINE_WEIGHT * self.line + BRANCH_WEIGHT * self.branch + MUTATION_WEIGHT * (self.mutation or 0.0)
        if not self.tests:
            return 0.0
        sound = max(0, self.tests - self.failing - self.flaky - self.duplicates) / self.tests
        return reached * sound
