"""Models on disk: files in one folder, loaded from the hub or imported, with what is known about each.

A file gets its final name only when it is whole and its checksum was taken, so that a cut, a full disk or a second
process leave nothing that looks like a model. An unfinished download stays beside them and is gone on with.
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from qeforge.errors import ProviderError, UsageError
from qeforge.providers.catalogue import CONTEXT, Entry, catalogue, entry_with, how_to_get, nearest
from qeforge.providers.gguf import read_header
from qeforge.providers.shelf import Shelf, Speed, Stored, changing, read_shelf, taken, unwritable

Progress = Callable[[int, int], None]
"""Hears how many bytes are done, and of how many."""

Fetch = Callable[[Entry, BinaryIO, Progress], None]
"""Completes a file, open at its end, with what the hub has from there on; a ProviderError when it cannot."""

_SUFFIX, _PART, _NEW = ".gguf", ".part", ".new"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_BLOCK = 1 << 20
_SPARE = 16 << 20
"""Bytes that stay free on the disk when a model was loaded."""
_ABANDONED = 3600.0
"""Seconds after which a copy that was never finished is nobody's any more."""
_NO_LINK = (errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


@dataclass(frozen=True, slots=True)
class ModelStore:
    """Models in a folder, which is made when it is first needed. Several processes may use it at once."""

    folder: Path

    def shelf(self) -> Shelf:
        """What is here, as `read_shelf` tells it."""
        return read_shelf(self.folder)

    def chosen(self) -> str:
        """Name of the model that is used when nobody says which; empty for none."""
        return self.shelf().chosen

    def stored(self, name: str) -> Stored:
        """The model of that name.

        Raises:
            UsageError: it is not here.
        """
        models = self.shelf().models
        if name not in models:
            known = catalogue().get(name)
            hint = how_to_get(known) if known else nearest(name, models) if models else "nothing is here yet"
            raise UsageError(f"no model on this machine is called {name!r}", hint=hint, slug="no-such-model")
        return models[name]

    def intact(self, one: Stored) -> bool:
        """Whether its file is there, as it was when its checksum was taken; by size and date, which takes no time."""
        try:
            found = (self.folder / one.file).stat()
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (one.bytes, one.mtime)

    def path_of(self, name_or_path: str = "") -> Path:
        """The file that a name of a model or a path means; nothing for the chosen model.

        Raises:
            ProviderError: no model was chosen, it is not here, or its file was changed since it was checked.
        """
        shelf = self.shelf()
        name = name_or_path or shelf.chosen
        if not name:
            raise ProviderError(
                "no local model was chosen", hint="`qeforge models list`, then `pull` or `use` one", slug="no-model"
            )
        if one := shelf.models.get(name):
            path = self.folder / one.file
            if not path.is_file():
                raise ProviderError(f"{path}: the file of {name} is gone", hint=_again(name), slug="no-model")
            if not self.intact(one):
                raise ProviderError(
                    f"{path}: changed since it was checked", hint=f"`qeforge models verify {name}`", slug="checksum"
                )
            return path
        path = Path(name).expanduser()
        if path.is_file():
            return path.absolute()
        if os.sep in name or name.endswith(_SUFFIX):
            raise ProviderError(f"{path}: no such file", hint="`qeforge models list` names models", slug="no-model")
        known = catalogue().get(name)
        hint = how_to_get(known) if known else nearest(name, {**catalogue(), **shelf.models})
        raise ProviderError(f"the model {name!r} is not on this machine", hint=hint, slug="no-model")

    def choose(self, name: str) -> Stored:
        """Makes it the model that is used when nobody says which.

        Raises:
            UsageError: it is not here.
            ProviderError: that cannot be written down.
        """
        one = self.stored(name)
        with changing(self.folder) as state:
            state["chosen"] = name
        return one

    def measured(self, name: str, speed: Speed) -> None:
        """Writes down how fast it is."""
        self._update(replace(self.stored(name), speed=speed))

    def partial(self, entry: Entry) -> int:
        """Bytes of it that an unfinished download has left."""
        try:
            return self._part(entry).stat().st_size
        except OSError:
            return 0

    def pull(self, entry: Entry, fetch: Fetch, progress: Progress) -> Stored:
        """Loads a model of the catalogue, and goes on with what an earlier download has left.

        Raises:
            ProviderError: what `fetch` raises; another process is loading it; the disk is full; the checksum is wrong,
                and the file was removed.
        """
        with self._loading(entry) as part:
            there = self.shelf().models.get(entry.name)
            if there is not None and there.sha256 == entry.sha256 and self.intact(there):
                self._part(entry).unlink(missing_ok=True)
                return there
            try:
                self._need(entry.bytes - part.tell())
                fetch(entry, part, progress)
                part.flush()
                os.fsync(part.fileno())
            except OSError as problem:
                self._part(entry).unlink(missing_ok=True)  # what fills the disk must not stay
                raise unwritable(self._part(entry), problem) from problem
            part.seek(0)
            digest = _sha256(part)
            if digest != entry.sha256:
                self._part(entry).unlink()
                raise _wrong(entry.name, digest, entry.sha256, "what was loaded was removed; pull it again")
            return self._keep(self._part(entry), name=entry.name, digest=digest, verified=True)

    def add(
        self, source: Path, progress: Progress, *, name: str = "", sha256: str = "", copy: bool = False
    ) -> tuple[Stored, bool]:
        """Takes a file that is already on this machine.

        Args:
            source: the file; it stays where it is.
            progress: hears about the copying.
            name: to call it; empty for the catalogue's, else the file's.
            sha256: that it has to have; empty for whatever the catalogue says of it.
            copy: whether it must not share its bytes on disk with the source.

        Returns:
            The model, and whether it shares its bytes with the source.

        Raises:
            UsageError: there is no such file, or the name cannot be had.
            ProviderError: it is no GGUF model, its checksum is not the one given, or the disk is full.
        """
        if not source.is_file():
            raise UsageError(f"{source}: no such file", hint="give a GGUF file", slug="no-such-path")
        if name and (not _NAME.fullmatch(name) or name.endswith((_SUFFIX, _PART))):
            raise UsageError(f"{name!r} cannot be a name", hint="small letters, digits, and . _ - between", slug="name")
        read_header(source)
        self._sweep()
        new = self.folder / f"{token_hex(8)}{_NEW}"
        try:
            linked = not copy and _linked(source.resolve(), new)
            digest = _digest(new) if linked else self._copied(source, new, progress)
            if sha256 and digest != sha256.lower():
                raise _wrong(str(source), digest, sha256.lower(), "nothing was imported")
            known = entry_with(digest)
            wanted = name or (known.name if known else _name_from(source))
            one = self._keep(new, name=wanted, digest=digest, verified=bool(known or sha256))
        except OSError as problem:
            raise unwritable(new, problem) from problem
        finally:
            new.unlink(missing_ok=True)
        return one, linked

    def verify(self, name: str) -> Stored:
        """Takes its checksum again.

        Raises:
            UsageError: it is not here.
            ProviderError: the file is gone, is not what it was, or is no model.
        """
        one = self.stored(name)
        path = self.folder / one.file
        try:
            found = path.stat()
            digest = _digest(path)
        except OSError as problem:
            raise ProviderError(f"{path}: {problem.strerror}", hint=_again(name), slug="no-model") from problem
        good = digest == one.sha256
        verified = one.verified or entry_with(digest) is not None
        now = replace(one, bytes=found.st_size, mtime=found.st_mtime_ns, verified=verified)
        self._update(now if good else replace(one, mtime=0))  # which no file has: it is not used
        if not good:
            raise _wrong(str(path), digest, one.sha256, _again(name))
        read_header(path)
        return now

    def remove(self, name: str) -> int:
        """Deletes it, with what an unfinished download has left; the bytes of both.

        Raises:
            UsageError: there is nothing of that name.
            ProviderError: it cannot be deleted.
        """
        known = catalogue().get(name)
        freed = self.partial(known) if known else 0
        if not freed:
            self.stored(name)
        with changing(self.folder) as state:
            try:
                if known:
                    self._part(known).unlink(missing_ok=True)
                if one := state["models"].pop(name, None):
                    (self.folder / one.file).unlink(missing_ok=True)
                    freed += one.bytes
            except OSError as problem:
                raise unwritable(self.folder, problem) from problem
            if state["chosen"] == name:
                state["chosen"] = ""
        return freed

    # -- parts --------------------------------------------------------------------------------------------------

    def _part(self, entry: Entry) -> Path:
        return self.folder / f"{entry.sha256[:16]}{_PART}"

    @contextlib.contextmanager
    def _loading(self, entry: Entry) -> Iterator[BinaryIO]:
        """The unfinished file, open at its end, which no other process has open like this."""
        path = self._part(entry)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            while True:
                with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644), "r+b") as part:  # noqa: PTH123
                    if not taken(part):
                        raise ProviderError(
                            f"{entry.name}: another process is loading it", hint="wait until it is done", slug="busy"
                        )
                    if not _is(path, part):
                        continue  # it was finished, and has another name, since we opened it
                    if part.seek(0, os.SEEK_END) > entry.bytes:
                        part.truncate(0)
                        part.seek(0)
                    try:
                        yield part
                    finally:
                        if part.seek(0, os.SEEK_END) == 0 and _is(path, part):
                            path.unlink()
                    return
        except OSError as problem:
            raise unwritable(path, problem) from problem

    def _update(self, one: Stored) -> None:
        with changing(self.folder) as state:
            if one.name in state["models"]:  # nobody has removed it meanwhile
                state["models"][one.name] = one

    def _need(self, size: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < size + _SPARE:
            raise ProviderError(
                f"{self.folder}: {size / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free",
                hint="make room, or set QEFORGE_DATA_DIR",
                slug="disk-full",
            )

    def _copied(self, source: Path, new: Path, progress: Progress) -> str:
        """The checksum of what was copied."""
        total, done, digest = source.stat().st_size, 0, hashlib.sha256()
        self._need(total)
        with source.open("rb") as reading, new.open("xb") as writing:
            while block := reading.read(_BLOCK):
                digest.update(block)
                writing.write(block)
                done += len(block)
                progress(done, total)
            writing.flush()
            os.fsync(writing.fileno())
        return digest.hexdigest()

    def _keep(self, new: Path, *, name: str, digest: str, verified: bool) -> Stored:
        """Gives a whole file its name, and writes down what is known; the first one is chosen, too."""
        header, known = read_header(new), catalogue().get(name)
        path = self.folder / f"{name}{_SUFFIX}"
        if known is not None and known.sha256 != digest:
            raise UsageError(
                f"{name}: not the file that the catalogue knows by this name", hint="--name gives another", slug="name"
            )
        found = new.stat()
        one = Stored(
            name=name,
            file=path.name,
            bytes=found.st_size,
            mtime=found.st_mtime_ns,
            sha256=digest,
            verified=verified,
            licence=known.licence if known else "",
            architecture=header.architecture,
            memory=header.memory(min(CONTEXT, header.context)),
        )
        with contextlib.ExitStack() as undo:
            with changing(self.folder) as state:
                there = state["models"].get(name)
                if there is not None and there.sha256 != digest:
                    hint = f"`qeforge models remove {name}`, or --name"
                    raise UsageError(f"another model is called {name!r}", hint=hint, slug="name")
                new.replace(path)
                undo.callback(_back, path, new)
                state["models"][name] = one = replace(one, speed=there.speed if there else None)
                state["chosen"] = state["chosen"] or name
            undo.pop_all()
        new.unlink(missing_ok=True)  # two names of one file are not replaced by each other
        return one

    def _sweep(self) -> None:
        """Makes the folder, and removes what a process that was killed has left there."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in self.folder.glob(f"*{_NEW}"):
                with contextlib.suppress(FileNotFoundError):
                    if time.time() - path.stat().st_ctime > _ABANDONED:
                        path.unlink()
        except OSError as problem:
            raise unwritable(self.folder, problem) from problem


def _is(path: Path, file: BinaryIO) -> bool:
    """Whether the open file is the one of that name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _back(path: Path, new: Path) -> None:
    with contextlib.suppress(OSError):
        path.replace(new)


def _linked(source: Path, new: Path) -> bool:
    """Whether the file now has that name, too; not on another disk, nor where links are not allowed."""
    try:
        os.link(source, new)
    except OSError as problem:
        if problem.errno in _NO_LINK:
            return False
        raise
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return _sha256(file)


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _name_from(source: Path) -> str:
    """What an unknown file is called: its own name, as far as that can be one."""
    letters = re.sub(r"[^a-z0-9._-]+", "-", source.stem.lower()).strip("-._")
    return letters[:64] or "model"


def _again(name: str) -> str:
    known = catalogue().get(name)
    return how_to_get(known) if known else f"`qeforge models remove {name}`, then import it again"


def _wrong(what: str, found: str, expected: str, hint: str) -> ProviderError:
    message = f"{what}: its SHA-256 is {found[:12]}…, and should be {expected[:12]}…"
    return ProviderError(message, hint=hint, slug="checksum")
