"""Which index a store gets, and how it goes away."""

from importlib.util import find_spec
from pathlib import Path

from qeforge.domain.pattern import Embedder, VectorIndex
from qeforge.memory.exact import open_exact
from qeforge.memory.rows import Rows

NAME = "memory.usearch"
"""The file beside the store."""

SMALL = 1000
"""So many vectors are looked at one by one in 2 ms, in a tenth of the time in which usearch is imported."""


def open_index(folder: Path, *, embedder: Embedder, rows: Rows) -> VectorIndex:
    """An index of all that the store holds: usearch's where it is installed and there is enough for it.

    Args:
        folder: where the store is.
        embedder: made the vectors.
        rows: the vectors, by which a file that is missing, stale or damaged is made anew.

    Raises:
        StoreError: the store cannot be read.
    """
    if rows.census()[0] <= SMALL:
        discard(folder)  # it would keep what the store no longer has
    elif find_spec("usearch") is not None:
        from qeforge.memory.index import open_hnsw

        return open_hnsw(folder / NAME, embedder=embedder.name, dimensions=embedder.dimensions, rows=rows)
    return open_exact(dimensions=embedder.dimensions, rows=rows)


def discard(folder: Path) -> None:
    """Removes the index's file, and with it all traces of what the store forgot; the next use makes it anew."""
    try:
        (folder / NAME).unlink(missing_ok=True)
    except OSError:  # a folder that cannot be written; whoever opens the file will see that it is stale
        return
