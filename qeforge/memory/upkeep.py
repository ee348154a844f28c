"""Copies of the database, and its health."""

import ast
import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from qeforge.errors import UsageError
from qeforge.memory.store import LATEST, Store, StoreError

_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a database: what is not in it yet, and an index of that in shared memory."""
_PAGES = 1_000
"""Pages that are copied at once; others may write in between."""


def backup(store: Store, target: Path) -> int:
    """Copies the database, whoever writes to it meanwhile.

    Returns:
        Bytes of the copy.

    Raises:
        UsageError: there is a file of that name already, or nothing is remembered.
        StoreError: the copy could not be made; what there is of it is removed.
    """
    if target.exists():
        raise UsageError(f"{target}: exists already", hint="give another name", slug="exists")
    if not store.path.exists():
        raise UsageError("nothing is remembered yet", hint="qeforge generate", slug="nothing-remembered")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with store.connection() as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy, pages=_PAGES)
    except (OSError, sqlite3.Error) as problem:
        with contextlib.suppress(OSError):
            target.unlink()
        raise StoreError(f"{target}: {problem}") from problem
    return target.stat().st_size


def restore(store: Store, source: Path) -> Path | None:
    """Puts a copy in the place of the database. What was there is kept beside it.

    Returns:
        Where the former database is now; None where there was none.

    Raises:
        UsageError: the file is no such copy, or of a newer qeforge.
        StoreError: it could not be put there; then the former database is still in its place.
    """
    _check_copy(source)
    kept = store.path.with_name(f"{store.path.name}.before-restore-{time.time_ns() // 1_000_000}")
    former = kept if store.path.exists() else None
    try:
        _replace(store, source, kept)
    except (OSError, sqlite3.Error) as problem:
        raise StoreError(f"{store.path}: not restored: {problem}") from problem
    store.close()
    store.rows("select 1")  # an older one is brought up to date now
    return former


def vacuum(store: Store) -> tuple[int, int]:
    """Makes the file as small as what is in it, and leaves nothing of what was removed: in the file, in its log.

    Returns:
        Bytes before and after.

    Raises:
        StoreError: it cannot be done, perhaps because another process is at work.
    """
    if not store.path.exists():
        return 0, 0
    before = size_of(store.path)
    with store.transaction() as connection:
        connection.execute("delete from shape where id not in (select shape from pattern)")
    with store.connection() as connection:
        connection.execute("vacuum")
        busy = connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
    if busy:
        raise StoreError(
            f"{store.path}: another process is reading it; its log was not emptied", hint="try again when it is done"
        )
    return before, size_of(store.path)


def problems(store: Store) -> Iterator[str]:
    """What is wrong with the database; nothing, for a healthy one.

    Raises:
        StoreError: it cannot even be opened.
    """
    if not store.path.exists():
        return
    with store.connection() as connection:
        for row in connection.execute("pragma integrity_check(20)"):
            if row[0] != "ok":
                yield f"damaged: {row[0]}"
        for row in connection.execute("pragma foreign_key_check"):
            yield f"row {row[1]} of table {row[0]} refers to nothing in {row[2]}"
        for row in connection.execute("select id, act, arrange, imports, fixtures, roles from pattern"):
            with contextlib.suppress(ValueError, SyntaxError, RecursionError, MemoryError):
                lists = [json.loads(row[name]) for name in ("arrange", "imports", "fixtures", "roles")]
                ast.parse("\n".join((*lists[1], *lists[0], row["act"])))
                continue
            yield f"pattern {row['id']} is no recipe"


def size_of(path: Path) -> int:
    """Bytes of a database, with what is not in it yet."""
    return sum(file.stat().st_size for file in (path, path.with_name(path.name + _BESIDE[0])) if file.exists())


def copies_beside(path: Path) -> tuple[Path, ...]:
    """Older copies of a database, which migrations and `restore` left."""
    return tuple(sorted(path.parent.glob(f"{path.name}.before-*"))) if path.parent.is_dir() else ()


def _check_copy(source: Path) -> None:
    if not source.is_file():
        raise UsageError(f"{source}: no such file", hint="`qeforge memory backup FILE` makes one", slug="no-such-path")
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as connection:
            found = [row[0] for row in connection.execute("pragma integrity_check(1)")]
            version = int(connection.execute("pragma user_version").fetchone()[0])
            tables = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.Error as problem:
        raise UsageError(f"{source}: no database of qeforge ({problem})", slug="no-backup") from problem
    if found != ["ok"] or not version or "call" not in tables:
        wrong = found[0] if found != ["ok"] else "its tables are missing"
        raise UsageError(f"{source}: no database of qeforge ({wrong})", slug="no-backup")
    if version > LATEST:
        raise UsageError(
            f"{source}: written by a newer qeforge (tables {version}, known here up to {LATEST})",
            hint="upgrade qeforge",
            slug="store-newer",
        )


def _replace(store: Store, source: Path, kept: Path) -> None:
    """By SQLite's own copying, so that a process that has the database open sees the new content and not a ghost; a
    database that cannot be read any more is put aside as it is."""
    try:
        if store.path.exists():
            with closing(sqlite3.connect(store.path, timeout=10)) as old, closing(sqlite3.connect(kept)) as copy:
                old.backup(copy)
    except sqlite3.DatabaseError as problem:
        if isinstance(problem, sqlite3.OperationalError):
            kept.unlink(missing_ok=True)
            raise
        store.close()
        kept.unlink(missing_ok=True)
        store.path.rename(kept)
        for end in _BESIDE:
            store.path.with_name(store.path.name + end).unlink(missing_ok=True)
    store.path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(source)) as new, closing(sqlite3.connect(store.path, timeout=10)) as target:
        new.backup(target)
