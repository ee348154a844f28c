"""Options of a call said by name: `naturalsize(300, False, True)` → `naturalsize(300, gnu=True)`.

Examples in documentation pass options by position. A reader of a test has no signature at hand. The judge sees whether
the call stays what it was: a wrapper may take its arguments by position alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from qeforge.codegen.options import named_options
from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Facet, Observation
from qeforge.domain.protocols import Judge
from qeforge.domain.target import Target
from qeforge.domain.testcase import TestCase

_Needed = Mapping[str, Mapping[str, frozenset[Facet]]]

_MAY_DIFFER = frozenset({"seconds", "operands"})
"""What two looks at the same call may tell differently."""


def with_named_options(
    judge: Judge, cases: Sequence[TestCase], needed: _Needed, targets: Mapping[str, Target]
) -> tuple[tuple[TestCase, ...], dict[str, dict[str, frozenset[Facet]]]]:
    """The cases with their options named where that changes nothing, and what each has to kill under its new key.

    Args:
        judge: looks at the new spelling.
        cases: confirmed ones.
        needed: for each candidate's key, the mutants that it kills and the facets that show it.
        targets: by id.
    """
    offers: dict[int, Candidate] = {}
    for place, case in enumerate(cases):
        target = targets.get(case.candidate.target)
        act = named_options(case.candidate.act, target) if target is not None else ""
        if act:
            offers[place] = replace(case.candidate, act=act)
    spelled, duties = list(cases), {key: dict(kills) for key, kills in needed.items()}
    if offers:
        for (place, candidate), seen in zip(offers.items(), judge.observe(list(offers.values())), strict=True):
            case = cases[place]
            if _is_alike(case.observation, seen):
                spelled[place] = replace(case, candidate=candidate, observation=seen)
                duties[candidate.key] = {**duties.get(candidate.key, {}), **needed.get(case.candidate.key, {})}
    return tuple(spelled), duties


def _is_alike(first: Observation, second: Observation) -> bool:
    """Whether both looks saw the same; the traceback of an exception begins in the test's own line, which differs."""
    for one in fields(first):
        before, after = getattr(first, one.name), getattr(second, one.name)
        if one.name in _MAY_DIFFER:
            continue
        if one.name == "raised" and before is not None and after is not None:
            before, after = replace(before, frames=()), replace(after, frames=())
        if before != after:
            return False
    return True
