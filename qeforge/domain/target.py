"""What is tested: modules and the callables in them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """How a callable is reached."""

    FUNCTION = "function"
    METHOD = "method"
    STATIC_METHOD = "static method"
    CLASS_METHOD = "class method"
    PROPERTY = "property"
    CONSTRUCTOR = "constructor"  # `__init__`, `__new__`, or a class without either
    CLOSURE = "closure"  # defined inside another function; reached through it


class Flavour(StrEnum):
    """What calling it gives."""

    PLAIN = "plain"
    GENERATOR = "generator"
    COROUTINE = "coroutine"
    ASYNC_GENERATOR = "async generator"
    CONTEXT_MANAGER = "context manager"
    ASYNC_CONTEXT_MANAGER = "async context manager"


class ParameterKind(StrEnum):
    """`inspect.Parameter.kind`, by name."""

    POSITIONAL_ONLY = "positional-only"
    POSITIONAL = "positional-or-keyword"
    VAR_POSITIONAL = "var-positional"
    KEYWORD_ONLY = "keyword-only"
    VAR_KEYWORD = "var-keyword"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter as the source states it; `annotation` and `default` are source text, None when absent."""

    name: str
    kind: ParameterKind
    annotation: str | None = None
    default: str | None = None

    @property
    def required(self) -> bool:
        """Whether a call must pass it."""
        return self.default is None and self.kind not in (
            ParameterKind.VAR_POSITIONAL,
            ParameterKind.VAR_KEYWORD,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """First and last line, one-based, both inclusive; decorators count."""

    line: int
    end_line: int

    def __contains__(self, line: int) -> bool:
        return self.line <= line <= self.end_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One callable under test.

    `parameters` leave out a bound `self` or `cls`. `owner` is the qualname of its class. `digest` is the
    SHA-256 of its normalised syntax tree. `complexity` is cyclomatic (1 for straight-line code).
    """

    module: str
    qualname: str
    kind: Kind
    flavour: Flavour
    parameters: tuple[Parameter, ...]
    returns: str | None
    span: Span
    digest: str
    complexity: int
    doc: str = ""
    decorators: tuple[str, ...] = ()
    owner: str | None = None

    @property
    def id(self) -> str:
        """`module:qualname`, as `--target` takes it."""
        return f"{self.module}:{self.qualname}"

    @property
    def name(self) -> str:
        """The last part of the qualname."""
        return self.qualname.rpartition(".")[2]

    @property
    def is_private(self) -> bool:
        """A leading underscore anywhere in the qualname, dunder names excepted."""
        return any(
            part.startswith("_") and not (part.startswith("__") and part.endswith("__"))
            for part in self.qualname.split(".")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceModule:
    """One Python file to test: its import name, where it is, what must be on `sys.path` to import it, its text."""

    name: str
    path: Path
    import_root: Path
    source: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedModule:
    """A file that gets no suite, and the real reason in one line."""

    path: Path
    reason: str
    name: str = ""
