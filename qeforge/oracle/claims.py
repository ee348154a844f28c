"""Claims against what was observed: one that holds stands, one that fails becomes a suspect, never a test."""

import ast

from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.observation import Observation, Outcome
from qeforge.domain.report import Suspect


def suspects(candidate: Candidate, seen: Observation) -> tuple[Suspect, ...]:
    """The claims of a candidate that its observation contradicts. What cannot be compared is not held against it."""
    found = []
    for claim in candidate.claims:
        if _holds(claim, seen) is False:
            found.append(Suspect(target=candidate.target, act=candidate.act, claim=claim, observed=_said(seen)))
    return tuple(found)


def _holds(claim: Claim, seen: Observation) -> bool | None:
    """None when the two cannot be compared."""
    if seen.outcome not in (Outcome.RETURNED, Outcome.RAISED):
        return None
    if claim.raises:
        if seen.raised is None:
            return False
        names = {seen.raised.type_name, *seen.raised.ancestors}
        return any(name.rpartition(".")[2] == claim.expected.rpartition(".")[2] for name in names)
    if seen.raised is not None:
        return False
    if seen.result is None or seen.result.source is None:
        return None
    if seen.result.source == claim.expected:
        return True
    try:
        return bool(ast.literal_eval(seen.result.source) == ast.literal_eval(claim.expected))
    except (ValueError, SyntaxError):
        return None


def _said(seen: Observation) -> str:
    if seen.raised is not None:
        return f"raised {seen.raised.type_name}: {seen.raised.message}"
    return seen.result.source if seen.result and seen.result.source else "returned something else"
