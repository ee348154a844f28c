"""The one database of what qeforge remembers, `memory.db` in the user data folder."""

import os
import re
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path

from qeforge.errors import UnavailableError

NAME = "memory.db"

_PATIENCE = 10.0
"""Seconds that one process waits while another one writes."""

_NAMED = re.compile(r"^(\d{4})_\w+\.sql$")


class StoreError(UnavailableError):
    """What is remembered cannot be read or written."""

    default_slug = "store"


class Store:
    """A connection to the database, which is made, and brought up to date, when it is first used.

    Several processes and threads may use it at once: it is in write-ahead mode, each use is one transaction, and one
    that finds it locked waits for up to ten seconds. The connection is kept, because closing the last one moves the
    log into the database and waits for the disk. The version of its tables is SQLite's `user_version`: the number of
    the last migration in `migrations/` that was run. Older ones are migrated after a copy was put beside them
    (`memory.db.before-N`); newer ones are refused.

    Args:
        path: of the database.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._kept: sqlite3.Connection | None = None
        self._process = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One unit of work: all of it is kept, or, on an exception, nothing.

        Raises:
            StoreError: the database cannot be opened, is damaged, is of a newer qeforge, or the disk is full.
        """
        try:
            with self._lock, self._connect() as connection:
                connection.execute("begin immediate")
                yield connection
        except sqlite3.Error as problem:
            raise _explained(self.path, problem) from problem

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """For what cannot be part of a transaction: copying the database, making it smaller.

        Raises:
            StoreError: as above.
        """
        try:
            with self._lock:
                yield self._connect()
        except sqlite3.Error as problem:
            raise _explained(self.path, problem) from problem

    def close(self) -> None:
        """Lets go of the file; the next use opens it again."""
        with self._lock:
            if self._kept is not None and self._process == os.getpid():
                self._kept.close()
            self._kept = None

    def rows(self, query: str, *parameters: object) -> list[sqlite3.Row]:
        """What a query finds; nothing where there is no database yet.

        Raises:
            StoreError: as above.
        """
        if not self.path.exists():
            return []
        try:
            with self._lock:
                found: list[sqlite3.Row] = self._connect().execute(query, parameters).fetchall()
                return found
        except sqlite3.Error as problem:
            raise _explained(self.path, problem) from problem

    def _connect(self) -> sqlite3.Connection:
        if self._kept is None or self._process != os.getpid():  # a connection does not survive a fork
            self._prepare()
            self._kept, self._process = self._opened(), os.getpid()
            weakref.finalize(self, _close, self._kept, self._process)
        return self._kept

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("pragma synchronous = normal")
            connection.execute("pragma foreign_keys = on")
            connection.execute("pragma secure_delete = on")  # what is forgotten is overwritten
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise StoreError(f"{self.path.parent}: {problem.strerror}", hint="QEFORGE_DATA_DIR moves it") from problem
        with closing(self._opened()) as connection:
            connection.execute("pragma journal_mode = wal")
            if _version(connection) < LATEST:
                self._migrate(connection)
            found = _version(connection)
        if found > LATEST:
            raise StoreError(
                f"{self.path}: written by a newer qeforge (tables {found}, known here up to {LATEST})",
                hint="upgrade qeforge, or set QEFORGE_DATA_DIR to another folder",
                slug="store-newer",
            )

    def _migrate(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("begin immediate")  # whoever comes second finds it done
            before = _version(connection)
            if before and before < LATEST:
                self._keep_copy(before)
            for number, script in _MIGRATIONS:
                if number > before:
                    for statement in script.split(";"):
                        connection.execute(statement)
                    connection.execute(f"pragma user_version = {number}")
            connection.execute("commit")
        except BaseException:  # Ctrl-C, too, which may come when there is nothing to take back yet, or any more
            if connection.in_transaction:
                connection.execute("rollback")
            raise

    def _keep_copy(self, version: int) -> None:
        copy = self.path.with_name(f"{NAME}.before-{version + 1}-{int(time.time())}")
        with closing(self._opened()) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)


def _close(connection: sqlite3.Connection, process: int) -> None:
    if process == os.getpid():
        connection.close()


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def _scripts() -> tuple[tuple[int, str], ...]:
    folder = resources.files("qeforge.memory") / "migrations"
    found = [(_NAMED.match(file.name), file) for file in folder.iterdir()]
    return tuple(sorted((int(match[1]), file.read_text(encoding="utf-8")) for match, file in found if match))


_MIGRATIONS = _scripts()
LATEST = _MIGRATIONS[-1][0]
"""Version of the tables that this qeforge works with."""


def _explained(path: Path, problem: sqlite3.Error) -> StoreError:
    text = str(problem)
    if "malformed" in text or "not a database" in text:
        return StoreError(f"{path}: damaged ({text})", hint="move it away; a new one is made", slug="store-damaged")
    if "full" in text:
        return StoreError(f"{path}: the disk is full", hint="make room; nothing was lost", slug="disk-full")
    return StoreError(f"{path}: {text}", hint="QEFORGE_DATA_DIR moves it")
