"""Aiming at mutants that are still alive.

Far more candidates run than are looked at closely. Those that reach a survivor are first run against it quickly: one
that notices it is worth the closer look. Where none does, the judge tells how far the difference came, and proposers
that can aim are asked for candidates that bring it further. All of it is counted work, and each mutant gets a bounded
part of that.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from qeforge.domain.candidate import Candidate
from qeforge.domain.mutant import Mutant, MutantJob
from qeforge.domain.observation import Observation
from qeforge.domain.protocols import Aimer, Judge, Proposer
from qeforge.domain.survivor import Sighting, Stage
from qeforge.refinement.pool import Entry, lines_of, usable

_KEPT, _ALIKE = 40, 6
"""Behaviours kept for a line, and the latest candidates of each."""
_BODY = 40
"""Lines behind a default value within which its function's body begins."""
_SCREENED = 24
"""Of these, run against one survivor in one round."""
_AIMED = 10
"""Candidates made for one survivor from one base in one round."""
_ATTEMPTS = 4
"""Rounds in which one survivor is aimed at."""
_JOBS = 32
_DEFAULTS = "defaults__"
_CONSTANTS, _NEIGHBOURS = frozenset({"number", "string"}), 2
ENOUGH = 30
"""Different runs that reach a mutant and stay as they are, from which on it is likely to mean the same."""


_STAGES = list(Stage)


@dataclass(slots=True)
class Hunted:
    """What is known of one survivor.

    Attributes:
        screened: keys of candidates that were run against it.
        attempts: rounds in which it was aimed at.
        nearest: how near any candidate came, and which one.
    """

    screened: set[str] = field(default_factory=set)
    attempts: int = 0
    nearest: tuple[Sighting, Candidate | None] | None = None

    def note(self, sighting: Sighting, candidate: Candidate | None) -> None:
        """Take it over if it is nearer."""
        if self.nearest is None or _STAGES.index(sighting.stage) > _STAGES.index(self.nearest[0].stage):
            self.nearest = sighting, candidate


class Hunt:
    """The survivors of one module.

    Args:
        judge: runs everything.
        proposers: those of them that can aim are asked.
        at_large: whether a mutant may show in any run, as importing runs it.
        explore: runs candidates, tells everybody what came of them, and returns that.
    """

    def __init__(
        self,
        judge: Judge,
        proposers: Sequence[Proposer],
        at_large: Callable[[Mutant], bool],
        explore: Callable[[list[Candidate]], list[tuple[Candidate, Observation]]],
    ) -> None:
        self._judge = judge
        self._aimers = [proposer for proposer in proposers if isinstance(proposer, Aimer)]
        self._at_large = at_large
        self._explore = explore
        self._by_line: defaultdict[int, dict[tuple[object, ...], deque[str]]] = defaultdict(dict)
        self._known: dict[str, tuple[Candidate, Observation]] = {}
        self.hunted: defaultdict[str, Hunted] = defaultdict(Hunted)
        self.hints: dict[str, str] = {}
        """By mutant the key of a candidate that was seen to notice it."""

    def remember(self, observed: Iterable[tuple[Candidate, Observation]], mutants: Sequence[Mutant]) -> None:
        """Keep what ran, a few different ones for each line of the mutants."""
        lines = frozenset(line for mutant in mutants for line in range(mutant.start[0], mutant.end[0] + 1))
        lines |= {line for m in mutants if m.scope is None for line in range(m.end[0] + 1, m.end[0] + _BODY)}
        for candidate, seen in observed:
            if not usable(seen):
                continue
            told = seen.raised.type_name + seen.raised.message if seen.raised else ""
            result = (seen.result.type_name, seen.result.source) if seen.result else None
            behaviour = (candidate.target, seen.outcome, told, result, seen.arcs)
            for line in sorted(lines & lines_of(seen.arcs)):
                kept = self._by_line[line]
                if behaviour not in kept and len(kept) < _KEPT:
                    kept[behaviour] = deque(maxlen=_ALIKE)
                if behaviour in kept:
                    kept[behaviour].append(candidate.key)
                    self._known[candidate.key] = (candidate, seen)

    def round(
        self, mutants: Sequence[Mutant], tried: Callable[[Mutant], set[str]], *, pairs: int, more: Callable[[], bool]
    ) -> list[Entry]:
        """Candidates that notice survivors, to be looked at closely.

        Args:
            mutants: the survivors.
            tried: keys of the cases that were run against one of them.
            pairs: how often a candidate may be run against a mutant.
            more: whether there is time left to begin with another few.
        """
        self.hints = {}
        waiting = [mutant for mutant in mutants if self.hunted[mutant.id].attempts < _ATTEMPTS]
        waiting.sort(key=lambda mutant: self.hunted[mutant.id].attempts)
        left = pairs
        for start in range(0, len(waiting), _JOBS):
            if left <= 0 or not more():
                break
            chosen = waiting[start : start + _JOBS]
            left -= self._stages([(mutant, self._fresh(mutant, tried(mutant))) for mutant in chosen])
            left -= self._stages(self._aimed([mutant for mutant in chosen if mutant.id not in self.hints]))
        keys = dict.fromkeys(self.hints.values())
        return [Entry(candidate=self._known[key][0], seen=self._known[key][1], goals=frozenset()) for key in keys]

    def _fresh(self, mutant: Mutant, tried: set[str]) -> list[Candidate]:
        """Candidates that reach a mutant and were not run against it, of each behaviour the latest first."""
        done = self.hunted[mutant.id].screened | tried
        kept = [latest for line in self._lines_of(mutant) for latest in self._by_line[line].values()]
        columns = zip_longest(*(reversed(latest) for latest in kept[::-1]))
        keys = dict.fromkeys(key for column in columns for key in column if key is not None and key not in done)
        return [self._known[key][0] for key in list(keys)[:_SCREENED]]

    def _lines_of(self, mutant: Mutant) -> Sequence[int]:
        """Lines whose runs reach a mutant: for a default value those of its function's body."""
        if not self._at_large(mutant):
            return range(mutant.start[0], mutant.end[0] + 1)
        nearest = self.hunted[mutant.id].nearest
        if nearest is None or not any(_DEFAULTS in each.name for each in nearest[0].globals[:1]):
            return ()
        behind = range(mutant.end[0] + 1, mutant.end[0] + _BODY)
        return [line for line in behind if self._by_line[line]][:1]

    def _aimed(self, mutants: Sequence[Mutant]) -> list[tuple[Mutant, list[Candidate]]]:
        """For each survivor candidates that were made for it, and have run."""
        if not self._aimers:
            return []
        bases = [base for mutant in mutants for base in self._bases(mutant)]
        sources = list({near.key: near for _, near in bases if near is not None}.values())
        seen = dict(zip((c.key for c in sources), self._judge.run(sources, capture=True), strict=True))
        made: dict[str, tuple[Mutant, list[Candidate]]] = {}
        for sighting, near in bases:
            mutant = sighting.mutant
            operands = seen[near.key].operands if near is not None else ()
            lines = range(mutant.start[0], mutant.end[0] + 1)
            told = replace(sighting, operands=tuple(operand for operand in operands if operand.line in lines))
            _, offered = made.setdefault(mutant.id, (mutant, []))
            for aimer in self._aimers:
                offered += aimer.aim(told, near, _AIMED, self.hunted[mutant.id].screened)
        for mutant in mutants:
            self.hunted[mutant.id].attempts += 1
        wanted = {candidate.key: candidate for _, offered in made.values() for candidate in offered}
        fresh = [candidate for key, candidate in wanted.items() if key not in self._known]
        self._known |= {candidate.key: (candidate, told) for candidate, told in self._explore(fresh)}
        ran = {key for key in wanted if key in self._known and usable(self._known[key][1])}
        by_line: defaultdict[int, dict[str, Candidate]] = defaultdict(dict)
        for mutant, offered in made.values():
            by_line[mutant.line].update((c.key, c) for c in offered if c.key in ran)
        return [(mutant, self._for(mutant, offered, by_line[mutant.line])) for mutant, offered in made.values()]

    def likely_equivalent(self, mutants: Sequence[Mutant]) -> dict[str, str]:
        """By the ids of those of the survivors that probably mean the same, what speaks for it.

        Changed constants are not among them: the one input for which they matter is easily missed. Nor is what has
        several other survivors on its line, where the inputs were just not varied enough.
        """
        found: dict[str, str] = {}
        alive = Counter(mutant.line for mutant in mutants)
        for mutant in mutants:
            hunted = self.hunted.get(mutant.id)
            if hunted is None or hunted.nearest is None or hunted.nearest[0].stage is not Stage.NO_INFECTION:
                continue
            runs = len(hunted.screened)
            if self._at_large(mutant) and not runs:
                found[mutant.id] = "the module is the same once it is imported"
            elif mutant.operator in _CONSTANTS or alive[mutant.line] > _NEIGHBOURS:
                continue
            elif hunted.attempts > 1 and runs >= ENOUGH:
                found[mutant.id] = f"no state differs, and none of {runs} runs that reach it shows it"
        return found

    def _bases(self, mutant: Mutant) -> list[tuple[Sighting, Candidate | None]]:
        """What to start from: what came nearest, and in each attempt another behaviour, by its plainest candidate."""
        hunted = self.hunted[mutant.id]
        if hunted.nearest is None:
            return []
        sighting, near = hunted.nearest
        others = [latest for line in self._lines_of(mutant) for latest in self._by_line[line].values()]
        if not others:
            return [hunted.nearest]
        keys = sorted(others[hunted.attempts % len(others)], key=lambda key: (len(key), key))
        other = self._known[keys[0]][0]
        return [hunted.nearest, (sighting, other)] if other != near else [hunted.nearest]

    def _for(self, mutant: Mutant, own: Sequence[Candidate], near: Mapping[str, Candidate]) -> list[Candidate]:
        """What was made for a mutant, and then what was made for others on its line."""
        first = [candidate for candidate in own if candidate.key in near]
        done = self.hunted[mutant.id].screened
        shared = [c for c in near.values() if c not in first and c.key not in done]
        return [*first, *shared[: max(0, 3 * _AIMED - len(first))]]

    def _stages(self, chances: Sequence[tuple[Mutant, Sequence[Candidate]]]) -> int:
        """Run candidates against survivors and note how far each came; how many pairs that were."""
        candidates = {candidate.key: candidate for _, own in chances for candidate in own}
        place = {key: index for index, key in enumerate(candidates)}
        jobs = [
            MutantJob(mutant=mutant, probes=tuple(place[candidate.key] for candidate in own))
            for mutant, own in chances
            if own or (self._at_large(mutant) and self.hunted[mutant.id].nearest is None)
        ]
        if not jobs:
            return 0
        listed = list(candidates.values())
        for job, sighting in zip(jobs, self._judge.stages(jobs, listed), strict=True):
            hunted = self.hunted[job.mutant.id]
            hunted.screened |= {listed[probe].key for probe in job.probes}
            nearest = listed[sighting.probe] if sighting.probe is not None else None
            if sighting.stage is not Stage.NOTICED:
                hunted.note(sighting, nearest)
            elif nearest is not None:
                self.hints[job.mutant.id] = nearest.key
        return sum(len(job.probes) for job in jobs)
