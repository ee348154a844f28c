"""The index for big stores: a hierarchy of navigable small worlds (Malkov and Yashunin, "Efficient and robust
approximate nearest neighbor search using hierarchical navigable small world graphs", 2018), by usearch.

The only module that imports `usearch` and `numpy`. Its file is a cache: the store has the vectors, and whatever is
wrong with the file, it is made anew from them.
"""

import json
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qeforge.errors import UnavailableError
from qeforge.memory.rows import Rows, in_pieces
from qeforge.memory.store import StoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from usearch.index import Index

SCALAR = "i8"
"""How a number is kept. One byte, scaled so that a vector's greatest number is 127, finds what four bytes find, but for
one neighbour in a hundred: see `benchmarks/index.py`."""

CONNECTIVITY, EXPANSION_ADD, EXPANSION_SEARCH = 16, 128, 64
"""Neighbours that each vector is linked to, and how many are kept in view while one is put in or looked for."""

_MAGIC = b"qeforge-index-1\n"
_LENGTH = 8
"""Bytes that say how long the label is, between it and the magic number that ends the file."""
_LOOKED_AT, _PIECE = 64 << 20, 1 << 20
"""Bytes of a file that are compared with their checksum: all of it up to the first, else pieces of the second all over
it. usearch trusts what it reads, and would follow a link into nowhere."""
_MOST_HOLES = 0.2
"""Share of removed vectors from which the graph is made anew when it is saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What an index's file says of itself, behind the graph.

    Args:
        embedder: who made the vectors.
        dimensions: of each.
        scalar: how a number is kept: `f32`, `f16` or `i8`.
        count: of vectors.
        total: sum of their keys.
        bytes: of the graph.
        checksum: of the graph, or of pieces of it.
    """

    embedder: str
    dimensions: int
    scalar: str = SCALAR
    count: int = 0
    total: int = 0
    bytes: int = 0
    checksum: int = 0


class HnswIndex:
    """A `VectorIndex` whose searches and inserts take time in proportion to the logarithm of what it holds.

    A file is mapped into memory and read as far as searches go; it is loaded as a whole with the first change. One
    thread adds at a time, so that the same vectors in the same order give the same graph. What a key had before it was
    removed or replaced may stay in the file until it is made anew.

    Args:
        path: of its file; `save` makes it.
        label: what it is to be; taken from the file where `mapped`.
        mapped: whether the file is there and fits.

    Raises:
        UnavailableError: usearch is not installed.
    """

    def __init__(self, path: Path, label: Label, *, mapped: bool = False) -> None:
        self._path = path
        self._label = label
        self._graph = _graph(label)
        self._mapped = mapped
        self._changed = False
        if mapped:
            self._graph.view(path)

    def add(self, keys: Sequence[int], vectors: Sequence[Sequence[float]]) -> None:
        """Puts vectors in under their keys; one that is there is replaced.

        Raises:
            ValueError: there are not as many vectors as keys, or one has another number of dimensions.
        """
        import numpy as np

        once = dict(zip(keys, vectors, strict=True))
        if not once:
            return
        numbers = self._numbers(list(once.values()))
        self.remove(list(once))
        self._writable().add(np.array(list(once), dtype=np.uint64), numbers, threads=1)
        self._changed = True

    def remove(self, keys: Sequence[int]) -> None:
        """Takes vectors out; a key that is not there is passed over."""
        import numpy as np

        there = [key for key in dict.fromkeys(keys) if key in self._graph]
        if there:
            self._writable().remove(np.array(there, dtype=np.uint64), threads=1)
            self._changed = True

    def search(self, vector: Sequence[float], count: int) -> list[tuple[int, float]]:
        """At most `count` keys with their cosine similarity, best first; of equals, the lower key first.

        Raises:
            ValueError: the vector has another number of dimensions.
        """
        wanted = self._numbers([vector])[0]
        if not len(self) or count < 1:
            return []
        found = self._graph.search(wanted, count, threads=1)
        near = sorted(zip(found.distances.tolist(), found.keys.tolist(), strict=True))
        return [(key, 1.0 - distance) for distance, key in near]

    def __len__(self) -> int:
        """How many vectors it holds."""
        return len(self._graph)

    @property
    def census(self) -> tuple[int, int]:
        """As `Rows.census`, of what it holds."""
        return len(self), int(self.keys().sum()) if len(self) else 0

    def keys(self) -> "NDArray[np.uint64]":
        """Every key."""
        import numpy as np

        return np.asarray(self._graph.keys[:], dtype=np.uint64)

    def save(self) -> None:
        """Puts what it holds into its file, in one step; without a change there is nothing to do.

        Raises:
            StoreError: the folder cannot be written, or the disk is full.
        """
        if not self._changed:
            return
        self._fill_holes()
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._graph.save(fresh)
            _seal(fresh, self._described())
            fresh.replace(self._path)
        except (OSError, RuntimeError) as problem:  # usearch's own is a RuntimeError
            raise StoreError(
                f"{self._path}: cannot be written ({getattr(problem, 'strerror', None) or problem})",
                hint="nothing was lost: it is made anew from the store",
                slug="index",
            ) from problem
        finally:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
        self._changed = False

    def _described(self) -> Label:
        count, total = self.census
        return replace(self._label, count=count, total=total)

    def _writable(self) -> "Index":
        if self._mapped:  # usearch crashes where something is removed from what is mapped
            self._graph = self._graph.copy()
            self._mapped = False
        return self._graph

    def _fill_holes(self) -> None:
        nodes = self._graph.stats.nodes
        if nodes - len(self) <= _MOST_HOLES * nodes:
            return
        keys, old = self.keys(), self._graph
        self._graph = _graph(self._label)
        if len(keys):
            import numpy as np

            rows: Any = old.get(keys)
            self._graph.add(keys, np.vstack(rows), threads=1)

    def _numbers(self, vectors: Sequence[Sequence[float]]) -> "NDArray[Any]":
        """The vectors as the graph keeps them. usearch's own way to one byte scales by a vector's length, which leaves
        most of the range unused where there are many dimensions."""
        import numpy as np

        wanted = self._label.dimensions
        for vector in vectors:
            if len(vector) != wanted:
                raise ValueError(f"expected {wanted} dimensions, got {len(vector)}")
        numbers = np.asarray(vectors, dtype=np.float32)
        if self._label.scalar != "i8":
            return numbers
        greatest = np.maximum(np.abs(numbers).max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
        scaled: NDArray[Any] = np.rint(numbers / greatest * 127).astype(np.int8)
        return scaled


def open_hnsw(path: Path, *, embedder: str, dimensions: int, rows: Rows, scalar: str = SCALAR) -> HnswIndex:
    """The index in a file, in step with the store. What is missing in it is added, what the store no longer has is
    removed; a file that is missing, damaged or of another embedder is made anew.

    Args:
        path: of its file.
        embedder: who made the vectors.
        dimensions: of each.
        rows: the store's vectors.
        scalar: how a number is kept.

    Raises:
        StoreError: the store cannot be read.
        UnavailableError: usearch is not installed.
    """
    label = Label(embedder=embedder, dimensions=dimensions, scalar=scalar)
    try:
        index = HnswIndex(path, label, mapped=problem_with(path, label) is None)
    except RuntimeError:  # usearch's own: the file is of another version of it
        index = HnswIndex(path, label)
    if index.census == rows.census():
        return index
    there, wanted = set(index.keys().tolist()), rows.keys()
    index.remove(sorted(there.difference(wanted)))
    for some in in_pieces([key for key in wanted if key not in there]):
        found = list(rows.vectors(some))
        index.add([key for key, _ in found], [vector for _, vector in found])
    with suppress(StoreError):  # where the file cannot be written, it is made anew every time
        index.save()
    return index


def problem_with(path: Path, wanted: Label) -> str | None:
    """Why a file cannot be used as what is wanted, in words; None when it can.

    Args:
        path: of the file.
        wanted: its embedder, dimensions and scalar count.
    """
    try:
        label = _read_label(path)
        if label is None:
            return "it is no index, or its end is missing"
        for name in ("embedder", "dimensions", "scalar"):
            if getattr(label, name) != getattr(wanted, name):
                return f"{name} is {getattr(label, name)!r}, not {getattr(wanted, name)!r}"
        return None if _checksum(path, label.bytes) == label.checksum else "it is damaged"
    except FileNotFoundError:
        return "there is none"
    except OSError as problem:
        return problem.strerror or str(problem)


def _seal(path: Path, label: Label) -> None:
    """Puts the label behind the graph, and sees that both are on the disk."""
    size = path.stat().st_size
    text = json.dumps(asdict(replace(label, bytes=size, checksum=_checksum(path, size)))).encode()
    with path.open("ab") as file:
        file.write(text + len(text).to_bytes(_LENGTH, "little") + _MAGIC)
        file.flush()
        os.fsync(file.fileno())


def _read_label(path: Path) -> Label | None:
    """None when the end of the file is not that of an index, or its length is not what the label says."""
    end = _LENGTH + len(_MAGIC)
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - end))
        tail = file.read()
        length = int.from_bytes(tail[:_LENGTH], "little")
        if tail[_LENGTH:] != _MAGIC or not 0 < length <= min(size - end, 1 << 16):
            return None
        file.seek(size - end - length)
        text = file.read(length)
    try:
        label = Label(**json.loads(text))
    except (ValueError, TypeError):
        return None
    return label if label.bytes == size - end - length else None


def _checksum(path: Path, size: int) -> int:
    checksum = 0
    with path.open("rb") as file:
        for start in _starts(size):
            file.seek(start)
            checksum = zlib.crc32(file.read(min(_PIECE, size - start)), checksum)
    return checksum


def _starts(size: int) -> Iterator[int]:
    """Where the pieces begin that are looked at."""
    if size <= _LOOKED_AT:
        yield from range(0, size, _PIECE)
        return
    pieces = _LOOKED_AT // _PIECE
    yield from ((size - _PIECE) * number // (pieces - 1) for number in range(pieces))


def _graph(label: Label) -> "Index":
    try:
        from usearch.index import Index
    except ImportError as problem:
        raise UnavailableError(
            "usearch is not installed, which finds patterns in a big memory",
            hint="pip install 'qeforge[memory]'",
            slug="usearch",
        ) from problem
    return Index(
        ndim=label.dimensions,
        metric="cos",
        dtype=label.scalar,
        connectivity=CONNECTIVITY,
        expansion_add=EXPANSION_ADD,
        expansion_search=EXPANSION_SEARCH,
    )
