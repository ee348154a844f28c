"""Removing everything that a project left in the database."""

from dataclasses import dataclass
from pathlib import Path

from qeforge.memory.patterns import PatternStore

FORGOTTEN = "(forgotten)"
"""What the ledger calls a project that was forgotten: what models took stays counted, and nothing says for what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many rows of each kind are gone."""

    patterns: int
    targets: int
    suspects: int
    calls: int
    examples: int


def forget(memory: PatternStore, root: str) -> Removed:
    """Removes a project: patterns, what became of them, shapes and vectors that nobody else uses, targets, suspects;
    and takes its names out of the ledger, unless another remembered project is called the same. Examples to learn from
    hold code: those of a project that is called the same go, too.

    The bytes are overwritten (`secure_delete`); `upkeep.vacuum` empties the log, too.

    Args:
        memory: what is remembered.
        root: folder of the project.

    Raises:
        StoreError: the database cannot be written; then nothing was removed.
    """
    name = Path(root).name
    inside = f"{root.rstrip('/')}/"
    with memory.store.transaction() as connection:
        row = connection.execute("select id from project where root = ?", (root,)).fetchone()
        number = row["id"] if row is not None else -1
        patterns = connection.execute(
            "select count(*) from pattern join target on target.id = pattern.target where target.project = ?", (number,)
        ).fetchone()[0]
        targets = connection.execute("delete from target where project = ?", (number,)).rowcount
        connection.execute("delete from project where id = ?", (number,))
        shapes = [
            each["id"]
            for each in connection.execute("select id from shape where id not in (select shape from pattern)")
        ]
        connection.executemany("delete from shape where id = ?", [(shape,) for shape in shapes])
        suspects = connection.execute(
            "delete from suspect where path = ? or substr(path, 1, ?) = ?", (root, len(inside), inside)
        ).rowcount
        examples = connection.execute("delete from example where project = ?", (name,)).rowcount
        calls = 0
        if connection.execute("select 1 from project where name = ?", (name,)).fetchone() is None:
            calls = connection.execute(
                "update call set project = ?, module = '', target = '', features = '' where project = ?",
                (FORGOTTEN, name),
            ).rowcount
    memory.drop(shapes)
    return Removed(patterns=patterns, targets=targets, suspects=suspects, calls=calls, examples=examples)
