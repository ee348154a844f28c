"""The comment in a test that says what it is there for."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence

from qeforge.domain.goal import Goal, GoalKind
from qeforge.domain.mutant import Mutant
from qeforge.domain.testcase import TestCase

_MUTANT = re.compile(r"(?P<line>\d+):\d+-\d+:\d+:[^:]*:(?P<replacement>.*)", re.DOTALL)
_LONGEST_MUTANT = 34


def reasons(tests: Sequence[Sequence[TestCase]], mutants: Mapping[str, Mutant], width: int) -> list[str]:
    """One comment for each test of a file, without the `#`; empty where nothing is known.

    Where somebody said that it would be so, that comes first.

    What only this test does is what justifies it; where it does nothing alone, all that it does in the code that it is
    for is named.

    Args:
        tests: the cases of each test.
        mutants: by id, for a readable description; those that are missing are described from their id.
        width: characters a comment may have.
    """
    worth = [
        (
            frozenset(goal for case in cases for goal in case.goals),
            frozenset(mutant for case in cases for mutant in case.mutants),
        )
        for cases in tests
    ]
    uses: Counter[Hashable] = Counter(item for pair in worth for items in pair for item in items)
    found = []
    for cases, (goals, killed) in zip(tests, worth, strict=True):
        alone = frozenset(goal for goal in goals if uses[goal] == 1)
        alone_killed = frozenset(mutant for mutant in killed if uses[mutant] == 1)
        if alone or alone_killed:
            goals, killed = alone, alone_killed
        else:
            own = {case.candidate.target for case in cases}
            goals = frozenset(goal for goal in goals if goal.target in own) or goals
        said = _said(cases)
        room = width - len(said) - 2 if said else width
        found.append("; ".join(filter(None, (said, _reason(goals, killed, mutants, room)))))
    return found


def speaker(source: str) -> str:
    """Who states a claim, in words."""
    return {"docstring": "the docstring", "readme": "the README"}.get(source, source)


def _said(cases: Sequence[TestCase]) -> str:
    """Who said that the cases of a test would end as they did; the one that did so for most of them."""
    told = Counter(case.stated for case in cases if case.stated)
    if not told:
        return ""
    source, count = told.most_common(1)[0]
    return f"{'' if count == len(cases) else 'partly '}as {speaker(source)} says"


def mutants_reason(killed: frozenset[str], mutants: Mapping[str, Mutant], width: int) -> str:
    """The comment of a test that is there for the mutants that it kills and for nothing else."""
    return _reason(frozenset(), killed, mutants, width)


def _reason(goals: frozenset[Goal], killed: frozenset[str], mutants: Mapping[str, Mutant], width: int) -> str:
    parts = []
    reached = _reached(goals)
    if reached:
        parts.append(f"covers {reached}")
    if killed:
        parts.append(f"kills {len(killed)} mutant{'s' if len(killed) > 1 else ''}")
    text = "; ".join(parts)
    if len(text) > width:
        return text[: width - 1].rpartition(",")[0] + ", …"
    if not killed:
        return text
    described = sorted({_describe(one, mutants.get(one)) for one in killed}, key=_by_line)
    for count in range(len(described), 0, -1):
        rest = ", …" if count < len(described) else ""
        longer = f"{text} ({', '.join(described[:count])}{rest})"
        if len(longer) <= width:
            return longer
    return text


def _reached(goals: Iterable[Goal]) -> str:
    lines = sorted({goal.arc[0] for goal in goals if goal.kind is GoalKind.LINE})
    branches = sorted({goal.arc for goal in goals if goal.kind is GoalKind.BRANCH})
    parts = []
    if lines:
        parts.append(f"line{'s' if len(lines) > 1 else ''} {_ranges(lines)}")
    if branches:
        arrows = ", ".join(f"{abs(start)}→{end if end > 0 else 'exit'}" for start, end in branches)
        parts.append(f"branch{'es' if len(branches) > 1 else ''} {arrows}")
    return ", ".join(parts)


def _ranges(lines: Sequence[int]) -> str:
    """`1, 2, 3, 7` as `1-3, 7`."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _describe(one: str, mutant: Mutant | None) -> str:
    if mutant is not None:
        text = mutant.describe()
    else:
        found = _MUTANT.fullmatch(one)
        text = f"{found['line']}: → {' '.join(found['replacement'].split())}" if found else one
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_MUTANT else text[: _LONGEST_MUTANT - 1].rstrip() + "…"


def _by_line(description: str) -> tuple[int, str]:
    line = description.partition(":")[0]
    return (int(line) if line.isdigit() else 0), description
