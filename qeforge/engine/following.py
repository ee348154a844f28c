"""Follows what predicates saw: the plans that may turn them, and which of those deserve another look at their operands.

`a and b` is one branch: an input that makes `a` true for the first time reaches nothing new, yet only now `b` says what
it wants. So what was meant to turn a predicate on a line that still has an open branch is looked at again.
"""

import random
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from itertools import islice

from qeforge.domain.candidate import Candidate
from qeforge.domain.facts import ModuleFacts
from qeforge.domain.observation import Observation, Operand
from qeforge.engine import basics, operands, patterns
from qeforge.engine.build import Builder
from qeforge.engine.plan import Plan
from qeforge.engine.state import State, unquoted
from qeforge.engine.strings import Strings

_OPERANDS = 60
_MOST = 24
_PER_OPERAND = 10
_MOST_MISFITS = 3
_LOOKS, _LOOKS_PER_GAIN = 10, 5
"""Second looks at the plans of one target, and more for each gain."""


class Following:
    """Turns operands into plans.

    Args:
        facts: what importing the module told.
        builder: makes values.
        strings: knows the texts that are read; None leaves out what is made from them.
        rng: decides among equals.
    """

    def __init__(self, facts: ModuleFacts, builder: Builder, strings: Strings | None, rng: random.Random) -> None:
        self._facts = facts
        self._builder = builder
        self._strings = strings
        self._rng = rng
        self._aims: dict[str, tuple[State, int]] = {}
        self._met: dict[str, set[tuple[int, str, str, str]]] = {}
        self._looks: dict[str, int] = {}

    def offered(self, state: State, key: str, line: int) -> None:
        """Notes that the candidate of that key is meant to turn a predicate on that line."""
        self._aims[key] = (state, line)

    def curious(self, observed: Sequence[tuple[Candidate, Observation]], open_lines: Set[int]) -> list[Candidate]:
        """Of candidates that were run and gained nothing, those whose operands may tell more."""
        found = []
        for candidate, seen in observed:
            state, line = self._aims.pop(candidate.key, (None, 0))
            if state is None or line not in open_lines or not any(line in arc for arc in seen.arcs):
                continue
            done = self._looks.get(state.target.id, 0)
            if done < _LOOKS + _LOOKS_PER_GAIN * state.gains:
                self._looks[state.target.id] = done + 1
                found.append(candidate)
        return found

    def plans(self, state: State, plan: Plan, seen: Sequence[Operand], open_lines: Set[int]) -> list[Plan]:
        """Plans in which predicates may turn, those on lines with open branches first; what was met before is not
        followed again."""
        met = self._met.setdefault(state.target.id, set())
        fresh = [each for each in seen if (each.line, each.operator, each.left, each.right) not in met][:_OPERANDS]
        met.update((each.line, each.operator, each.left, each.right) for each in fresh)
        fresh.sort(key=lambda operand: operand.line not in open_lines)
        for operand in fresh:
            self._learn(state, operand)
        rows: list[Iterator[Plan]] = [islice(self._redirected(state, plan, operand), _PER_OPERAND) for operand in fresh]
        if self._strings is not None:
            line = fresh[0].line if fresh else 0
            texts = [replace(new, aim=line) for new in self._strings.follow(state, plan, fresh)]
            rows.insert(0, iter(texts))
        return list(islice(_in_turn(rows), _MOST))

    def _redirected(self, state: State, plan: Plan, operand: Operand) -> Iterator[Plan]:
        if operand.operator == "isinstance":
            yield from self._of_wanted_class(plan, operand.right)
            yield from self._of_another_type(plan, operand.right)
        clues = self._strings.clues(state) if self._strings is not None else None
        for new in operands.redirect(plan, operand, self._rng, clues):
            yield replace(new, aim=operand.line)

    def _of_wanted_class(self, plan: Plan, wanted: str) -> Iterator[Plan]:
        """The plan with an instance of the class that the code asked for in place of each argument."""
        names = [name.strip() for name in wanted.strip("()").split(",")]
        for name in [name for name in names if name in self._facts.classes][:2]:
            for argument in plan.arguments:
                for value in self._builder.instance(name)[:2]:
                    yield plan.with_argument(argument.name, value)

    def _of_another_type(self, plan: Plan, wanted: str) -> Iterator[Plan]:
        """The plan with something in place of each argument that the code did not ask for: that, too, is a side."""
        names = {name.strip().rpartition(".")[2] for name in wanted.strip("()").split(",")}
        misfit = basics.misfit(names)
        for argument in plan.arguments[:_MOST_MISFITS]:
            if misfit is not None and argument.value.type_name != misfit.type_name:
                yield plan.with_argument(argument.name, misfit)

    def _learn(self, state: State, operand: Operand) -> None:
        """Texts that variations may use."""
        if operand.operator == "match":
            texts = patterns.matching(unquoted(operand.left), self._rng, count=2)
        elif operand.operator in ("==", "in", "startswith", "endswith"):
            texts = [text for text in map(unquoted, (operand.left, operand.right)) if text]
        else:
            return
        fresh = tuple(text for text in texts if 0 < len(text) <= 40 and text not in state.texts)
        if fresh and len(state.texts) < 80:
            state.texts += fresh[:4]


def _in_turn(rows: list[Iterator[Plan]]) -> Iterator[Plan]:
    """The first two of each, then the next two of each, until all are through."""
    while rows:
        left = []
        for row in rows:
            taken = list(islice(row, 2))
            yield from taken
            if len(taken) == 2:
                left.append(row)
        rows = left
