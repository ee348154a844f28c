"""What was learned, on disk: a folder for each adapter that was accepted, and one small file that says which is used.

::

    learning/smollm2-135m-5f3a…/
        tried                     its time is that of the last consolidation that was begun
        active.json               which snapshot is used, or none
        0001/record.json          what it came from, figures, checks
        0001/adapter.gguf         what llama.cpp loads: everything learned up to then
        0001/part.gguf            the micro-adapter alone
        0001/fisher.npz           of a consolidation: how much each number matters

A snapshot is written into a folder of another name, which is renamed when it is whole; then `active.json` is replaced
in one step. Whatever ends the program in between, what was in use before still is.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from qeforge.learning.libraries import LearningError

ADAPTER, PART, FISHER = "adapter.gguf", "part.gguf", "fisher.npz"
_RECORD, _ACTIVE, _LOCK, _NEW, _TRIED = "record.json", "active.json", "lock", ".new", "tried"
_NUMBER = re.compile(r"\d{4,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known about a snapshot.

    Args:
        name: its number, `0001`.
        kind: `micro`, `base` or `import`.
        at: seconds since 1970, UTC.
        parent: the snapshot that it goes on from; empty for the bare model.
        model: name of the model.
        rank: of what was trained.
        examples, held_out: how many were trained on and judged by.
        steps: of training.
        seconds: of wall time, loading included.
        before, after: held-out loss in llama.cpp without it and with it.
        checks: by name, in words.
        scores: by project, the mean probability of its held-out tokens with it.
        more: other figures.
    """

    name: str
    kind: str
    at: float
    parent: str
    model: str
    rank: int
    examples: int
    held_out: int
    steps: int
    seconds: float
    before: float
    after: float
    checks: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    more: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of one model. Reading is safe at any time; who writes holds `changing`."""

    folder: Path

    def records(self) -> list[Record]:
        """All of them, oldest first; unfinished and unreadable ones are left out."""
        if not self.folder.is_dir():
            return []
        found = (self._record(path) for path in sorted(self.folder.iterdir()) if _NUMBER.fullmatch(path.name))
        return [one for one in found if one is not None]

    def active(self) -> Record | None:
        """The one in use; None for the bare model."""
        try:
            name = json.loads((self.folder / _ACTIVE).read_text(encoding="utf-8"))["snapshot"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return self.named(name) if isinstance(name, str) and name else None

    def named(self, name: str) -> Record | None:
        """A snapshot by its number; None for none."""
        return self._record(self.folder / name) if _NUMBER.fullmatch(name) else None

    def path(self, record: Record, file: str) -> Path:
        """One of a snapshot's files."""
        return self.folder / record.name / file

    def lineage(self, record: Record | None) -> list[Record]:
        """From the first one that a snapshot goes on from, to itself."""
        found: list[Record] = []
        while record is not None and record not in found:
            found.append(record)
            record = self.named(record.parent)
        return found[::-1]

    @contextmanager
    def changing(self, *, consolidates: bool = False) -> Iterator[None]:
        """Lets one process at a time write, and sweeps away what a killed one left.

        Args:
            consolidates: `tried` tells of it from now on, whatever comes of it.

        Raises:
            LearningError: another process is at it, or nothing can be written.
        """
        with told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise LearningError(
                    f"{self.folder}: another process is learning", hint="wait for it, or end it", slug="busy"
                ) from None
            for left in self.folder.glob(f"*{_NEW}"):
                shutil.rmtree(left, ignore_errors=True)
            if consolidates:
                with told(self.folder):
                    (self.folder / _TRIED).touch()
            yield
        finally:
            os.close(handle)

    def tried(self) -> float:
        """When a consolidation was begun last, in seconds since 1970; 0 for never."""
        try:
            return (self.folder / _TRIED).stat().st_mtime
        except OSError:
            return 0.0

    @contextmanager
    def making(self) -> Iterator[Path]:
        """A folder for the files of a new snapshot; gone afterwards unless `keep` took it."""
        new = self.folder / f"{self._next()}{_NEW}"
        with told(self.folder):
            new.mkdir()
        try:
            yield new
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def keep(self, new: Path, record: Record) -> None:
        """Makes what `making` gave a snapshot, and the one in use.

        Raises:
            LearningError: it cannot be written; the one before stays in use.
        """
        with told(self.folder):
            (new / _RECORD).write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
            for path in (*new.iterdir(), new):
                _flush(path)
            new.rename(self.folder / record.name)
            _flush(self.folder)
        self.use(record.name)

    def use(self, name: str) -> None:
        """Says which snapshot is used; an empty name for the bare model.

        Raises:
            LearningError: that cannot be written.
        """
        with told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            new = self.folder / f"{_ACTIVE}.{os.getpid()}"
            new.write_text(json.dumps({"snapshot": name}), encoding="utf-8")
            _flush(new)
            new.replace(self.folder / _ACTIVE)
            _flush(self.folder)

    def next_name(self, new: Path) -> str:
        """The number of a snapshot that is being made."""
        return new.name.removesuffix(_NEW)

    def _next(self) -> str:
        numbers = [int(path.name) for path in self.folder.iterdir() if _NUMBER.fullmatch(path.name)]
        return f"{max(numbers, default=0) + 1:04d}"

    def _record(self, path: Path) -> Record | None:
        try:
            found = json.loads((path / _RECORD).read_text(encoding="utf-8"))
            record = Record(**found)
        except (OSError, ValueError, TypeError):
            return None
        return record if (path / ADAPTER).is_file() else None


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Says in one line that a file or folder cannot be written, as a LearningError."""
    try:
        yield
    except OSError as problem:
        raise LearningError(
            f"{path}: {problem.strerror or problem}; what was learned before stays",
            hint="make room, or set QEFORGE_DATA_DIR to another folder",
            slug="disk-full" if problem.errno == errno.ENOSPC else "write",
        ) from problem


def identity_of(path: Path) -> str:
    """Tells one model file from another without reading all of it: its size, its first and its last mebibyte.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        digest.update(str(size).encode())
        for place in (0, max(0, size - (1 << 20))):
            file.seek(place)
            digest.update(file.read(1 << 20))
    return digest.hexdigest()


def folder_of(home: Path, model: str, identity: str) -> Path:
    """Where the snapshots of a model are."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-._") or "model"
    return home / f"{name[:48]}-{identity[:12]}"
