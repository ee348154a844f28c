"""Mutants of one module: which are open, and what was run against each."""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

from qeforge.domain.candidate import Candidate
from qeforge.domain.mutant import Mutant, MutantJob, Probe, Verdict
from qeforge.domain.protocols import Clock, Judge
from qeforge.oracle.plain import MISFIT
from qeforge.oracle.strength import INCIDENTAL, strength
from qeforge.refinement.cases import Case

_PROBES, _PROBES_AT_LARGE, _SECONDS_AT_LARGE = 12, 160, 0.1
"""Cases run against one mutant in one round. One in a module's tables may show anywhere, and running the module again
costs as much as some seventy quick cases: it gets more of them, as many as took so many seconds."""
_FEW_JOBS, _MANY_JOBS, _SLOW_JOBS = 8, 64, 0.5
"""Mutants between two looks at the clock, at least and at most, and the seconds above which they become fewer."""
_SLOW = 0.05
"""Seconds from which on a case is run against a mutant only after the quicker ones."""


class Trials:
    """Runs cases against mutants.

    Args:
        judge: runs everything.
        mutants: faults to notice.
        most: how many of them at most are run; a fair sample of all.
        import_lines: lines that importing runs; a fault there may show in any test.
        oddity: how strange a candidate's values are; sensible cases go first.
        clock: for `deadline`, in its seconds.
    """

    def __init__(
        self,
        judge: Judge,
        mutants: Sequence[Mutant],
        *,
        most: int,
        import_lines: frozenset[int],
        oddity: Callable[[Candidate], int],
        clock: Clock,
        deadline: float,
    ) -> None:
        self._judge = judge
        self._import_lines = import_lines
        self._oddity = oddity
        self._clock = clock
        self._deadline = deadline
        self.open = _thinned(mutants, most)
        self.judged: set[str] = set()
        self.incompetent: set[str] = set()
        self.probed: defaultdict[str, set[str]] = defaultdict(set)
        """By mutant the keys of the cases that were run against it."""
        self.cut = False
        """Whether the clock ended a round before its work was done."""

    @property
    def total(self) -> int:
        """Mutants that count: those that were run, and those that no test reaches. What the clock left out does not."""
        return len(self.judged - self.incompetent)

    def is_at_large(self, mutant: Mutant) -> bool:
        """Whether it may show in any test, as importing runs it."""
        return mutant.scope is None or mutant.line in self._import_lines

    def run(
        self,
        cases: Mapping[str, Case],
        *,
        hints: Mapping[str, str] | None,
        hinted: bool = False,
        tell: Callable[[], None],
    ) -> None:
        """Runs what is open against the cases that reach it and were not tried on it, and notes kills in the cases.

        Args:
            cases: by the candidate's key.
            hints: by mutant the key of a case that is known to notice it; None where nobody looks for such.
            hinted: only these.
            tell: called from time to time.
        """
        listed = list(cases.items())
        probes = [Probe(candidate=c.case.candidate, facets=c.facets) for _, c in listed]
        jobs = self._jobs(listed, hints, hinted=hinted) if listed else []
        killed: set[str] = set()
        start, stride = 0, _FEW_JOBS
        while start < len(jobs):
            began = self._clock.now()
            if began > self._deadline:
                self.cut = True
                break
            piece = jobs[start : start + stride]
            start += stride
            for job in piece:
                self.judged.add(job.mutant.id)
                self.probed[job.mutant.id] |= {listed[i][0] for i in job.probes}
            for result in self._judge.mutate(piece, probes):
                if result.verdict is Verdict.INCOMPETENT:
                    self.incompetent.add(result.mutant.id)
                for kill in result.kills:
                    listed[kill.test][1].kills[result.mutant.id] = frozenset(kill.facets)
                    killed.add(result.mutant.id)
            quick = self._clock.now() - began < _SLOW_JOBS
            stride = min(_MANY_JOBS, 2 * stride) if quick else max(_FEW_JOBS, stride // 2)
            tell()
        self.open = [m for m in self.open if m.id not in killed | self.incompetent]
        for _, case in listed:
            case.justify()

    def _jobs(
        self, cases: Sequence[tuple[str, Case]], hints: Mapping[str, str] | None, *, hinted: bool
    ) -> list[MutantJob]:
        keys = [key for key, _ in cases]
        order = sorted(range(len(cases)), key=lambda i: self._patience(cases[i][1]))
        jobs: list[MutantJob] = []
        for mutant in self.open:
            at_large = self.is_at_large(mutant)
            hint = hints.get(mutant.id) if hints is not None else None
            if hinted and hint not in keys:
                continue
            reaching = [i for i in order if at_large or _reaches(cases[i][1].lines, mutant)]
            fitting = [i for i in reaching if keys[i] not in self.probed[mutant.id]]
            own = f":{mutant.scope}"
            fitting.sort(key=lambda i: (keys[i] != hint, not cases[i][1].case.candidate.target.endswith(own)))
            if at_large and not hinted:
                fitting = _quick(fitting, [cases[i][1].case.observation.seconds for i in fitting])
            if fitting:
                most = 1 if hinted else len(fitting) if at_large else _PROBES
                jobs.append(MutantJob(mutant=mutant, probes=tuple(fitting[:most])))
            elif not reaching:
                self.judged.add(mutant.id)
        return jobs

    def _patience(self, case: Case) -> tuple[bool, bool, int]:
        """What is to be run against a mutant first: quick cases, sensible ones, those that are about little else."""
        tried = case.case
        nonsense = strength(tried) <= INCIDENTAL or self._oddity(tried.candidate) >= MISFIT
        return tried.observation.seconds > _SLOW, nonsense, len(case.lines)


def _reaches(lines: frozenset[int], mutant: Mutant) -> bool:
    """Whether a mutant is run by what runs these lines; of a statement of several lines the first counts."""
    return any(line in lines for line in range(mutant.start[0] - 3, mutant.end[0] + 1))


def _quick(fitting: Sequence[int], seconds: Sequence[float]) -> list[int]:
    """As many as take so long together, but no fewer than any other mutant gets."""
    spent = list(accumulate(seconds))
    within = sum(total <= _SECONDS_AT_LARGE for total in spent)
    return list(fitting[: min(max(within, _PROBES), _PROBES_AT_LARGE)])


def _thinned(mutants: Sequence[Mutant], most: int) -> list[Mutant]:
    """All of them or as many as there is work for, in an order in which every beginning is a fair sample."""
    return random.Random(0).sample(list(mutants), min(most, len(mutants)))
