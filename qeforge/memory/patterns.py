"""Patterns on disk, and the vectors by which they are found again."""

import json
import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from qeforge.domain.pattern import Embedder, Outcome, Pattern, PatternKind, Place, VectorIndex
from qeforge.memory.bank import judged, ranked, role_range, useless
from qeforge.memory.parts import name_of, part_range
from qeforge.memory.rows import Rows, in_pieces
from qeforge.memory.store import Store, StoreError

COLUMNS = (
    "pattern.digest, pattern.kind, shape.words, pattern.act, pattern.arrange, pattern.imports, pattern.fixtures, "
    "pattern.roles, project.root, target.name, pattern.uses, pattern.wins, pattern.gain, pattern.quality, pattern.at"
)
JOINED = (
    "from pattern join shape on shape.id = pattern.shape join target on target.id = pattern.target "
    "join project on project.id = target.project"
)
_CONSIDERED = 8
"""Times as many shapes as are wanted that are looked at, because some are of another project or kind."""
_OF_A_SHAPE = 4
"""Patterns of one shape that are handed out."""
_AT_ONCE = 500
"""Vectors in one query: SQLite takes no more than 999 parameters everywhere."""


class PatternStore:
    """Implements `Patterns` in the store.

    Args:
        store: the database, which is the truth.
        embedder: makes vectors of shapes; None where only shapes of the very same words count as near.
        index: opens what finds vectors, when that is needed first; None as above.
    """

    def __init__(
        self,
        store: Store,
        *,
        embedder: Embedder | None = None,
        index: Callable[[Embedder, Rows], VectorIndex] | None = None,
    ) -> None:
        self.store = store
        self._embedder = embedder
        self._open = index
        self._index: VectorIndex | None = None

    def keep(self, place: Place, patterns: Sequence[Pattern], *, at: float) -> None:
        """Remembers what was distilled from a target; what is known already is not new, only seen again.

        Raises:
            StoreError: the database cannot be written.
        """
        shapes: dict[str, int] = {}
        made = self._embedded(sorted({one.shape for one in patterns if one.kind is PatternKind.CALL}))
        with self.store.transaction() as connection:
            target = _target(connection, place, at)
            for pattern in patterns:
                shapes[pattern.shape] = _shape(connection, pattern.shape)
                _insert(connection, pattern, target, shapes[pattern.shape], at)
            gone = useless(pattern_of(row) for row in connection.execute(*_rivals(target, shapes.values())))
            _forget(connection, [one.id for one in gone])
            vectors = {shapes[words]: vector for words, vector in made.items()}
            self._write(connection, vectors)
        if self._index is not None and vectors:
            self._index.add(list(vectors), list(vectors.values()))

    def settle(self, outcomes: Sequence[Outcome], *, at: float) -> None:
        """Notes what became of patterns, and forgets those of no use.

        Raises:
            StoreError: the database cannot be written.
        """
        if not outcomes:
            return
        with self.store.transaction() as connection:
            for outcome in outcomes:
                row = connection.execute(
                    f"select pattern.id, {COLUMNS} {JOINED} where pattern.digest = ?", (outcome.pattern,)
                ).fetchone()
                if row is None:  # forgotten meanwhile
                    continue
                after = judged(pattern_of(row), outcome, at=at)
                connection.execute(
                    "update pattern set uses = ?, wins = ?, gain = ?, quality = ?, at = ? where id = ?",
                    (after.uses, after.wins, after.gain, after.quality, after.at, row["id"]),
                )
                connection.execute(
                    "insert into outcome (pattern, at, target, goals, kept) values (?, ?, ?, ?, ?)",
                    (row["id"], at, outcome.target, outcome.goals, int(outcome.kept)),
                )
                _forget(connection, [one.id for one in useless([after])])

    def of(self, project: str, target: str) -> list[Pattern]:
        """What was learned on this very target, best first.

        Raises:
            StoreError: the database cannot be read.
        """
        rows = self.store.rows(
            f"select {COLUMNS} {JOINED} where project.root = ? and target.name = ? and pattern.kind = ?",
            *(project, target, str(PatternKind.CALL)),
        )
        return ranked(pattern_of(row) for row in rows)

    def near(self, shape: str, count: int, *, project: str | None) -> list[tuple[Pattern, float]]:
        """Patterns of at most `count` shapes like this one, with the cosine similarity, best first.

        Raises:
            StoreError: the database cannot be read.
        """
        found: list[tuple[Pattern, float]] = []
        shapes = 0
        for key, similarity in self._shapes(shape, count * _CONSIDERED):
            rows = self.store.rows(
                f"select {COLUMNS} {JOINED} where pattern.shape = ? and not target.confined "
                "and (? is null or project.root = ?) order by pattern.quality desc limit ?",
                *(key, project, project, 2 * _OF_A_SHAPE),
            )
            found += [(one, similarity) for one in ranked(pattern_of(row) for row in rows)[:_OF_A_SHAPE]]
            shapes += bool(rows)
            if shapes == count:
                break
        return found

    def values(self, shape: str, role: str, *, project: str | None) -> list[Pattern]:
        """What parameters of that shape were given, then what others of the same name were; best first.

        Args:
            shape: of the parameter (`bank.shape_of_role`).
            role: its name.
            project: only of this one; None for all.

        Raises:
            StoreError: the database cannot be read.
        """
        found = self._between(PatternKind.VALUE, [role_range(role)], project)
        return sorted(found, key=lambda one: one.shape != shape)

    def parts(self, kind: PatternKind, names: Sequence[str], *, project: str | None) -> dict[str, list[Pattern]]:
        """Constructions of classes of these bare names, or fakes for what has these dotted ones; for each name that has
        some, best first.

        Args:
            kind: which of them.
            names: of the classes or callables.
            project: only of this one; None for all.

        Raises:
            StoreError: the database cannot be read.
        """
        found: dict[str, list[Pattern]] = {}
        for some in in_pieces(names, _AT_ONCE // 2):
            for one in self._between(kind, [part_range(kind, name) for name in some], project):
                found.setdefault(name_of(one), []).append(one)
        return found

    def _between(self, kind: PatternKind, ranges: Sequence[tuple[str, str]], project: str | None) -> list[Pattern]:
        """Patterns whose shapes lie in one of the ranges, best first. The ranges are what SQLite has to begin with: of
        many of them it would think that to look at everything is quicker."""
        rows = self.store.rows(
            f"with wanted (low, high) as (values {', '.join(['(?, ?)'] * len(ranges))}) select {COLUMNS} "
            "from wanted cross join shape on shape.words >= wanted.low and shape.words < wanted.high "
            "cross join pattern on pattern.shape = shape.id join target on target.id = pattern.target "
            "join project on project.id = target.project "
            "where pattern.kind = ? and not target.confined and (? is null or project.root = ?)",
            *(*chain.from_iterable(ranges), str(kind), project, project),
        )
        return ranked(map(pattern_of, rows))

    @property
    def indexed(self) -> int | None:
        """Vectors in the index; None without one."""
        index = self._opened()
        return None if index is None else len(index)

    def vectors_of(self, shapes: Sequence[int]) -> dict[int, tuple[float, ...]]:
        """The vectors of shapes, by their keys; without an embedder there are none.

        Raises:
            StoreError: the database cannot be read or written.
        """
        if self._embedder is None:
            return {}
        self._complete()
        return dict(ShapeVectors(self.store, self._embedder.name).vectors(shapes))

    @property
    def vectors(self) -> int:
        """Shapes that have a vector of the embedder in use."""
        return 0 if self._embedder is None else ShapeVectors(self.store, self._embedder.name).census()[0]

    def save(self) -> None:
        """Makes the index durable; the database is at the end of every call."""
        if self._index is not None:
            self._index.save()

    def drop(self, shapes: Sequence[int]) -> None:
        """Takes shapes that are gone from the database out of the index, durably."""
        if shapes and (index := self._opened()) is not None:
            index.remove(list(shapes))
            index.save()

    # -- vectors ------------------------------------------------------------------------------------------------

    def _opened(self) -> VectorIndex | None:
        if self._index is None and self._open is not None and self._embedder is not None:
            self._complete()
            self._index = self._open(self._embedder, ShapeVectors(self.store, self._embedder.name))
        return self._index

    def _complete(self) -> None:
        """Makes the vectors that are missing, all of them where another embedder was in use before."""
        assert self._embedder is not None
        missing = self.store.rows(
            "select id, words from shape where exists (select 1 from pattern where shape = shape.id and kind = ?) "
            "and not exists (select 1 from vector where vector.shape = shape.id and embedder = ?)",
            *(str(PatternKind.CALL), self._embedder.name),
        )
        for some in in_pieces(missing, _AT_ONCE):
            vectors = self._embedder.embed([row["words"] for row in some])
            with self.store.transaction() as connection:
                self._write(connection, dict(zip((row["id"] for row in some), vectors, strict=True)))

    def _shapes(self, words: str, count: int) -> Sequence[tuple[int, float]]:
        index = self._opened()
        if index is None or self._embedder is None:
            return [(row["id"], 1.0) for row in self.store.rows("select id from shape where words = ?", words)]
        return index.search(self._embedder.embed([words])[0], count) if len(index) else ()

    def _embedded(self, shapes: Sequence[str]) -> dict[str, Sequence[float]]:
        """The vectors of those of these shapes that have none yet. A model may take its time for it, so that nobody is
        kept from writing meanwhile."""
        if self._embedder is None:
            return {}
        known = (
            "select 1 from shape join vector on vector.shape = shape.id where shape.words = ? and vector.embedder = ?"
        )
        new = [words for words in shapes if not self.store.rows(known, words, self._embedder.name)]
        return dict(zip(new, self._embedder.embed(new), strict=True)) if new else {}

    def _write(self, connection: sqlite3.Connection, vectors: Mapping[int, Sequence[float]]) -> None:
        """Puts in vectors; others may have been quicker, or may have forgotten the shape."""
        if self._embedder is not None:
            connection.executemany(
                "insert into vector (shape, embedder, numbers) select ?, ?, ? "
                "where exists (select 1 from shape where id = ?) on conflict do nothing",
                [(key, self._embedder.name, packed(vector), key) for key, vector in vectors.items()],
            )


class ShapeVectors:
    """The vectors of one embedder in the store: what an index is made from. Implements `Rows`."""

    def __init__(self, store: Store, embedder: str) -> None:
        self._store = store
        self._embedder = embedder

    def census(self) -> tuple[int, int]:
        """How many shapes have a vector, and the sum of their keys."""
        rows = self._store.rows(
            "select count(*), coalesce(sum(shape), 0) from vector where embedder = ?", self._embedder
        )
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    def keys(self) -> list[int]:
        """Every shape that has a vector."""
        rows = self._store.rows("select shape from vector where embedder = ? order by shape", self._embedder)
        return [row["shape"] for row in rows]

    def vectors(self, keys: Sequence[int]) -> Iterator[tuple[int, tuple[float, ...]]]:
        """The vectors of these shapes."""
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            rows = self._store.rows(
                f"select shape, numbers from vector where embedder = ? and shape in ({', '.join('?' * len(some))})",
                *(self._embedder, *some),
            )
            yield from ((row["shape"], unpacked(row["numbers"])) for row in rows)


def packed(vector: Sequence[float]) -> bytes:
    """A vector as it is stored: float32, little-endian."""
    return struct.pack(f"<{len(vector)}f", *vector)


def unpacked(numbers: bytes) -> tuple[float, ...]:
    """The vector that was stored so."""
    return struct.unpack(f"<{len(numbers) // 4}f", numbers)


def _target(connection: sqlite3.Connection, place: Place, at: float) -> int:
    project = connection.execute(
        "insert into project (root, name, at) values (?, ?, ?) on conflict (root) do update set at = excluded.at "
        "returning id",
        (place.project, Path(place.project).name, at),
    ).fetchone()[0]
    return int(
        connection.execute(
            "insert into target (project, name, path, digest, confined, at) values (?, ?, ?, ?, ?, ?) "
            "on conflict (project, name) do update set at = excluded.at, "
            # What comes from an export knows neither file nor digest, and lifts nothing.
            "path = iif(excluded.digest = '', path, excluded.path), "
            "confined = iif(excluded.digest = '', confined, excluded.confined), "
            "digest = iif(excluded.digest = '', digest, excluded.digest) returning id",
            (project, place.target, place.path, place.digest, int(place.confined), at),
        ).fetchone()[0]
    )


def _shape(connection: sqlite3.Connection, words: str) -> int:
    connection.execute("insert into shape (words) values (?) on conflict (words) do nothing", (words,))
    return int(connection.execute("select id from shape where words = ?", (words,)).fetchone()[0])


def _insert(connection: sqlite3.Connection, pattern: Pattern, target: int, shape: int, at: float) -> None:
    lists = (pattern.arrange, pattern.imports, pattern.fixtures, pattern.roles)
    connection.execute(
        "insert into pattern (digest, target, shape, kind, act, arrange, imports, fixtures, roles, uses, wins, gain, "
        "quality, at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "on conflict (digest) do update set at = excluded.at, shape = excluded.shape",
        (
            *(pattern.id, target, shape, str(pattern.kind), pattern.act, *map(json.dumps, lists)),
            *(pattern.uses, pattern.wins, pattern.gain, pattern.quality, at),
        ),
    )


def _rivals(target: int, shapes: Iterable[int]) -> tuple[str, tuple[object, ...]]:
    """The query for whatever competes for the places of a target and of these shapes."""
    keys = tuple(shapes)
    marks = ", ".join("?" * len(keys))
    return f"select {COLUMNS} {JOINED} where target.id = ? or pattern.shape in ({marks})", (target, *keys)


def _forget(connection: sqlite3.Connection, digests: Sequence[str]) -> None:
    connection.executemany("delete from pattern where digest = ?", [(digest,) for digest in digests])


def pattern_of(row: sqlite3.Row) -> Pattern:
    """The pattern in a row of `COLUMNS`.

    Raises:
        StoreError: somebody wrote there who should not have.
    """
    try:
        return _pattern(row)
    except (ValueError, TypeError) as problem:
        raise StoreError(f"pattern {row['digest']} is damaged ({problem})", slug="store-damaged") from problem


def _pattern(row: sqlite3.Row) -> Pattern:
    return Pattern(
        kind=PatternKind(row["kind"]),
        shape=row["words"],
        act=row["act"],
        arrange=tuple(json.loads(row["arrange"])),
        imports=tuple(json.loads(row["imports"])),
        fixtures=tuple(json.loads(row["fixtures"])),
        roles=tuple(json.loads(row["roles"])),
        project=row["root"],
        module=row["name"].partition(":")[0],
        target=row["name"],
        uses=row["uses"],
        wins=row["wins"],
        gain=row["gain"],
        quality=row["quality"],
        at=row["at"],
    )
