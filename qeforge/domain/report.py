"""What a command has to tell at its end."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from qeforge.domain.candidate import Claim
from qeforge.domain.goal import Coverage
from qeforge.domain.pattern import Experience
from qeforge.domain.score import Score
from qeforge.domain.target import Target
from qeforge.domain.trajectory import Stop


class Action(StrEnum):
    """What happened to a module's suite."""

    WRITTEN = "written"
    WOULD_WRITE = "would write"  # --dry-run
    UNCHANGED = "unchanged"  # the file on disk already says this
    KEPT = "kept"  # a person edited or wrote the file; not touched
    SKIPPED = "skipped"
    NOTHING_OPEN = "nothing open"  # existing tests already meet what could be met
    SCORED = "scored"
    STALE = "stale"  # check: the code changed since the suite was written
    FAILING = "failing"  # check: the suite does not pass
    CURRENT = "current"  # check: up to date and passing
    REMOVED = "removed"  # a file of suspects of which none is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A claim that did not hold: maybe a bug. `arrange`, `imports` and `fixtures` are what the act needs, as in the
    candidate; `observed` is one line for people."""

    target: str
    act: str
    claim: Claim
    observed: str
    arrange: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectRow:
    """One line of `qeforge suspects`: what was found in the module at `path`, and when, in seconds since 1970."""

    suspect: Suspect
    path: Path
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectTests:
    """The file of failing tests beside a suite: what became of it, and its text before and after (empty for none)."""

    path: Path
    action: Action
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleReport:
    """One module's outcome. `old` and `new` are the suite's text before and after, for a diff; `dropped` counts tests
    that were found and not kept, by reason; `open_lines` are lines no test reaches; `equivalent` are survivors that
    probably mean the same as the original, each with the reason; `cached` says that an earlier run found it;
    `notes` are remarks that concern the whole run; `suspect_tests` tells of the file with suspects, where something was
    done to it; `experience` is what the next run can learn from this one."""

    module: str
    path: Path
    action: Action
    suite: Path | None = None
    reason: str = ""
    score: Score | None = None
    coverage: Coverage | None = None
    stop: Stop | None = None
    rounds: int = 0
    seconds: float = 0.0
    old: str = ""
    new: str = ""
    dropped: tuple[tuple[str, int], ...] = ()
    suspects: tuple[Suspect, ...] = ()
    open_lines: tuple[int, ...] = ()
    survivors: tuple[str, ...] = ()
    equivalent: tuple[tuple[str, str], ...] = ()
    cached: bool = False
    notes: tuple[str, ...] = ()
    suspect_tests: SuspectTests | None = None
    experience: Experience | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """All modules of a run, in the order of their names. `notes` are one-line remarks (a sandbox layer is missing);
    `unavailable` is what was asked for by name and could not be had: slug, message and hint of each."""

    modules: tuple[ModuleReport, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    unavailable: tuple[tuple[str, str, str], ...] = ()

    @property
    def score(self) -> Score | None:
        """The modules' scores weighted by their size (goals for rates, mutants for mutation); None without any."""
        scored = [m for m in self.modules if m.score is not None and m.coverage is not None]
        if not scored:
            return None
        lines = branches = lines_met = branches_met = mutants = killed = 0
        equivalent = sum(m.score.equivalent for m in scored if m.score is not None)
        tests = failing = flaky = duplicates = kept = offered = 0
        tokens = sum(m.score.tokens for m in scored if m.score is not None)
        usd = sum(m.score.usd for m in scored if m.score is not None)
        for m in scored:
            assert m.score is not None
            assert m.coverage is not None
            lines, lines_met = lines + m.coverage.lines, lines_met + m.coverage.lines_met
            branches, branches_met = branches + m.coverage.branches, branches_met + m.coverage.branches_met
            mutants, killed = mutants + m.score.mutants, killed + m.score.mutants_killed
            tests, failing, flaky = tests + m.score.tests, failing + m.score.failing, flaky + m.score.flaky
            duplicates, kept, offered = (
                duplicates + m.score.duplicates,
                kept + m.score.kept,
                offered + m.score.offered,
            )
        whole = Coverage(lines=lines, lines_met=lines_met, branches=branches, branches_met=branches_met)
        return Score(
            line=whole.line_rate,
            branch=whole.branch_rate,
            mutation=killed / mutants if mutants else None,
            tests=tests,
            mutants=mutants,
            mutants_killed=killed,
            equivalent=equivalent,
            failing=failing,
            flaky=flaky,
            duplicates=duplicates,
            kept=kept,
            offered=offered,
            seconds=self.seconds,
            tokens=tokens,
            usd=usd,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """One line of `qeforge targets`: `covered` in [0, 1] by existing tests, None when they were not run; `skipped`
    is the reason why it gets no test of its own, empty otherwise."""

    target: Target
    path: Path
    covered: float | None = None
    skipped: str = ""


class CheckState(StrEnum):
    """How a thing `qeforge doctor` looked at stands."""

    OK = "ok"
    MISSING = "missing"  # optional, or degraded
    BROKEN = "broken"  # generate cannot work


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of `qeforge doctor`."""

    name: str
    state: CheckState
    detail: str
    hint: str = field(default="")
