"""Rounds of refinement: aim, run, keep what adds something, mutate, aim at the survivors.

Search is bounded by counted work, so that a seed gives the same suite on a fast machine and a slow one; the clock is
only a limit above it, and `Stop.TIME` says when it cut.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from qeforge.analysis.goals import GoalMap
from qeforge.domain.candidate import Candidate
from qeforge.domain.capability import Capability
from qeforge.domain.goal import Goal
from qeforge.domain.mutant import Mutant, MutantJob, Probe, Verdict
from qeforge.domain.observation import Arc, Facet, Observation
from qeforge.domain.protocols import Clock, Curious, Judge, Progress, Proposer, Request
from qeforge.domain.score import Score
from qeforge.domain.testcase import TestCase
from qeforge.domain.trajectory import Round, Stop
from qeforge.oracle.assertions import assertions_for
from qeforge.oracle.plain import MISFIT
from qeforge.oracle.stability import stable_facets
from qeforge.oracle.strength import INCIDENTAL, strength
from qeforge.refinement.pool import Entry, Pool, lines_of
from qeforge.refinement.settling import Settler
from qeforge.refinement.survivors import Hunt

_BATCH = 64
_FEW, _SLOW = 8, 0.05
"""Candidates that are run before the clock is looked at for the first time, and where one takes that many seconds;
twice as many after each that went quickly."""
_PROBES, _PROBES_AT_LARGE = 12, 48
"""Cases run against one mutant in one round; one in a module's tables may show anywhere, so it gets more where nobody
can tell what to look for."""
_STALE_BATCHES = 14
_KEPT_FOR_LOOKS = 0.1
"""Share of the time that is left for looking closely at what notices survivors."""
_LOOKS = 24
"""Candidates that get a closer look between two looks at the clock."""
_FEW_JOBS, _MANY_JOBS, _SLOW_JOBS = 8, 64, 0.5
"""Mutants between two looks at the clock, at least and at most, and the seconds above which they become fewer."""
_SLOW = 0.05
"""Seconds from which on a case is run against a mutant only after the quicker ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be done.

    `seconds` of wall time for the whole loop; `rounds` at most; `first` executions in the first round and `later` in
    each other; `mutants` at most are run; `probes` at most are promoted a round; `pairs` of a survivor and a candidate
    are tried a round.
    """

    seconds: float
    rounds: int
    first: int
    later: int
    mutants: int
    probes: int
    pairs: int = 1_000

    @classmethod
    def within(cls, seconds: float, rounds: int) -> "Limits":
        """Work that two ordinary cores do in about that time."""
        return cls(
            seconds=seconds,
            rounds=rounds,
            first=int(320 * seconds),
            later=int(100 * seconds),
            mutants=int(60 * seconds),
            probes=int(12 * seconds),
            pairs=int(200 * seconds),
        )


@dataclass(slots=True)
class Case:
    """A confirmed candidate and what it is good for."""

    case: TestCase
    facets: tuple[Facet, ...]
    lines: frozenset[int]
    kills: dict[str, frozenset[Facet]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refined:
    """The end of the loop: confirmed cases, each with the goals and mutants it is good for. `alive` are ids of mutants
    that were tried and that no case kills, `equivalent` those of them that probably mean the same, with the reason."""

    cases: tuple[TestCase, ...]
    needed: dict[str, dict[str, frozenset[Facet]]]
    rounds: tuple[Round, ...]
    stop: Stop
    offered: int
    mutants: int
    incompetent: frozenset[str]
    reached: frozenset[Goal]
    observed: tuple[tuple[Candidate, Observation], ...] = ()
    alive: tuple[str, ...] = ()
    equivalent: tuple[tuple[Mutant, str], ...] = ()


class Loop:
    """Refines the suite of one module.

    Args:
        module: its name, for progress.
        judge: runs everything.
        goals: what there is to reach.
        mutants: faults to notice.
        proposers: asked in this order in every round.
        base: arcs that are met without any of our tests (by importing, by existing tests).
        imported: arcs that importing runs; a fault there may show in any test.
        limits: how much may be done.
        oddity: how strange a candidate's values are; plain ones are preferred.
        without: capabilities to leave out.
        settler: finds steady variants of what wavers.
    """

    def __init__(
        self,
        module: str,
        judge: Judge,
        goals: GoalMap,
        mutants: Sequence[Mutant],
        proposers: Sequence[Proposer],
        *,
        base: frozenset[Arc],
        imported: frozenset[Arc] = frozenset(),
        limits: Limits,
        clock: Clock,
        progress: Progress,
        oddity: Callable[[Candidate], int] | None = None,
        without: frozenset[Capability] = frozenset(),
        settler: Settler | None = None,
    ) -> None:
        self.module = module
        self.judge = judge
        self.goals = goals
        self.proposers = proposers
        self.limits = limits
        self.clock = clock
        self.progress = progress
        self.base = goals.met(base)
        self.import_lines = lines_of(imported)
        self.without = without
        self.settler = settler
        self.oddity = oddity or (lambda candidate: 0)
        self.pool = Pool(met=goals.met, oddity=self.oddity, reached=set(self.base))
        self.cases: dict[str, Case] = {}
        self.tried: set[str] = set()
        self.open_mutants = _thinned(mutants, limits.mutants)
        self.judged: set[str] = set()
        self.incompetent: set[str] = set()
        self.probed: defaultdict[str, set[str]] = defaultdict(set)
        self.claimed: list[tuple[Candidate, Observation]] = []
        self.started = clock.now()
        self.deadline = self.started + limits.seconds
        self.rounds: list[Round] = []
        self.cut = False
        """Whether the clock ended any search before its work was done."""
        self.stride = _FEW
        """Candidates to run before the clock is looked at."""
        self.hunt = None if Capability.SURVIVORS in without else Hunt(judge, proposers, self._is_at_large, self._follow)

    def run(self) -> Refined:
        """All rounds; whatever was confirmed when it stops is returned, also on Ctrl-C."""
        stop = Stop.ROUNDS
        try:
            for number in range(1, self.limits.rounds + 1):
                ended = self._round(number)
                if ended is not None:
                    stop = ended
                    break
            if self.cut:
                stop = Stop.TIME
        except KeyboardInterrupt:
            stop = Stop.INTERRUPTED
            self._justify()
        alike = self._equivalent()
        return Refined(
            cases=tuple(c.case for c in self.cases.values()),
            needed={key: dict(c.kills) for key, c in self.cases.items()},
            rounds=tuple(self.rounds),
            stop=stop,
            offered=self.pool.offered,
            mutants=self.total_mutants,
            incompetent=frozenset(self.incompetent),
            reached=frozenset(self.pool.reached),
            observed=tuple(self.claimed),
            alive=tuple(m.id for m in self.open_mutants if m.id in self.judged),
            equivalent=tuple((m, alike[m.id]) for m in self.open_mutants if m.id in alike),
        )

    # -- one round ----------------------------------------------------------------------------------------------

    def _round(self, number: int) -> Stop | None:
        began = self.clock.now()
        quality, offered, kept = self._quality(), self.pool.offered, len(self.cases)
        share = self.limits.seconds * (0.4 if number == 1 else 0.15)
        self.cut |= self._explore(self.limits.first if number == 1 else self.limits.later, began + share)
        self._promote(number)
        self._mutate()
        self._chase()
        self.rounds.append(
            Round(
                number=number,
                proposers=tuple(p.name for p in self.proposers),
                offered=self.pool.offered - offered,
                kept=len(self.cases) - kept,
                open_goals=len(self._open()),
                open_mutants=len(self.open_mutants),
                quality=round(self._quality(), 4),
                seconds=round(self.clock.now() - began, 3),
            )
        )
        self._tell(number)
        if self.clock.now() >= self.deadline:
            return Stop.TIME
        if not self._open() and not self.open_mutants:
            return Stop.GOALS_MET
        if number > 1 and self._quality() <= quality + 1e-9:
            return Stop.PLATEAU
        return None

    def _open(self) -> frozenset[Goal]:
        return self.goals.goals - self.pool.reached

    def _explore(self, executions: int, until: float) -> bool:
        """Asks, runs, learns. True when the clock cut it."""
        done = stale = 0
        until = min(until, self.deadline)
        hopeless = self._equivalent()
        mutants = tuple([mutant for mutant in self.open_mutants if mutant.id not in hopeless][:200])
        while done < executions and stale < _STALE_BATCHES:
            request = Request(goals=self._aims(), mutants=mutants, count=_BATCH)
            batch: list[Candidate] = []
            for proposer in self.proposers:
                offered = list(proposer.propose(replace(request, count=_BATCH - len(batch))))
                batch += offered
                if len(batch) >= _BATCH:
                    break
            if not batch:
                return False
            observed = self._run(batch, until)
            gained = self._hear(observed)
            done += len(observed)
            stale = 0 if gained else stale + 1
            self._tell(len(self.rounds) + 1)
            if self.clock.now() > until:
                return True
        return False

    def _hear(self, observed: list[tuple[Candidate, Observation]]) -> bool:
        """Tells everybody what was seen; whether it met a new goal."""
        gained = [pair for pair in observed if self.pool.add(*pair)]
        for proposer in self.proposers:
            proposer.learn(observed)
        self.claimed += [pair for pair in observed if pair[0].claims]
        if self.hunt is not None:
            self.hunt.remember(observed, self.open_mutants)
        if Capability.OPERANDS not in self.without:
            again = {candidate.key: candidate for candidate, _ in gained}
            for proposer in self.proposers:
                if isinstance(proposer, Curious):
                    again |= {candidate.key: candidate for candidate in proposer.curious(observed)}
            if again:
                self._capture(list(again.values()))
        return bool(gained)

    def _run(self, batch: list[Candidate], until: float) -> list[tuple[Candidate, Observation]]:
        """A quick look at each, or at as many as there was time for: code that waits for something can make a whole
        batch last for longer than the budget."""
        observed: list[tuple[Candidate, Observation]] = []
        while len(observed) < len(batch):
            piece = batch[len(observed) : len(observed) + self.stride]
            began = self.clock.now()
            observed += zip(piece, self.judge.run(piece), strict=True)
            quick = self.clock.now() - began < _SLOW * len(piece)
            self.stride = min(_BATCH, 2 * self.stride) if quick else _FEW
            if self.clock.now() > until:
                break
        return observed

    def _aims(self) -> frozenset[Goal]:
        """Open goals whose guarding line was reached; every open goal while there is none."""
        frontier = self.goals.frontier(self.pool.reached)
        return frontier or self._open()

    def _capture(self, candidates: list[Candidate]) -> None:
        seen = self.judge.run(candidates, capture=True)
        for proposer in self.proposers:
            proposer.learn(list(zip(candidates, seen, strict=True)))

    # -- closer looks -------------------------------------------------------------------------------------------

    def _promote(self, number: int) -> None:
        """Full looks at the best candidates; what holds in fresh processes becomes a case."""
        covered = {goal for c in self.cases.values() for goal in c.case.goals} | set(self.base)
        for attempt in range(3):
            missing = self.pool.reached - covered
            entries = self.pool.best(missing, self.tried)
            if attempt == 0:
                known = {entry.candidate.key for entry in entries}
                lines = None if number == 1 else frozenset(m.line for m in self.open_mutants)
                extra = self.pool.behaviours(self.tried | known, max(0, self.limits.probes - len(entries)), lines)
                entries += extra
            for start in range(0, len(entries), _LOOKS):
                if self.clock.now() > self.deadline:
                    self.cut = True
                    return
                for case in self._confirmed(entries[start : start + _LOOKS]):
                    covered |= case.case.goals
                    self.cases[case.case.candidate.key] = case
            if not entries:
                return

    def _confirmed(self, entries: Sequence[Entry]) -> list[Case]:
        self.tried |= {entry.candidate.key for entry in entries}
        self.pool.forget_tried(self.tried)
        candidates = [entry.candidate for entry in entries]
        first = self.judge.observe(candidates)
        others = self.judge.confirm(candidates)
        looks = list(zip(candidates, first, others, strict=True))
        made = (case_of(*look, self.goals) for look in (self.settler.settled(looks) if self.settler else looks))
        return [case for case in made if case is not None]

    # -- mutants ------------------------------------------------------------------------------------------------

    def _chase(self) -> None:
        """Promotes what notices survivors, whatever else it does."""
        if self.hunt is None or not self.cases:
            return
        until = self.deadline - self.limits.seconds * _KEPT_FOR_LOOKS

        def more() -> bool:
            self.cut |= (late := self.clock.now() > until)
            return not late

        entries = self.hunt.round(
            self.open_mutants, lambda mutant: self.probed[mutant.id], pairs=self.limits.pairs, more=more
        )
        for start in range(0, len(entries), _LOOKS):
            if self.clock.now() > self.deadline:
                self.cut = True
                break
            for case in self._confirmed(entries[start : start + _LOOKS]):
                self.cases.setdefault(case.case.candidate.key, case)
        if entries:
            self._mutate(hinted=True)

    def _equivalent(self) -> dict[str, str]:
        """Mutants that probably mean the same, with the reason; nobody goes on looking for what shows them."""
        return self.hunt.likely_equivalent(self.open_mutants) if self.hunt is not None else {}

    def _follow(self, batch: list[Candidate]) -> list[tuple[Candidate, Observation]]:
        """Runs what is aimed at survivors."""
        observed = self._run(batch, self.deadline)
        self._hear(observed)
        return observed

    def _is_at_large(self, mutant: Mutant) -> bool:
        """Whether it may show in any test, as importing runs it."""
        return mutant.scope is None or mutant.line in self.import_lines

    def _mutate(self, *, hinted: bool = False) -> None:
        """Runs what is open against the cases that reach it and were not tried on it; with `hinted` only what a case
        is known to notice, against that."""
        cases = list(self.cases.items())
        if not cases:
            return
        probes = [Probe(candidate=c.case.candidate, facets=c.facets) for _, c in cases]
        order = sorted(range(len(cases)), key=lambda i: self._patience(cases[i][1]))
        jobs: list[MutantJob] = []
        for mutant in self.open_mutants:
            at_large = self._is_at_large(mutant)
            hint = self.hunt.hints.get(mutant.id) if self.hunt is not None else None
            if hinted and hint not in self.cases:
                continue
            reaching = [i for i in order if at_large or _reaches(cases[i][1].lines, mutant)]
            fitting = [i for i in reaching if cases[i][0] not in self.probed[mutant.id]]
            own = f":{mutant.scope}"
            fitting.sort(key=lambda i: (cases[i][0] != hint, not cases[i][1].case.candidate.target.endswith(own)))
            most = 1 if hinted else _PROBES_AT_LARGE if at_large and self.hunt is None else _PROBES
            if fitting:
                jobs.append(MutantJob(mutant=mutant, probes=tuple(fitting[:most])))
            elif not reaching:
                self.judged.add(mutant.id)
        killed: set[str] = set()
        start, stride = 0, _FEW_JOBS
        while start < len(jobs):
            began = self.clock.now()
            if began > self.deadline:
                self.cut = True
                break
            piece = jobs[start : start + stride]
            start += stride
            for job in piece:
                self.judged.add(job.mutant.id)
                self.probed[job.mutant.id] |= {cases[i][0] for i in job.probes}
            for result in self.judge.mutate(piece, probes):
                if result.verdict is Verdict.INCOMPETENT:
                    self.incompetent.add(result.mutant.id)
                for kill in result.kills:
                    cases[kill.test][1].kills[result.mutant.id] = frozenset(kill.facets)
                    killed.add(result.mutant.id)
            quick = self.clock.now() - began < _SLOW_JOBS
            stride = min(_MANY_JOBS, 2 * stride) if quick else max(_FEW_JOBS, stride // 2)
            self._tell(len(self.rounds) + 1)
        self.open_mutants = [m for m in self.open_mutants if m.id not in killed | self.incompetent]
        self._justify()

    def _patience(self, case: Case) -> tuple[bool, bool, int]:
        """What is to be run against a mutant first: quick cases, sensible ones, those that are about little else."""
        tried = case.case
        nonsense = strength(tried) <= INCIDENTAL or self.oddity(tried.candidate) >= MISFIT
        return tried.observation.seconds > _SLOW, nonsense, len(case.lines)

    def _justify(self) -> None:
        """Says in each case which mutants it kills."""
        for case in self.cases.values():
            case.case = replace(case.case, mutants=frozenset(case.kills))

    # -- telling ------------------------------------------------------------------------------------------------

    def _quality(self) -> float:
        return score_of(
            self.goals,
            frozenset(self.base).union(*(c.case.goals for c in self.cases.values())),
            self.killed,
            self.total_mutants,
        ).quality

    @property
    def total_mutants(self) -> int:
        """Mutants that count: those that were run, and those that no test reaches. What the clock left out does not."""
        return len(self.judged - self.incompetent)

    @property
    def killed(self) -> int:
        """Mutants that some case kills."""
        return len({m for c in self.cases.values() for m in c.kills})

    def _tell(self, number: int) -> None:
        self.progress.update(
            self.module,
            round=number,
            coverage=self.goals.coverage(self.pool.reached).rate,
            mutants_open=len(self.open_mutants),
            seconds_left=max(0.0, self.deadline - self.clock.now()),
        )


def case_of(candidate: Candidate, seen: Observation, again: Sequence[Observation], goals: GoalMap) -> Case | None:
    """What a full look and its confirmations make of a candidate; None when nothing can be asserted."""
    assertions = assertions_for(candidate, seen, again)
    if not assertions:
        return None
    asserted = {a.facet for a in assertions} | {Facet.OUTCOME}
    arcs = seen.arcs.intersection(*(o.arcs for o in again))
    seen = replace(seen, seconds=min(o.seconds for o in (seen, *again)))  # a busy machine makes no case slow
    return Case(
        case=TestCase(candidate=candidate, observation=seen, assertions=assertions, goals=goals.met(arcs)),
        facets=tuple(f for f in stable_facets(seen, again, candidate=candidate) if f in asserted),
        lines=lines_of(arcs),
    )


def score_of(goals: GoalMap, met: frozenset[Goal], killed: int, mutants: int, tests: int = 1) -> Score:
    """The score of what meets these goals and kills so many."""
    coverage = goals.coverage(met)
    return Score(
        line=coverage.line_rate,
        branch=coverage.branch_rate,
        mutation=killed / mutants if mutants else None,
        tests=tests,
        mutants=mutants,
        mutants_killed=killed,
    )


def _reaches(lines: frozenset[int], mutant: Mutant) -> bool:
    """Whether a mutant is run by what runs these lines; of a statement of several lines the first counts."""
    return any(line in lines for line in range(mutant.start[0] - 3, mutant.end[0] + 1))


def _thinned(mutants: Sequence[Mutant], most: int) -> list[Mutant]:
    """All of them or as many as there is work for, in an order in which every beginning is a fair sample."""
    return random.Random(0).sample(list(mutants), min(most, len(mutants)))
