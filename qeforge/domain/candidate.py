"""What proposers offer: arrange and act, never an expected value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An expectation that somebody states: checked, never believed.

    `expected` is the source of a value, or of an exception type when `raises`. `source` says where it comes from
    (`docstring`, a model's name). `general` says that it was stated of all such calls and not of this one: then another
    exception than the expected one refutes nothing, because another argument may be to blame. `partial` says that it
    was stated at the end of a longer story than this one: it may hold here, and if it does not, that refutes nothing.
    """

    expected: str
    source: str
    raises: bool = False
    general: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A test prefix.

    Args:
        target: id of the target it is meant for, `module:qualname`.
        act: the one thing the test does: an expression (its value is the result), or statements that may bind
            `result`.
        arrange: statements before it, one logical statement each.
        imports: whole import statements that `arrange` and `act` need, the module under test's included.
        fixtures: pytest fixtures used by name: `tmp_path`, `monkeypatch`, or the project's own.
        proposer: who offers it (`native`, `doctest`, `tests`, a model's name).
        claims: expectations that came with it.
    """

    target: str
    act: str
    arrange: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    proposer: str = "native"
    claims: tuple[Claim, ...] = ()

    @property
    def key(self) -> str:
        """Equal for candidates that do the same; also their stable sort key."""
        return "\n".join((*self.imports, ",".join(self.fixtures), *self.arrange, self.act))
