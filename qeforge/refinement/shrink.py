"""Strange values replaced by plain ones, where the same goals are met and the same mutants die.

A search ends with whatever it stumbled on: an empty text, a negative width, a value of the wrong type. Once it is known
what each chosen test has to do, the judge can tell whether the call that a person would have written does it too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qeforge.analysis.goals import GoalMap
from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal
from qeforge.domain.mutant import Mutant, MutantJob, Probe
from qeforge.domain.observation import Facet, Observation, Outcome
from qeforge.domain.protocols import Clock, Judge
from qeforge.domain.testcase import TestCase
from qeforge.oracle.raising import is_incidental
from qeforge.oracle.select import rank_of, select
from qeforge.refinement.cases import Case, case_of
from qeforge.refinement.pool import usable
from qeforge.refinement.tidying import Tidying, Usual

_ROUNDS = 2
_TIDYING_ROUNDS = 4
_LOOKS = 3
"""Variants of one case that get a full look in a round."""

_JOBS = 16
"""Mutants between two looks at the clock."""

_RAISES, _NONSENSE = 3, 30
"""What an exception adds to the oddity of a test: any, and one in which the interpreter complains about a type."""

_BULK = 120
"""Characters of assertions that weigh one point."""

_Needed = Mapping[str, Mapping[str, frozenset[Facet]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How much may be done: `cases` that are looked at, `variants` of each that are run in one round, and `until` when,
    in the clock's seconds."""

    cases: int
    variants: int
    until: float


@dataclass(slots=True)
class _Duty:
    """A chosen case, what only it has to do, and the best that was found to take its place."""

    case: TestCase
    facets: dict[str, frozenset[Facet]]
    goals: set[Goal] = field(default_factory=set)
    mutants: set[str] = field(default_factory=set)
    best: Case | None = None
    kills: dict[str, frozenset[Facet]] = field(default_factory=dict)
    earlier: list[tuple[Case, dict[str, frozenset[Facet]]]] = field(default_factory=list)
    """What was the best before, with its kills, the latest last."""
    cost: int = 0
    untidy: int = 0
    start: Candidate | None = None

    @property
    def fixed(self) -> bool:
        """Whether the case stays as it is: somebody stated it, or said in words what its input shows."""
        return bool(self.case.stated or self.case.scenario)

    def improves(self, cost: int, untidy: int) -> bool:
        """Whether what costs and is as untidy as this is better: plainer, or as plain and tidier."""
        return (cost, untidy) < (self.cost, self.untidy)

    def improve(self, best: Case, kills: dict[str, frozenset[Facet]]) -> None:
        """Takes a better one, and remembers what was the best so far."""
        if self.best is not None:
            self.earlier.append((self.best, self.kills))
        self.best, self.kills = best, kills

    def step_back(self) -> bool:
        """Whether there was a best before this one; it is it again. Otherwise the case itself is."""
        self.best, self.kills = self.earlier.pop() if self.earlier else (None, {})
        return self.best is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A candidate that gets a full look for one duty."""

    duty: _Duty
    cost: int
    untidy: int
    candidate: Candidate


def _bulk(case: TestCase) -> int:
    """What has to be read adds to the oddity: a plain argument is no gain where its result fills the screen."""
    return sum(len(assertion.code) for assertion in case.assertions) // _BULK


class Shrinker:
    """Makes the chosen cases of one module plain.

    Args:
        judge: runs what is tried.
        goals: of the module.
        mutants: by id.
        variants: the same call with likelier values, the most thorough change first.
        oddity: how strange a candidate's values are.
        clock: for `Work.until`.
        tidying: what cuts literals short, once the values are plain; None leaves them.
    """

    def __init__(
        self,
        judge: Judge,
        goals: GoalMap,
        mutants: Mapping[str, Mutant],
        *,
        variants: Callable[[Candidate], Sequence[Candidate]],
        oddity: Callable[[Candidate], int],
        clock: Clock,
        tidying: Tidying | None = None,
    ) -> None:
        self._judge = judge
        self._goals = goals
        self._mutants = mutants
        self._variants = variants
        self._oddity = oddity
        self._clock = clock
        self._tidying = tidying
        self.cut = False
        """Whether the clock ended the work before it was done."""

    def shrink(
        self, cases: Sequence[TestCase], needed: _Needed, already: frozenset[Goal], work: Work
    ) -> tuple[tuple[TestCase, ...], dict[str, dict[str, frozenset[Facet]]]]:
        """A choice of `cases`, plain ones in the place of strange ones that nobody stated or described, and for each
        key the mutants it has to kill with the facets that show it. All goals and kills of `cases` are kept.

        Args:
            cases: confirmed cases.
            needed: for each candidate's key, the mutants that it kills and the facets that show it.
            already: goals that are met without these tests.
            work: how much may be done.
        """
        useful = [replace(case, goals=case.goals - already) for case in cases]
        duties = self._duties(select(useful, self._oddity), needed)
        own = [duty for duty in duties if not duty.fixed]
        odd = sorted((d for d in own if d.cost), key=lambda d: (-d.cost, d.case.candidate.key))[: work.cases]
        tried = {case.candidate.key for case in cases}
        for _ in range(_ROUNDS):
            if not odd or self._late(work.until):
                break
            odd = self._round(odd, work, tried)
        if self._tidying is not None:
            self._tidy(self._tidying, duties, work, tried)
        doubtful = [duty for duty in duties if duty.best is not None]
        while doubtful:
            doubtful = self._confirm(doubtful)
        kept = [duty.best.case if duty.best else duty.case for duty in duties]
        return tuple(kept), {
            case.candidate.key: duty.kills if duty.best else duty.facets
            for case, duty in zip(kept, duties, strict=True)
        }

    def _late(self, until: float) -> bool:
        late = self._clock.now() > until
        self.cut |= late
        return late

    def _duties(self, chosen: Sequence[TestCase], needed: _Needed) -> list[_Duty]:
        """Every goal and mutant falls to the plainest case that has it; what is left without a duty goes."""
        duties = [
            _Duty(
                case=case,
                facets=dict(needed.get(case.candidate.key, {})),
                cost=self._cost(case.candidate, case.observation) + _bulk(case),
            )
            for case in chosen
        ]
        goals: set[Goal] = set()
        mutants: set[str] = set()
        for duty in sorted(duties, key=lambda d: (d.cost, rank_of(d.case, self._oddity))):
            duty.goals = set(duty.case.goals) - goals
            duty.mutants = set(duty.case.mutants) - mutants
            goals |= duty.goals
            mutants |= duty.mutants
        return [duty for duty in duties if duty.goals or duty.mutants]

    def _cost(self, candidate: Candidate, seen: Observation) -> int:
        nonsense = _NONSENSE if seen.raised is not None and is_incidental(seen.raised) else 0
        return self._oddity(candidate) + (_RAISES if seen.raised else 0) + nonsense

    def _round(self, odd: Sequence[_Duty], work: Work, tried: set[str]) -> list[_Duty]:
        """One step for each; those that got better and may get better still."""
        offers: list[tuple[_Duty, Candidate]] = []
        for duty in odd:
            fresh = [c for c in self._variants(duty.start or duty.case.candidate) if c.key not in tried]
            ranked = sorted((c for c in fresh if self._oddity(c) < duty.cost), key=self._oddity)
            offers += [(duty, candidate) for candidate in ranked[: work.variants]]
            tried |= {candidate.key for candidate in fresh}
        return self._improved(odd, offers, work.until)

    def _tidy(self, tidying: Tidying, duties: Sequence[_Duty], work: Work, tried: set[str]) -> None:
        """Shorter literals and usual arguments, a step at a time, at no price in plainness."""
        usual = tidying.usual([duty.start or duty.case.candidate for duty in duties])
        for duty in duties:
            if not duty.fixed:
                duty.untidy = tidying.untidiness(duty.start or duty.case.candidate, usual)
        left = sorted((d for d in duties if d.untidy), key=lambda d: (-d.untidy, d.case.candidate.key))[: work.cases]
        for _ in range(_TIDYING_ROUNDS):
            if not left or self._late(work.until):
                break
            offers: list[tuple[_Duty, Candidate]] = []
            for duty in left:
                fresh = [c for c in tidying.offers(duty.start or duty.case.candidate, usual) if c.key not in tried]
                tidier = [c for c in fresh if tidying.untidiness(c, usual) < duty.untidy]
                offers += [(duty, candidate) for candidate in tidier[: work.variants]]
                tried |= {candidate.key for candidate in tidier[: work.variants]}
            left = self._improved(left, offers, work.until, usual)

    def _improved(
        self, odd: Sequence[_Duty], offers: Sequence[tuple[_Duty, Candidate]], until: float, usual: Usual | None = None
    ) -> list[_Duty]:
        """Those for which an offer is better, as is noted in them, and may be bettered still. With `usual` what is
        tidier and no stranger is better too."""
        if not offers:
            return []
        seen = self._judge.run([candidate for _, candidate in offers])
        fitting: dict[int, list[tuple[int, int, Candidate]]] = {}
        for (duty, candidate), one in zip(offers, seen, strict=True):
            untidy = self._untidiness(duty, candidate, usual)
            if self._may_replace(duty, candidate, one, untidy):
                fitting.setdefault(id(duty), []).append((self._cost(candidate, one), untidy, candidate))
        looks = [
            _Look(duty=duty, cost=cost, untidy=untidy, candidate=candidate)
            for duty in odd
            for cost, untidy, candidate in sorted(
                fitting.get(id(duty), ()),
                key=lambda f: (f[1], f[0], f[2].key) if usual is not None else (f[0], 0, f[2].key),
            )[:_LOOKS]
        ]
        better = self._looked_at(looks, until)
        return [duty for duty in odd if id(duty) in better and (duty.cost or duty.untidy)]

    def _untidiness(self, duty: _Duty, candidate: Candidate, usual: Usual | None) -> int:
        """Of what is offered; before the tidying it does not count, and is the duty's own."""
        if self._tidying is None or usual is None:
            return duty.untidy
        return self._tidying.untidiness(candidate, usual)

    def _may_replace(self, duty: _Duty, candidate: Candidate, seen: Observation, untidy: int) -> bool:
        if not usable(seen) or not duty.goals <= self._goals.met(seen.arcs):
            return False
        old = duty.case.observation
        if seen.outcome is Outcome.RAISED and old.outcome is not Outcome.RAISED:
            return False
        if not duty.improves(self._cost(candidate, seen), untidy):
            return False
        same = seen.raised is None or (old.raised is not None and seen.raised.type_name == old.raised.type_name)
        return same or (old.raised is not None and is_incidental(old.raised))

    def _looked_at(self, looks: Sequence[_Look], until: float) -> set[int]:
        """Full looks; the plainest that does the whole duty becomes the best. Ids of duties that improved."""
        if not looks:
            return set()
        observed = self._judge.observe([look.candidate for look in looks])
        made = [case_of(look.candidate, seen, (), self._goals) for look, seen in zip(looks, observed, strict=True)]
        killed = self._killed([(look.duty, case) for look, case in zip(looks, made, strict=True)], until)
        better: set[int] = set()
        for number, (look, case) in enumerate(zip(looks, made, strict=True)):
            duty = look.duty
            if case is None or not duty.goals <= case.case.goals:
                continue
            cost = look.cost + _bulk(case.case)
            if not duty.improves(cost, look.untidy):
                continue
            if duty.mutants <= killed[number].keys():
                duty.improve(case, killed[number])
                duty.cost, duty.untidy, duty.start = cost, look.untidy, look.candidate
                better.add(id(duty))
        return better

    def _killed(self, offers: Sequence[tuple[_Duty, Case | None]], until: float) -> list[dict[str, frozenset[Facet]]]:
        """For each offer the mutants of the duty that it kills, and in which facets it shows; mutants that hang may use
        up the time, and what was not run counts as not killed."""
        probes: list[Probe] = []
        places: list[int] = []
        by_mutant: dict[str, list[int]] = {}
        for place, (duty, case) in enumerate(offers):
            if case is None:
                continue
            for mutant in duty.mutants:
                by_mutant.setdefault(mutant, []).append(len(probes))
            probes.append(Probe(candidate=case.case.candidate, facets=case.facets))
            places.append(place)
        found: list[dict[str, frozenset[Facet]]] = [{} for _ in offers]
        jobs = [
            MutantJob(mutant=self._mutants[one], probes=tuple(indices)) for one, indices in sorted(by_mutant.items())
        ]
        for start in range(0, len(jobs), _JOBS):
            if self._late(until):
                break
            for result in self._judge.mutate(jobs[start : start + _JOBS], probes, first_only=False):
                for kill in result.kills:
                    found[places[kill.test]][result.mutant.id] = frozenset(kill.facets)
        return found

    def _confirm(self, duties: Sequence[_Duty]) -> list[_Duty]:
        """What does not hold in fresh processes, or does less there, leaves its place to what was there before it. The
        duties where that has not been confirmed either."""
        held = [duty.best.case for duty in duties if duty.best is not None]
        again = self._judge.confirm([case.candidate for case in held])
        doubtful = []
        for duty, case, others in zip(duties, held, again, strict=True):
            firm = case_of(case.candidate, case.observation, others, self._goals)
            if (
                firm is None
                or not duty.goals <= firm.case.goals
                or any(not facets & set(firm.facets) for facets in duty.kills.values())
            ):
                if duty.step_back():
                    doubtful.append(duty)
            else:
                firm.case = replace(firm.case, mutants=frozenset(duty.kills))
                duty.best = firm
        return doubtful
