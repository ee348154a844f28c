"""What earlier runs teach: recipes that worked, by the shape of what they fit."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from qeforge.domain.candidate import Candidate
from qeforge.domain.recipe import Fake, Recipe


class PatternKind(StrEnum):
    """What a pattern is a recipe of."""

    CALL = "call"  # arrange and act of a test that was kept
    VALUE = "value"  # what one parameter was given in such a test; `act` is the expression
    CONSTRUCTION = "construction"  # how an object of a class of the project was made there; `act` is the expression
    FAKE = "fake"  # what stood in for a callable outside of the project; `act` is the expression


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A reusable recipe. It is data: nobody runs it but the judge, in its sandbox.

    Args:
        kind: what it is a recipe of.
        shape: words of what it fits, by which an embedder finds it: names, parameters, annotations, kinds.
        act: as in `Candidate`; of all but a call, an expression.
        arrange: as in `Candidate`.
        imports: as in `Candidate`.
        fixtures: as in `Candidate`.
        roles: names of the parameters of what it calls, in their order; of a value, the one it was given to.
        project: where it was learned: the project's folder, or what it was imported as.
        module: import name, there.
        target: id, there.
        uses: how often it was offered and run, decayed by age as `wins` and `gain` are.
        wins: how often it was the first to meet a goal.
        gain: goals that it was the first to meet, per use.
        quality: in [0, 1], what is to be expected of it, from `uses`, `wins` and its age.
        at: seconds since 1970 when it was last learned or used.
    """

    kind: PatternKind
    shape: str
    act: str
    arrange: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    project: str
    module: str
    target: str
    uses: float = 0.0
    wins: float = 0.0
    gain: float = 0.0
    quality: float = 0.5
    at: float = 0.0

    @cached_property
    def id(self) -> str:
        """Digest of what it is and which project it is from; of what is part of a call, whose it was does not matter.
        What became of it changes nothing about it."""
        whose = self.target if self.kind is PatternKind.CALL else self.shape
        parts = (
            *(self.kind, self.project, whose, ",".join(self.roles), ",".join(self.fixtures)),
            *("\n".join(self.imports), "\n".join(self.arrange), self.act),
        )
        return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A candidate that is in a suite now, with the goals that it meets and the mutants that it kills there; `raised`
    says that its act ends with an exception."""

    candidate: Candidate
    goals: int = 0
    mutants: int = 0
    raised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a pattern that was offered and run for a target, or of a part in the candidates that had it.

    Args:
        pattern: its id.
        target: id of the target that it was offered for, or was first used for.
        goals: how many goals it was the first to meet.
        kept: whether the candidate, or one of them, is in the suite that was written.
    """

    pattern: str
    target: str
    goals: int = 0
    kept: bool = False

    @property
    def won(self) -> bool:
        """Whether it was worth its run: it met a goal first, or is kept for the mutants that it kills."""
        return self.goals > 0 or self.kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """What a module's run teaches: plain values, on their way from the module's process to the store."""

    accepted: tuple[Accepted, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A candidate that a pattern gave, and that pattern's id; `kept` says that it is in that target's suite, or was."""

    pattern: str
    candidate: Candidate
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """A part that a pattern gave to the native engine.

    Args:
        pattern: its id.
        kind: a value, a construction or a fake.
        where: what it is for: the parameter's name, or the pattern's shape.
        source: the expression.
    """

    pattern: str
    kind: PatternKind
    where: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What memory has for one module.

    Args:
        offers: candidates to run before all others, the likeliest first.
        recipes: calls that the native engine may draw values and constructions from.
        fakes: what the native engine may put in the place of what is outside of the project.
        lent: the patterns that `recipes` and `fakes` are from.
    """

    offers: tuple[Offer, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    fakes: tuple[Fake, ...] = ()
    lent: tuple[Lent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A target and where it is: what is remembered hangs on it.

    Args:
        project: as `Pattern.project`.
        target: id of the target.
        path: of its file, below the project's root.
        digest: of its code.
        confined: whether what is learned there is for this target alone, because nobody may be shown its file.
    """

    project: str
    target: str
    path: str
    digest: str
    confined: bool = False


class Patterns(Protocol):
    """What is remembered, whoever keeps it."""

    def keep(self, place: Place, patterns: Sequence[Pattern], *, at: float) -> None:
        """Remembers what was distilled from a target's accepted candidates; what is known already is not new."""
        ...

    def settle(self, outcomes: Sequence[Outcome], *, at: float) -> None:
        """Notes what became of patterns, and forgets those that have proved to be of no use."""
        ...

    def of(self, project: str, target: str) -> Sequence[Pattern]:
        """What was learned on this very target, best first."""
        ...

    def near(self, shape: str, count: int, *, project: str | None) -> Sequence[tuple[Pattern, float]]:
        """Patterns of at most `count` other shapes that are like this one, with the cosine similarity, best first; of
        one project, or of all for None."""
        ...

    def values(self, shape: str, role: str, *, project: str | None) -> Sequence[Pattern]:
        """What parameters of that shape were given, then what others of the same name were; best first."""
        ...

    def parts(self, kind: PatternKind, names: Sequence[str], *, project: str | None) -> Mapping[str, Sequence[Pattern]]:
        """Constructions of classes of these bare names, or fakes for what has these dotted ones; for each name that has
        some, best first."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors that are near where the texts are alike."""

    @property
    def name(self) -> str:
        """What made a vector: vectors of another name are of no use here."""
        ...

    @property
    def dimensions(self) -> int:
        """Numbers per vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of unit length per text."""
        ...


class VectorIndex(Protocol):
    """Finds vectors near one another without looking at all of them."""

    def add(self, keys: Sequence[int], vectors: Sequence[Sequence[float]]) -> None:
        """Puts vectors in under their keys; one that is there is replaced."""
        ...

    def remove(self, keys: Sequence[int]) -> None:
        """Takes vectors out; a key that is not there is passed over."""
        ...

    def search(self, vector: Sequence[float], count: int) -> Sequence[tuple[int, float]]:
        """At most `count` keys with their cosine similarity, best first."""
        ...

    def __len__(self) -> int:
        """How many vectors it holds."""
        ...

    def save(self) -> None:
        """Makes what was added and removed durable."""
        ...
