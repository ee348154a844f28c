"""What is written: test cases, and the suite of a module."""

from dataclasses import dataclass
from pathlib import Path

from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal
from qeforge.domain.observation import Facet, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One line of checking, whole as it stands in the test (`assert result == 3`), and the imports and fixtures it
    needs. `facet` is the part of the observation that it pins.

    For `Facet.EXCEPTION` the `code` is the context manager that the act goes into
    (`pytest.raises(ValueError, match="…")`), and so for `Facet.WARNINGS` (`pytest.warns(…)`).
    """

    facet: Facet
    code: str
    imports: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """A candidate with its assertions, a name, and what justifies it: goals and the ids of mutants it kills.

    `stated` is the source of a claim that held: then the assertions say what the code is meant to do, and not only what
    it does. `scenario` are words joined by underscores in which a model says what is special about the input; they
    serve the name and nothing else.
    """

    __test__ = False

    candidate: Candidate
    observation: Observation
    assertions: tuple[Assertion, ...]
    name: str = ""
    goals: frozenset[Goal] = frozenset()
    mutants: frozenset[str] = frozenset()
    stated: str = ""
    scenario: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The test cases of one module, in the order in which they are written."""

    module: str
    path: Path
    cases: tuple[TestCase, ...]
