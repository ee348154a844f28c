"""What all functions of a module share while they are read."""

from dataclasses import dataclass

from qeforge.analysis.evidence.annotations import Annotations
from qeforge.analysis.evidence.model import Trace
from qeforge.analysis.static import StaticValues
from qeforge.analysis.symbols import FunctionNode, Symbols


@dataclass(frozen=True, slots=True)
class Link:
    """A value passed to a callable of the same module: `callee` is its qualname, `slot` a position or keyword.
    `bound` calls have one parameter in front that the call does not pass."""

    callee: str
    slot: int | str
    bound: bool
    trace: Trace


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What does not change while a module is read, and the notebooks that all its functions share.

    `parameters` are the notebooks of each function's parameters; `instances` those of the instances of each class, by
    qualname.
    """

    symbols: Symbols
    static: StaticValues
    annotations: Annotations
    parameters: dict[FunctionNode, dict[str, Trace]]
    instances: dict[str, Trace]
    links: list[Link]
    stored: list[tuple[str, str, Trace]]
