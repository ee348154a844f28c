"""Suspects on disk: what the last run of each module found."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qeforge.domain.candidate import Claim
from qeforge.domain.report import Suspect
from qeforge.memory.store import Store

_FIELDS = "at, path, module, target, digest, act, arrange, imports, fixtures, expected, raises, source, observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A suspect as a run left it: `at` in seconds since 1970, `path` and `module` say where, `digest` is of what it is
    about: when that changed, nothing is known any more."""

    suspect: Suspect
    at: float
    path: Path
    module: str
    digest: str


class SuspectStore:
    """What is remembered of suspects."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def replace(
        self,
        path: Path,
        module: str,
        suspects: Sequence[Suspect],
        *,
        digests: Mapping[str, str],
        targets: Collection[str] | None = None,
        at: float,
    ) -> None:
        """Puts what a run found in the place of what an earlier one did.

        Args:
            path: of the module.
            module: its import name.
            suspects: what was found; those of a target without a digest are left out.
            digests: of what suspects are about, by target id.
            targets: ids of those that the run looked at; None for all.
            at: when, in seconds since 1970.

        Raises:
            StoreError: the database cannot be written.
        """
        if not suspects and not self._store.path.exists():
            return
        with self._store.transaction() as connection:
            if targets is None:
                connection.execute("delete from suspect where path = ?", (str(path),))
            else:
                each = [(str(path), target) for target in targets]
                connection.executemany("delete from suspect where path = ? and target = ?", each)
            marks = ", ".join("?" * len(_FIELDS.split(",")))
            rows = [
                _row(one, path=path, module=module, digest=digests[one.target], at=at)
                for one in dict.fromkeys(suspects)
                if one.target in digests
            ]
            connection.executemany(f"insert into suspect ({_FIELDS}) values ({marks})", rows)

    def all(self) -> list[Remembered]:
        """Every suspect, by path, in the order in which a run told of them.

        Raises:
            StoreError: the database cannot be read.
        """
        rows = self._store.rows(f"select {_FIELDS} from suspect order by path, at, id")
        return [_remembered(row) for row in rows]


def _row(one: Suspect, *, path: Path, module: str, digest: str, at: float) -> tuple[object, ...]:
    lists = [json.dumps(items) for items in (one.arrange, one.imports, one.fixtures)]
    claim = (one.claim.expected, int(one.claim.raises), one.claim.source)
    observed = one.observed.encode("utf-8", "backslashreplace").decode()  # a message may hold half a character
    return (at, str(path), module, one.target, digest, one.act, *lists, *claim, observed)


def _remembered(row: sqlite3.Row) -> Remembered:
    return Remembered(
        suspect=Suspect(
            target=row["target"],
            act=row["act"],
            claim=Claim(expected=row["expected"], source=row["source"], raises=bool(row["raises"])),
            observed=row["observed"],
            arrange=tuple(json.loads(row["arrange"])),
            imports=tuple(json.loads(row["imports"])),
            fixtures=tuple(json.loads(row["fixtures"])),
        ),
        at=row["at"],
        path=Path(row["path"]),
        module=row["module"],
        digest=row["digest"],
    )
