"""The smallest suite that keeps everything: greedy set cover, then what has become superfluous goes."""

import ast
import heapq
import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace

from qeforge.codegen.syntax import statements
from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Facet
from qeforge.domain.testcase import Assertion, TestCase
from qeforge.oracle.strength import INCIDENTAL, strength

_A_STATEMENT = 3
"""Points of oddity that weigh as much as one more statement."""

_PRIMARY = (Facet.RESULT, Facet.EXCEPTION)
_PATTERN = re.compile(r"(?P<start>match=r?['\"])(?!\^)")


def select(cases: Sequence[TestCase], oddity: Callable[[Candidate], int] | None = None) -> tuple[TestCase, ...]:
    """The cases that together meet every goal and kill every mutant that any of `cases` does.

    The one that adds most comes first; among equals the stronger assertion, then the plainer, simpler, shorter test.
    One that only shows the interpreter complaining about a nonsense value comes after all others, however much it adds.
    What adds nothing, or asserts nothing, is left out. The order of `cases` is kept and does not matter otherwise.

    Args:
        cases: to choose from.
        oddity: how strange a candidate's values are, 0 for plain ones.
    """
    numbers: dict[Hashable, int] = {}
    worth = [
        frozenset(numbers.setdefault(item, len(numbers)) for item in (*case.goals, *case.mutants) if case.assertions)
        for case in cases
    ]
    ranks = {index: rank_of(case, oddity) for index, case in enumerate(cases) if worth[index]}
    covered: set[int] = set()
    chosen: list[int] = []
    # Gains only shrink, so a stale entry is a bound: it is renewed when it comes up, and not before.
    heap = [(rank[0] == -INCIDENTAL, -len(worth[index]), rank, index) for index, rank in ranks.items()]
    heapq.heapify(heap)
    while heap:
        incidental, bound, rank, index = heapq.heappop(heap)
        gain = len(worth[index] - covered)
        if gain == 0:
            continue
        if gain < -bound:
            heapq.heappush(heap, (incidental, -gain, rank, index))
            continue
        chosen.append(index)
        covered |= worth[index]
    return tuple(cases[index] for index in sorted(_needed(chosen, worth, ranks)))


def prune_assertions(case: TestCase, needed: Mapping[str, frozenset[Facet]]) -> TestCase:
    """The case without assertions that nothing needs.

    What the act returned or raised stays, and a warning, which would otherwise be noise. Of the rest, an assertion
    stays when a mutant is noticed by its facet and by none that stays anyway, or when nothing else says anything:
    that a function returns None is not worth a line where it is known by what it does.

    Where a changed string was noticed by an exception's message, the message is expected from its beginning on.

    Args:
        case: with everything that could be asserted.
        needed: for each mutant that this case has to kill, the facets in which it noticed it.
    """
    silent = [a for a in case.assertions if a.facet is Facet.RESULT and a.code.endswith(" is None")]
    rest = [a for a in case.assertions if a not in silent]
    telling = [a for a in rest if a.facet in _PRIMARY]
    keep: set[Facet] = {a.facet for a in telling}
    if not telling and rest:
        keep.add(rest[0].facet)
    elif not telling:
        return case
    keep.add(Facet.WARNINGS)
    for _, facets in sorted(needed.items(), key=lambda item: (len(item[1]), item[0])):
        if not facets & (keep | {Facet.OUTCOME}):
            keep |= _first(case.assertions, facets)
    kept = [a for a in case.assertions if a.facet in keep and (a not in silent or Facet.RESULT in keep)]
    if any(":string:" in mutant and Facet.EXCEPTION in facets for mutant, facets in needed.items()):
        message = case.observation.raised.message if case.observation.raised else ""
        kept = [_anchored(a, message) if a.facet is Facet.EXCEPTION else a for a in kept]
    return replace(case, assertions=tuple(kept)) if kept else case


def _anchored(assertion: Assertion, message: str) -> Assertion:
    """The exception's message from its beginning on: text that a mutant puts in front must not go unnoticed. A pattern
    that leaves out the beginning (an error number) stays as it is."""
    anchored = _PATTERN.sub(r"\g<start>^", assertion.code, count=1)
    pattern = next(
        (
            k.value
            for n in ast.walk(ast.parse(anchored))
            if isinstance(n, ast.Call)
            for k in n.keywords
            if k.arg == "match"
        ),
        None,
    )
    if not isinstance(pattern, ast.Constant) or not re.match(str(pattern.value), message):
        return assertion
    return replace(assertion, code=anchored)


def _first(assertions: Sequence[Assertion], facets: frozenset[Facet]) -> set[Facet]:
    """The facet of the strongest assertion that can notice."""
    return {next((a.facet for a in assertions if a.facet in facets), Facet.OUTCOME)}


def _needed(
    chosen: Sequence[int], worth: Sequence[frozenset[int]], ranks: Mapping[int, tuple[object, ...]]
) -> list[int]:
    """The chosen without those whose every gain another has too, the weakest tried first. A complaint of the
    interpreter makes nothing else superfluous."""
    uses = Counter(item for index in chosen for item in worth[index])
    kept = []
    complaints = [index for index in chosen if ranks[index][0] == -INCIDENTAL]
    for group in (complaints, [index for index in chosen if index not in complaints]):
        for index in sorted(group, key=lambda i: (ranks[i], i), reverse=True):
            if all(uses[item] > 1 for item in worth[index]):
                uses.subtract(worth[index])
            else:
                kept.append(index)
        uses.subtract(item for index in kept for item in worth[index])
    return kept


def rank_of(case: TestCase, oddity: Callable[[Candidate], int] | None = None) -> tuple[int, int, int, str]:
    """Lower is better: strength, statements and strange values, length of what has to be read, and the text itself to
    settle it. To leave the package's state changed weighs as much as a statement."""
    candidate = case.candidate
    size = sum(map(len, (*candidate.arrange, candidate.act))) + sum(len(a.code) for a in case.assertions)
    count = sum(_statements(source) for source in (*candidate.arrange, candidate.act)) + len(candidate.fixtures)
    count += any(effect.kind == "state" for effect in case.observation.effects)
    return -strength(case), _A_STATEMENT * count + (oddity(candidate) if oddity else 0), size, candidate.key


def _statements(source: str) -> int:
    try:
        return sum(isinstance(node, ast.stmt) for top in statements(source) for node in ast.walk(top))
    except SyntaxError:
        return 1
