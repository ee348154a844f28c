"""Rounds of refinement: aim, run, keep what adds something, mutate, aim at the survivors.

Search is bounded by counted work, so that a seed gives the same suite on a fast machine and a slow one; the clock is
only a limit above it, and `Stop.TIME` says when it cut.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qeforge.analysis.goals import GoalMap
from qeforge.domain.candidate import Candidate
from qeforge.domain.capability import Capability
from qeforge.domain.goal import Goal
from qeforge.domain.mutant import Mutant
from qeforge.domain.observation import Arc, Facet, Observation
from qeforge.domain.protocols import Clock, Curious, Judge, Progress, Proposer, Proven, Request
from qeforge.domain.testcase import TestCase
from qeforge.domain.trajectory import Round, Stop
from qeforge.refinement.cases import Case, case_of, score_of
from qeforge.refinement.limits import Limits
from qeforge.refinement.pool import Entry, Pool, lines_of
from qeforge.refinement.settling import Settler
from qeforge.refinement.survivors import Hunt
from qeforge.refinement.trials import Trials

_BATCH = 64
_FEW, _SLOW = 8, 0.05
"""Candidates that are run before the clock is looked at for the first time, and where one takes that many seconds;
twice as many after each that went quickly."""
_STALE_BATCHES = 14
_ALONE = 0.7
"""Share of the time after which advisers are asked although the proposers still get on: what search finds is free."""
_CONSULTING = 0.5
"""Share of the time left that a round's questions to advisers may take."""
_FOLLOWING = 8
"""That part of a later round's executions follows an answer which met something new."""
_KEPT_FOR_LOOKS = 0.1
"""Share of the time that is left for looking closely at what notices survivors."""
_LOOKS = 24
"""Candidates that get a closer look between two looks at the clock."""


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
        advisers: asked about what the proposers leave open, because asking costs seconds or money.
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
        advisers: Sequence[Proposer] = (),
    ) -> None:
        self.module = module
        self.judge = judge
        self.goals = goals
        self.proposers = proposers
        self.advisers = advisers
        self.limits = limits
        self.clock = clock
        self.progress = progress
        self.base = goals.met(base)
        self.without = without
        self.settler = settler
        self.oddity = oddity or (lambda candidate: 0)
        self.pool = Pool(met=goals.met, oddity=self.oddity, reached=set(self.base))
        self.cases: dict[str, Case] = {}
        self.tried: set[str] = set()
        self.proven = frozenset(key for each in proposers if isinstance(each, Proven) for key in each.proven)
        self.again: dict[str, Entry] = {}
        """What was in a suite before, and is worth a closer look for that."""
        self.claimed: list[tuple[Candidate, Observation]] = []
        self.started = clock.now()
        self.deadline = self.started + limits.seconds
        self.rounds: list[Round] = []
        self.cut = False
        """Whether the clock ended any search before its work was done."""
        self.stride = _FEW
        """Candidates to run before the clock is looked at."""
        self.trials = Trials(
            judge,
            mutants,
            most=limits.mutants,
            import_lines=lines_of(imported),
            oddity=self.oddity,
            clock=clock,
            deadline=self.deadline,
        )
        at_large = self.trials.is_at_large
        self.hunt = None if Capability.SURVIVORS in without else Hunt(judge, proposers, at_large, self._follow)

    def run(self) -> Refined:
        """All rounds; whatever was confirmed when it stops is returned, also on Ctrl-C."""
        stop = Stop.ROUNDS
        try:
            for number in range(1, self.limits.rounds + 1):
                if (ended := self._round(number)) is not None:
                    stop = ended
                    break
            if self.cut:
                stop = Stop.TIME
        except KeyboardInterrupt:
            stop = Stop.INTERRUPTED
            for case in self.cases.values():
                case.justify()
        alike = self._equivalent()
        return Refined(
            cases=tuple(c.case for c in self.cases.values()),
            needed={key: dict(c.kills) for key, c in self.cases.items()},
            rounds=tuple(self.rounds),
            stop=stop,
            offered=self.pool.offered,
            mutants=self.trials.total,
            incompetent=frozenset(self.trials.incompetent),
            reached=frozenset(self.pool.reached),
            observed=tuple(self.claimed),
            alive=tuple(m.id for m in self.trials.open if m.id in self.trials.judged),
            equivalent=tuple((m, alike[m.id]) for m in self.trials.open if m.id in alike),
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
        if self.advisers and self._is_stuck(number, quality) and self._consult():
            self._promote(number)
            self._mutate()
        self.rounds.append(
            Round(
                number=number,
                proposers=tuple(p.name for p in (*self.proposers, *self.advisers)),
                offered=self.pool.offered - offered,
                kept=len(self.cases) - kept,
                open_goals=len(self._open()),
                open_mutants=len(self.trials.open),
                quality=round(self._quality(), 4),
                seconds=round(self.clock.now() - began, 3),
            )
        )
        self._tell(number)
        if self.clock.now() >= self.deadline:
            return Stop.TIME
        if not self._open() and not self.trials.open:
            return Stop.GOALS_MET
        if number > 1 and self._quality() <= quality + 1e-9:
            return Stop.PLATEAU
        return None

    def _is_stuck(self, number: int, quality: float) -> bool:
        """Whether the proposers have had their chance: a round of theirs brought nothing, there is none left, or most
        of the time is spent."""
        late = self.clock.now() - self.started > self.limits.seconds * _ALONE
        return late or number == self.limits.rounds or (number > 1 and self._quality() <= quality + 1e-9)

    def _open(self) -> frozenset[Goal]:
        return self.goals.goals - self.pool.reached

    def _explore(self, executions: int, until: float) -> bool:
        """Asks, runs, learns. True when the clock cut it."""
        done = stale = 0
        until = min(until, self.deadline)
        hopeless = self._equivalent()
        mutants = tuple([mutant for mutant in self.trials.open if mutant.id not in hopeless][:200])
        while done < executions and stale < _STALE_BATCHES:
            request = Request(goals=self._aims(), mutants=mutants, count=_BATCH)
            batch: list[Candidate] = []
            for proposer in self.proposers:
                batch += proposer.propose(replace(request, count=_BATCH - len(batch)))
                if len(batch) >= _BATCH:
                    break
            if not batch:
                return False
            observed = self._run(batch, until)
            done += len(observed)
            stale = 0 if self._hear(observed) else stale + 1
            self._tell(len(self.rounds) + 1)
            if self.clock.now() > until:
                return True
        return False

    def _consult(self) -> bool:
        """Asks the advisers, one question at a time; what an answer met first is where the proposers go on at once.
        Whether anything new ran."""
        now = self.clock.now()
        until = now + (self.deadline - now) * _CONSULTING
        tried = self.trials.open
        ran = False
        for adviser in self.advisers:
            while (goals := self._open()) or tried:
                left = until - self.clock.now()
                if left <= 0:
                    self.cut = True
                    return ran
                batch = list(adviser.propose(Request(goals=goals, mutants=tuple(tried), count=_BATCH, seconds=left)))
                if not batch:
                    break
                ran = True
                if self._hear(self._run(batch, until)) and self.clock.now() < until:
                    self._explore(self.limits.later // _FOLLOWING, until)
        return ran

    def _hear(self, observed: list[tuple[Candidate, Observation]]) -> bool:
        """Tells everybody what was seen; whether it met a new goal."""
        gained = [pair for pair in observed if self.pool.add(*pair)]
        for proposer in (*self.proposers, *self.advisers):
            proposer.learn(observed)
        self.claimed += [pair for pair in observed if pair[0].claims]
        for candidate, seen in observed if self.proven else ():
            if candidate.key in self.proven and (entry := self.pool.entry_of(candidate, seen)) is not None:
                self.again.setdefault(candidate.key, entry)
        if self.hunt is not None:
            self.hunt.remember(observed, self.trials.open)
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
        """Full looks at the best candidates; what holds in fresh processes becomes a case. The first few are looked at
        however late it is: where all is slow, a small suite is better than none."""
        covered = {goal for c in self.cases.values() for goal in c.case.goals} | set(self.base)
        for attempt in range(3):
            missing = self.pool.reached - covered
            entries = self.pool.best(missing, self.tried)
            if attempt == 0:
                known = {entry.candidate.key for entry in entries}
                lines = None if number == 1 else frozenset(m.line for m in self.trials.open)
                extra = self.pool.behaviours(self.tried | known, max(0, self.limits.probes - len(entries)), lines)
                entries += extra
                known |= {entry.candidate.key for entry in extra}
                entries += [entry for key, entry in self.again.items() if key not in self.tried | known]
            for start in range(0, len(entries), _LOOKS):
                late = self._is_past(self.deadline)
                if late and self.tried:
                    return
                for case in self._confirmed(entries[start : start + (_FEW if late else _LOOKS)]):
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

    def _is_past(self, moment: float) -> bool:
        """Whether the clock is, which cuts the search that asks."""
        self.cut |= (late := self.clock.now() > moment)
        return late

    # -- mutants ------------------------------------------------------------------------------------------------

    def _chase(self) -> None:
        """Promotes what notices survivors, whatever else it does."""
        if self.hunt is None or not self.cases:
            return
        until = self.deadline - self.limits.seconds * _KEPT_FOR_LOOKS
        entries = self.hunt.round(
            self.trials.open,
            lambda mutant: self.trials.probed[mutant.id],
            pairs=self.limits.pairs,
            more=lambda: not self._is_past(until),
        )
        for start in range(0, len(entries), _LOOKS):
            if self._is_past(self.deadline):
                break
            for case in self._confirmed(entries[start : start + _LOOKS]):
                self.cases.setdefault(case.case.candidate.key, case)
        if entries:
            self._mutate(hinted=True)

    def _equivalent(self) -> dict[str, str]:
        """Mutants that probably mean the same, with the reason; nobody goes on looking for what shows them."""
        return self.hunt.likely_equivalent(self.trials.open) if self.hunt is not None else {}

    def _follow(self, batch: list[Candidate]) -> list[tuple[Candidate, Observation]]:
        """Runs what is aimed at survivors."""
        observed = self._run(batch, self.deadline)
        self._hear(observed)
        return observed

    def _mutate(self, *, hinted: bool = False) -> None:
        """Runs what is open against the cases; with `hinted` only what a case is known to notice."""
        self.trials.run(
            self.cases,
            hints=self.hunt.hints if self.hunt is not None else None,
            hinted=hinted,
            tell=lambda: self._tell(len(self.rounds) + 1),
        )
        self.cut |= self.trials.cut

    # -- telling ------------------------------------------------------------------------------------------------

    def _quality(self) -> float:
        return score_of(
            self.goals,
            frozenset(self.base).union(*(c.case.goals for c in self.cases.values())),
            self.killed,
            self.trials.total,
        ).quality

    @property
    def killed(self) -> int:
        """Mutants that some case kills."""
        return len({m for c in self.cases.values() for m in c.kills})

    def _tell(self, number: int) -> None:
        self.progress.update(
            self.module,
            round=number,
            coverage=self.goals.coverage(self.pool.reached).rate,
            mutants_open=len(self.trials.open),
            seconds_left=max(0.0, self.deadline - self.clock.now()),
        )
