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
    value that cannot be compared, refutes no claim; nor does a part of the story that leads to it."""
    if observation.outcome not in (Outcome.RETURNED, Outcome.RAISED) or observation.blocked:
        return ()
    return tuple(
        Suspect(
            target=candidate.target,
            act=candidate.act,
            claim=claim,
            observed=_observed(observation),
            arrange=candidate.arrange,
            imports=candidate.imports,
            fixtures=candidate.fixtures,
        )
        for claim in candidate.claims
        if not claim.partial and _holds(claim, observation) is False
    )


def who_said(candidate: Candidate, observation: Observation) -> str:
    """Source of the first claim of a candidate that held beyond doubt; empty for none."""
    if not candidate.claims or observation.outcome not in (Outcome.RETURNED, Outcome.RAISED) or observation.blocked:
        return ""
    return next((claim.source for claim in candidate.claims if _holds(claim, observation)), "")


def _holds(claim: Claim, observation: Observation) -> bool | None:
    """Whether it holds; None where that cannot be told."""
    raised = observation.raised
    if raised is not None:
        wanted = claim.expected.partition("(")[0].strip().rpartition(".")[2]
        names = {name.rpartition(".")[2] for name in (raised.type_name, *raised.ancestors)}
        if claim.raises and wanted in names:
            return True
        return None if claim.general else False
    if claim.raises:
        return False
    if _is_printed(observation):
        return None  # what an example shows is then what was printed, and not what was returned
    return None if observation.result is None else _equal(claim.expected, observation.result)


def _is_printed(observation: Observation) -> bool:
    result = observation.result
    return bool(observation.stdout) and result is not None and result.source == "None"


def _equal(expected: str, seen: Snapshot) -> bool | None:
    """Whether the value is the expected one; None where that cannot be told from their texts."""
    wanted, shown = expression(expected), expression(seen.source or "")
    if wanted is None or shown is None:
        return None
    texts = ast.unparse(wanted), ast.unparse(shown)
    if texts[0] == texts[1]:
        return True
    if doctest.OutputChecker().check_output(*texts, doctest.ELLIPSIS):
        return None  # with three dots a docstring may mean anything, whether or not it says so
    try:
        return bool(ast.literal_eval(wanted) == ast.literal_eval(shown))
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None if type(wanted) is type(shown) and not isinstance(shown, ast.Constant) else False


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
