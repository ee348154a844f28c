"""What one execution did. Failed, crashed and timed-out runs are values like any other."""

from dataclasses import dataclass
from enum import StrEnum

Arc = tuple[int, int]
"""From line to line, as coverage.py counts: negative numbers enter and leave a code object at that first line."""


class Outcome(StrEnum):
    """How an execution ended."""

    RETURNED = "returned"
    RAISED = "raised"  # the act raised, SystemExit included
    ARRANGE_FAILED = "arrange failed"  # raised before the act
    INVALID = "invalid"  # it does not compile
    TIMEOUT = "timeout"
    CRASHED = "crashed"  # the process died


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A value as seen from outside.

    `source` rebuilds an equal value of the same type, with `imports`; None when nothing readable does. Then
    `attributes` hold the public state that can be asserted (access suffix such as `.name`, `len()`, and its
    snapshot), and `text` its `str()` when that is stable. `type_name` is dotted, builtins bare.
    """

    type_name: str
    source: str | None = None
    imports: tuple[str, ...] = ()
    attributes: tuple[tuple[str, "Snapshot"], ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One traceback frame, outermost first in a list; `own` when it is in the module under test."""

    function: str
    line: int
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An exception: importable dotted type (builtins bare), `str()` of it, and the frames it went through."""

    type_name: str
    message: str
    frames: tuple[Frame, ...] = ()
    ancestors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value that the act changed: `expression` reaches it from the test (`items`, `account.balance`)."""

    expression: str
    before: Snapshot
    after: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """One logging call."""

    logger: str
    level: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something done to the world: `kind` is state (of the package under test), cwd (a file in the working folder),
    home (one in the home folder), filesystem, network, process, thread (one that keeps its process alive), environment,
    clock, random or stdin; `event` the audit event; `blocked` when the sandbox refused it, or no test may do it.
    `collaborator` tells what was done to a probing proxy, as JSON in `detail`; it counts as blocked, because a call
    with a proxy is no test."""

    kind: str
    event: str
    detail: str
    blocked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """Two values that met in a predicate of the module under test, as source texts; empty for one that has none.

    `operator` is one of `==`, `<`, `in`, `startswith`, `endswith`, `isinstance`, `match`, `getitem`, `truth`, standing
    for its opposites and its kin too (`!=`, `>=`, `find`). `match`: the pattern's text on the left, the subject on the
    right. `getitem`: a key that is missing on the right, on the left the list of keys that there are, or `os.environ`.
    `isinstance`: a dotted class on the right; on the left the value, or its class when it has no source. `truth`: the
    value on the left, nothing on the right.
    """

    line: int
    operator: str
    left: str
    right: str


class Facet(StrEnum):
    """The parts of an observation that a test can assert and a mutant can disturb."""

    OUTCOME = "outcome"
    RESULT = "result"
    EXCEPTION = "exception"
    STDOUT = "stdout"
    STDERR = "stderr"
    LOGS = "logs"
    WARNINGS = "warnings"
    CHANGES = "changes"
    FILES = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one execution of a candidate did.

    `arcs` are those of the module under test. `files` are `(path relative to tmp_path, text)` written there.
    `seconds` is wall time of arrange and act. `operands` only when they were asked for. `unstable` are facets that the
    judge itself knows not to last: cut off, or holding the present time or a path of the sandbox.
    """

    outcome: Outcome
    result: Snapshot | None = None
    raised: Raised | None = None
    stdout: str = ""
    stderr: str = ""
    logs: tuple[LogRecord, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    changes: tuple[Change, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    arcs: frozenset[Arc] = frozenset()
    seconds: float = 0.0
    effects: tuple[Effect, ...] = ()
    operands: tuple[Operand, ...] = ()
    unstable: tuple[Facet, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether the sandbox refused anything it tried."""
        return any(effect.blocked for effect in self.effects)
