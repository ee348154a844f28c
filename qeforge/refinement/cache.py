"""What came of modules in earlier runs, on disk: one small file for each outcome, safe for several processes at once.

Nothing in it is needed: a file that is missing, damaged or of another version is a module that is worked on again.
"""

import contextlib
import hashlib
import json
import os
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from qeforge.analysis.units import Shape
from qeforge.domain.report import ModuleReport
from qeforge.refinement.packing import pack, unpack

MOST_BYTES = 64 << 20
"""On disk; a module's outcome takes some kilobytes."""

_ABANDONED = 3600.0
"""Seconds after which a file that was never finished is nobody's any more."""
_SUFFIX, _LAST, _UNFINISHED = ".entry", ".last", ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What came of a module. `key` says under which circumstances, its text included; `shape` is that text's, `targets`
    are the ids of those in it; `report` is as it was, with the suite in `new` and nothing in `old`."""

    key: str
    shape: Shape
    targets: tuple[str, ...]
    report: ModuleReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Where the outcome of a module is kept, and what earlier runs left there.

    Args:
        cache: the place on disk.
        place: the module under these circumstances, whatever its text.
        key: the same with its text.
        known: the outcome of the very same work.
        part: ids of the targets that have to be worked on again, where the tests of all others can stay; None for all.
        before: what came of the module when its suite was written last, where `part` is given.
    """

    cache: "Cache"
    place: str
    key: str
    known: Entry | None = None
    part: frozenset[str] | None = None
    before: ModuleReport | None = None


@dataclass(frozen=True, slots=True)
class Cache:
    """Outcomes by key, and for each place (a module under the same circumstances, whatever its text) the last one.

    Args:
        folder: made when it is first needed.
        most_bytes: what `prune` leaves at most.
    """

    folder: Path
    most_bytes: int = MOST_BYTES

    def get(self, key: str) -> Entry | None:
        """The outcome with that key, which so counts as used."""
        path = self.folder / f"{key}{_SUFFIX}"
        try:
            entry = _decoded(path.read_bytes())
            if entry.key != key:
                return None
        except (OSError, ValueError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return entry

    def last(self, place: str) -> Entry | None:
        """The outcome that was stored last for a place."""
        try:
            key = (self.folder / f"{place}{_LAST}").read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return None
        return self.get(key) if key.isalnum() else None

    def put(self, place: str, entry: Entry) -> str:
        """Stores an outcome; each file is whole or not there, whatever ends this process.

        Returns:
            Empty, or why it could not be stored: a run is never lost for its cache.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _replace(self.folder / f"{entry.key}{_SUFFIX}", _encoded(entry))
            _replace(self.folder / f"{place}{_LAST}", entry.key.encode("ascii"))
        except OSError as problem:
            return f"nothing is kept for the next run in {self.folder}: {problem.strerror or problem}"
        return ""

    def forget(self, folder: Path) -> int:
        """Removes the outcomes of all modules below a folder; how many there were."""
        gone: set[str] = set()
        for path, _, _ in self._files():
            if path.suffix == _SUFFIX:
                with contextlib.suppress(OSError):
                    try:
                        entry = _decoded(path.read_bytes())
                    except ValueError:  # of another version: nobody can use it, and whose it is cannot be told
                        path.unlink()
                        continue
                    if entry.report.path.resolve().is_relative_to(folder):
                        path.unlink()
                        gone.add(entry.key)
        for path, _, _ in self._files():
            if path.suffix == _LAST:
                with contextlib.suppress(OSError, UnicodeDecodeError):
                    if path.read_text(encoding="ascii") in gone:
                        path.unlink()
        return len(gone)

    def prune(self) -> None:
        """Removes what was not used for longest until the rest is small enough, and what was never finished."""
        files = sorted(self._files(), key=lambda file: file[1])
        total = sum(size for _, _, size in files)
        now = time.time()
        for path, used, size in files:
            abandoned = path.suffix == _UNFINISHED and now - used > _ABANDONED
            if abandoned or total > self.most_bytes:
                with contextlib.suppress(OSError):
                    path.unlink()
                total -= size

    def _files(self) -> Iterator[tuple[Path, float, int]]:
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for found in entries:
                if found.name.endswith((_SUFFIX, _LAST, _UNFINISHED)):
                    with contextlib.suppress(OSError):  # another process has removed it
                        facts = found.stat()
                        yield Path(found.path), facts.st_mtime, facts.st_size


def _replace(path: Path, data: bytes) -> None:
    unfinished = path.with_name(f"{path.name}.{token_hex(6)}{_UNFINISHED}")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def _encoded(entry: Entry) -> bytes:
    text = json.dumps(pack(entry), ensure_ascii=True, separators=(",", ":"))
    body = zlib.compress(text.encode("ascii"))
    return hashlib.sha256(body).digest() + body


def _decoded(data: bytes) -> Entry:
    """Raises ValueError for what is no entry."""
    digest, body = data[:32], data[32:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError("damaged")
    try:
        return unpack(Entry, json.loads(zlib.decompress(body)))
    except zlib.error as error:
        raise ValueError(str(error)) from error
