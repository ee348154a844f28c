"""What somebody said would happen, against what happened."""

import ast
import doctest

from qeforge.codegen.syntax import expression
from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.observation import Observation, Outcome, Snapshot
from qeforge.domain.report import Suspect

_LONGEST = 200


def suspects(candidate: Candidate, observation: Observation) -> tuple[Suspect, ...]:
    """The claims of a candidate that did not hold. A run that told nothing (it timed out, the sandbox refused it), or a
    value that cannot be compared, refutes no claim."""
    if observation.outcome not in (Outcome.RETURNED, Outcome.RAISED) or observation.blocked:
        return ()
    return tuple(
        Suspect(target=candidate.target, act=candidate.act, claim=claim, observed=_observed(observation))
        for claim in candidate.claims
        if not _may_hold(claim, observation)
    )


def _may_hold(claim: Claim, observation: Observation) -> bool:
    raised = observation.raised
    if raised is not None:
        wanted = claim.expected.partition("(")[0].strip().rpartition(".")[2]
        names = {name.rpartition(".")[2] for name in (raised.type_name, *raised.ancestors)}
        return claim.raises and wanted in names
    if claim.raises:
        return False
    return observation.result is None or _equal(claim.expected, observation.result)


def _equal(expected: str, seen: Snapshot) -> bool:
    """Whether the value may be the expected one; yes where that cannot be told from their texts."""
    wanted, shown = expression(expected), expression(seen.source or "")
    if wanted is None or shown is None:
        return True
    if doctest.OutputChecker().check_output(ast.unparse(wanted), ast.unparse(shown), doctest.ELLIPSIS):
        return True  # with three dots a docstring may mean anything, whether or not it says so
    try:
        return bool(ast.literal_eval(wanted) == ast.literal_eval(shown))
    except (ValueError, TypeError, MemoryError, RecursionError):
        return type(wanted) is type(shown) and not isinstance(shown, ast.Constant)


def _observed(observation: Observation) -> str:
    if observation.raised is not None:
        text = f"raised {observation.raised.type_name}: {observation.raised.message}".rstrip(": ")
    elif observation.result is None:
        text = "returned nothing"
    else:
        result = observation.result
        text = f"returned {result.source or result.text or result.type_name}"
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"
