"""Examples on disk: questions to local models, with what the judge made of the answers. Only ever added to."""

import json
import sqlite3

from qeforge.domain.learning import Example
from qeforge.memory.store import Store, StoreError

_FIELDS = "at, project, target, model, system, ask, prefill, accepted, kept, rejected, grammar"


class SqliteExamples:
    """Implements `Examples` in the store. `problem` is the first thing that could not be written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.problem = ""

    def record(self, example: Example) -> None:
        """Adds one; what cannot be kept is lost."""
        values = (
            *(example.at, example.project, example.target, example.model),
            *(example.system, example.ask, example.prefill, example.accepted, example.kept),
            *(json.dumps(example.rejected), example.grammar),
        )
        marks = ", ".join("?" * len(values))
        try:
            with self._store.transaction() as connection:
                connection.execute(f"insert into example ({_FIELDS}) values ({marks})", values)
        except StoreError as problem:
            self.problem = self.problem or f"no example was kept: {problem.message}"

    def all(self, *, project: str | None = None) -> list[Example]:
        """Every example, oldest first; of one project only, where it is named.

        Raises:
            StoreError: the database cannot be read.
        """
        where, parameters = ("where project = ?", [project]) if project is not None else ("", [])
        rows = self._store.rows(f"select {_FIELDS} from example {where} order by at, id", *parameters)
        return [_example(row) for row in rows]

    def forget(self, project: str) -> int:
        """Removes all of a project; how many there were.

        Raises:
            StoreError: the database cannot be written.
        """
        if not self._store.path.exists():
            return 0
        with self._store.transaction() as connection:
            return connection.execute("delete from example where project = ?", (project,)).rowcount


def _example(row: sqlite3.Row) -> Example:
    return Example(
        at=row["at"],
        project=row["project"],
        target=row["target"],
        model=row["model"],
        system=row["system"],
        ask=row["ask"],
        prefill=row["prefill"],
        accepted=row["accepted"],
        kept=row["kept"],
        rejected=tuple(json.loads(row["rejected"])),
        grammar=row["grammar"],
    )
