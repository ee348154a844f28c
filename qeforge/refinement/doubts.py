"""Which claims stay refuted wherever the code runs."""

from collections.abc import Sequence

from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Observation
from qeforge.domain.protocols import Judge
from qeforge.domain.report import Suspect
from qeforge.oracle.claims import suspects


def standing(judge: Judge, observed: Sequence[tuple[Candidate, Observation]]) -> tuple[Suspect, ...]:
    """The suspects among what was observed, as far as other surroundings refute them too: a docstring may count on a
    folder in the home, or on a date."""
    doubted = {candidate.key: (candidate, seen) for candidate, seen in observed if suspects(candidate, seen)}
    again = judge.confirm([candidate for candidate, _ in doubted.values()]) if doubted else ()
    return tuple(
        doubt
        for (candidate, seen), others in zip(doubted.values(), again, strict=True)
        for doubt in suspects(candidate, seen)
        if all(doubt.claim in [one.claim for one in suspects(candidate, other)] for other in others)
    )
