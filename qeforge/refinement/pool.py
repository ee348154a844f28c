"""What was found so far: candidates worth a closer look, and the cases that came of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal
from qeforge.domain.observation import Effect, Observation, Outcome
from qeforge.oracle.claims import suspects, who_said
from qeforge.oracle.raising import is_incidental

_ALTERNATIVES = 4
_BEHAVIOURS_A_TARGET = 40
_A_STRANGENESS = 4
"""Characters that a test may be longer for being plainer by one point of `oddity`."""

_A_STATEMENT = 60
"""Characters that a test may be longer for being what somebody said would happen."""

_USABLE = (Outcome.RETURNED, Outcome.RAISED)
_HARMLESS_EFFECTS = frozenset({"state", "filesystem", "clock", "random", "environment", "stdin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A candidate with its quick observation and the goals that it meets; `odd` says how strange its values are, `room`
    is true while it takes a behaviour's place."""

    candidate: Candidate
    seen: Observation
    goals: frozenset[Goal]
    odd: int = 0
    room: bool = True
    cost: tuple[int, int, str] = field(init=False, repr=False, compare=False)
    """Smaller is better. An entry is held against hundreds of others, so that it is reckoned once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cost", _cost_of(self.candidate, self.seen, self.odd))


def _cost_of(candidate: Candidate, seen: Observation, odd: int) -> tuple[int, int, str]:
    """Smaller is better: what returns, was stated, is plain and short, then the text itself, so that order does not
    matter."""
    size = len(candidate.act) + sum(map(len, candidate.arrange)) + 15 * len(candidate.arrange)
    raised = seen.raised
    doubtful = (seen.outcome is not Outcome.RETURNED) + (raised is not None and is_incidental(raised))
    stand_in = 40 * sum("Mock(" in line for line in (*candidate.arrange, candidate.act))
    traces = 40 * any(effect.kind == "state" for effect in seen.effects)
    stated = _A_STATEMENT if who_said(candidate, seen) else 0
    return (
        size + 60 * doubtful + stand_in + traces + _A_STRANGENESS * odd - stated,
        len(candidate.arrange),
        candidate.key,
    )


def usable(seen: Observation) -> bool:
    """Whether a test may come of it: it ended, and it did nothing to the world that a plain pytest run would repeat."""
    return seen.outcome in _USABLE and not any(_harmful(effect) for effect in seen.effects)


def _harmful(effect: Effect) -> bool:
    return effect.blocked or effect.kind not in _HARMLESS_EFFECTS


def _nothing_is_odd(candidate: Candidate) -> int:
    return 0


@dataclass(slots=True)
class Pool:
    """Entries by the goals they meet and by what they do; `met` maps raw arcs to goals, `oddity` says how strange a
    candidate's values are."""

    met: Callable[[Iterable[tuple[int, int]]], frozenset[Goal]]
    oddity: Callable[[Candidate], int] = _nothing_is_odd
    reached: set[Goal] = field(default_factory=set)
    offered: int = 0
    _by_goal: defaultdict[Goal, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    _by_behaviour: dict[tuple[object, ...], Entry] = field(default_factory=dict)
    _behaviours: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _goals_of_arcs: dict[frozenset[tuple[int, int]], frozenset[Goal]] = field(default_factory=dict)

    def add(self, candidate: Candidate, seen: Observation) -> bool:
        """Whether it meets a goal that nothing met before."""
        self.offered += 1
        if not usable(seen) or suspects(candidate, seen):  # what somebody contradicts makes no test
            return False
        goals = self._goals_of_arcs.get(seen.arcs)
        if goals is None:
            goals = self._goals_of_arcs[seen.arcs] = self.met(seen.arcs)
        entry = Entry(candidate=candidate, seen=seen, goals=goals)
        fresh = not goals <= self.reached
        self.reached |= goals
        least = entry.cost
        taking = [
            known for goal in goals if len(known := self._by_goal[goal]) < _ALTERNATIVES or least < known[-1].cost
        ]
        text = (seen.result.source or seen.result.text or "") if seen.result else ""
        result = text if len(text) < 80 else ""
        kind = seen.raised.type_name if seen.raised else (seen.result.type_name if seen.result else "")
        behaviour = (candidate.target, seen.outcome, kind, goals, result[:40])
        old = self._by_behaviour.get(behaviour)
        if taking or old is None or least < old.cost:  # only now is it worth its while to look closer
            entry = replace(entry, odd=self.oddity(candidate))
        for known in taking:
            if len(known) < _ALTERNATIVES or entry.cost < known[-1].cost:
                known.append(entry)
                known.sort(key=lambda e: e.cost)
                del known[_ALTERNATIVES:]
        if old is None:
            if self._behaviours[candidate.target] < _BEHAVIOURS_A_TARGET:
                self._behaviours[candidate.target] += 1
                self._by_behaviour[behaviour] = entry
        elif entry.cost < old.cost:
            self._by_behaviour[behaviour] = entry
        return fresh

    def entry_of(self, candidate: Candidate, seen: Observation) -> Entry | None:
        """What is worth a closer look for another reason than what is known here; None where it makes no test."""
        if not usable(seen) or suspects(candidate, seen):
            return None
        return Entry(candidate=candidate, seen=seen, goals=self.met(seen.arcs), odd=self.oddity(candidate))

    def best(self, goals: Iterable[Goal], tried: set[str]) -> list[Entry]:
        """The cheapest entries that together meet the goals, leaving out candidates that were tried before."""
        chosen: dict[str, Entry] = {}
        for goal in sorted(goals, key=lambda g: (g.arc, g.kind)):
            for entry in self._by_goal.get(goal, ()):
                if entry.candidate.key not in tried:
                    chosen.setdefault(entry.candidate.key, entry)
                    break
        return list(chosen.values())

    def forget_tried(self, tried: set[str]) -> None:
        """Makes room for new behaviours where the known ones have had their closer look."""
        for behaviour, entry in list(self._by_behaviour.items()):
            if entry.room and entry.candidate.key in tried:
                self._behaviours[entry.candidate.target] -= 1
                self._by_behaviour[behaviour] = replace(entry, room=False)

    def behaviours(self, tried: set[str], limit: int, lines: frozenset[int] | None = None) -> list[Entry]:
        """One entry for each different thing that was seen to happen, the cheapest first, targets taking turns.

        Args:
            tried: keys of candidates that had their closer look.
            limit: how many at most.
            lines: only entries that run one of them; None for all.
        """
        turns: defaultdict[str, int] = defaultdict(int)
        ranked: list[tuple[int, tuple[int, int, str], Entry]] = []
        for entry in sorted(self._by_behaviour.values(), key=lambda e: e.cost):
            if entry.candidate.key not in tried and (lines is None or lines & lines_of(entry.seen.arcs)):
                turns[entry.candidate.target] += 1
                ranked.append((turns[entry.candidate.target], entry.cost, entry))
        return [entry for _, _, entry in sorted(ranked, key=lambda item: item[:2])][:limit]


def lines_of(arcs: Iterable[tuple[int, int]]) -> frozenset[int]:
    """Lines that were run."""
    return frozenset(line for arc in arcs for line in arc if line > 0)
