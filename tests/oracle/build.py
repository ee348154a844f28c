"""Short ways to write observations and cases."""

from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal, GoalKind
from qeforge.domain.observation import Facet, Frame, Observation, Outcome, Raised, Snapshot
from qeforge.domain.testcase import Assertion, TestCase

OWN = (Frame(function="test", line=1, own=False), Frame(function="f", line=3, own=True))


def value(source: str | None, type_name: str = "", *imports: str) -> Snapshot:
    return Snapshot(type_name=type_name, source=source, imports=imports)


def returned(source: str | None, type_name: str = "str") -> Observation:
    return Observation(outcome=Outcome.RETURNED, result=value(source, type_name))


def raised(type_name: str, message: str, frames: tuple[Frame, ...] = OWN) -> Observation:
    error = Raised(type_name=type_name, message=message, frames=frames)
    return Observation(outcome=Outcome.RAISED, raised=error)


def candidate(act: str = "f(1)", *arrange: str, fixtures: tuple[str, ...] = ()) -> Candidate:
    return Candidate(target="shop:f", act=act, arrange=arrange, imports=("from shop import f",), fixtures=fixtures)


def line(number: int) -> Goal:
    return Goal(kind=GoalKind.LINE, arc=(number, number))


def case(act: str, code: str = "assert result == 1", *goals: Goal, facet: Facet = Facet.RESULT) -> TestCase:
    return TestCase(
        candidate=candidate(act),
        observation=returned("1", "int"),
        assertions=(Assertion(facet=facet, code=code),),
        goals=frozenset(goals),
    )
