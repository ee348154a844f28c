"""What a person is shown of what is remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qeforge.domain.pattern import Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternRow:
    """A pattern with the name of its project and, where it was looked for, how like it is (cosine)."""

    pattern: Pattern
    project: str
    similarity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One run of a pattern: when (seconds since 1970), for which target, what it was the first to meet, whether it was
    kept."""

    at: float
    target: str
    goals: int
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSum:
    """What is remembered of a project. `tried` and `won` count every run of its patterns, however long ago."""

    root: str
    name: str
    at: float
    targets: int
    patterns: int
    tried: int
    won: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryStats:
    """What is remembered at all: `size` is in bytes, with the index and what SQLite keeps beside it; `kinds` counts
    patterns by their kind; `embedders` vectors by what made them; `indexed` those in the index, None without one."""

    path: Path
    size: int
    version: int
    projects: tuple[ProjectSum, ...]
    kinds: Mapping[str, int]
    embedders: Mapping[str, int]
    indexed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Targets that look alike: how many shapes, how many patterns of them, their mean quality, and the words of the
    shapes nearest to the middle."""

    shapes: int
    patterns: int
    quality: float
    typical: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """All of them, the biggest first; `silhouette`, in [-1, 1], says how well they are told apart."""

    groups: tuple[Group, ...]
    silhouette: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was removed with a project: counts of each, the folders that it was, and older copies of the database, in
    which it still stands."""

    roots: tuple[str, ...]
    patterns: int
    targets: int
    suspects: int
    calls: int
    examples: int
    records: int
    cached: int
    copies: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of a file with patterns: how many were new, how many were known, and why others were refused."""

    added: int
    known: int
    refused: tuple[tuple[int, str], ...] = ()
