"""Which of the parts that memory lent were put to use, and whether that was worth it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from qeforge.codegen.syntax import UNREADABLE
from qeforge.domain.candidate import Candidate
from qeforge.domain.pattern import Accepted, Lent, Outcome, Pattern, PatternKind
from qeforge.domain.target import SourceModule
from qeforge.memory.bank import distil

_MOST_READ = 300
"""Candidates of a module that are read without having met anything: the remembered ones come early in a search."""


class Crediting:
    """Watches one module's run. A part was put to use when a candidate that was run has it where it was lent for,
    whoever proposed that candidate; only its text tells.

    Args:
        module: under test.
        lent: values, constructions and fakes that memory gave to the native engine.
    """

    def __init__(self, module: SourceModule, lent: Sequence[Lent]) -> None:
        self._module = module
        self._targets = {target.id: target for target in module.targets}
        self._by_key: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        self._hints: dict[str, set[tuple[str, ...]]] = {}
        for one in lent:
            key = (one.kind, one.where, one.source)
            self._by_key[key].append(one.pattern)
            hint = "monkeypatch.setattr" if one.kind is PatternKind.FAKE else one.source  # layout may be another
            self._hints.setdefault(hint, set()).add(key)
        self._unseen = set(self._by_key)
        self._read = 0
        self._used: dict[str, str] = {}
        self._goals: Counter[str] = Counter()

    def ran(self, candidate: Candidate, goals: int) -> None:
        """Notes what a candidate is made of that was run and was the first to meet so many goals."""
        if not self._by_key or (not goals and (not self._unseen or self._read >= _MOST_READ)):
            return
        for pattern in self._in(candidate, least=goals):
            self._used.setdefault(pattern, candidate.target)
            self._goals[pattern] += goals

    def outcomes(self, kept: Iterable[Candidate]) -> Iterator[Outcome]:
        """What became of every part that was put to use.

        Args:
            kept: candidates that are in the suite.
        """
        worth = {pattern for one in kept for pattern in self._in(one, least=1)} if self._by_key else set()
        for pattern, target in self._used.items():
            yield Outcome(pattern=pattern, target=target, goals=self._goals[pattern], kept=pattern in worth)

    def _in(self, candidate: Candidate, *, least: int) -> list[str]:
        """Ids of the parts in it; of those without a goal only parts that were not seen yet are of interest."""
        text = "\n".join((*candidate.arrange, candidate.act))
        wanted = self._by_key if least else self._unseen
        if not any(hint in text and not keys.isdisjoint(wanted) for hint, keys in self._hints.items()):
            return []
        target = self._targets.get(candidate.target)
        if target is None:
            return []
        self._read += not least
        try:
            found = distil(self._module, target, [Accepted(candidate=candidate)], project="")
        except UNREADABLE:  # somebody's who offers no Python
            return []
        keys = dict.fromkeys((one.kind, where_of(one), one.act) for one in found)
        self._unseen.difference_update(keys)
        return [pattern for key in keys for pattern in self._by_key.get(key, ())]


def where_of(pattern: Pattern) -> str:
    """What a part is for: a parameter's name, or the words for a class or callable."""
    return pattern.roles[0] if pattern.kind is PatternKind.VALUE else pattern.shape
