"""How near a suite comes to a mutant that it does not notice."""

from dataclasses import dataclass
from enum import StrEnum

from qeforge.domain.mutant import Mutant
from qeforge.domain.observation import Operand


class Stage(StrEnum):
    """How far the difference that a mutant makes came; each includes those before it."""

    NOT_REACHED = "not reached"  # nothing that was tried runs its line
    NO_INFECTION = "no infection"  # its line ran, and every state stayed equal
    NO_PROPAGATION = "no propagation"  # states differed, and nothing that can be observed did
    NOTICED = "noticed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One variable whose value differs: source, or a rough description, without the mutant and with it; empty where
    it does not exist. `name` of a module's global leads into containers: `TABLE[3][0]`."""

    name: str
    without: str
    mutated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a judge saw of one mutant over some candidates.

    Args:
        mutant: the mutant.
        stage: the farthest that any candidate came.
        probe: index of that candidate in the request; None when none reaches the mutant.
        function: name of the function in which states differ first; empty without a difference.
        line: where they differ first, 0 without a difference.
        variables: what differs there, at most eight. None when another line was run instead.
        lost_in: the outermost function in which anything differed, and which gave back the same in the end.
        globals: what the module keeps that differs once it is imported, at most sixteen.
        operands: what met in predicates on the mutant's lines, when that candidate ran without the mutant; whoever
            aims has to ask for them.
    """

    mutant: Mutant
    stage: Stage
    probe: int | None = None
    function: str = ""
    line: int = 0
    variables: tuple[Difference, ...] = ()
    lost_in: str = ""
    globals: tuple[Difference, ...] = ()
    operands: tuple[Operand, ...] = ()
