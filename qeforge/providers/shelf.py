"""What is written down about the models on disk: `models.json`, replaced in one step and by one process at a time."""

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO

from qeforge.errors import ProviderError

INDEX = "models.json"
_LOCK = ".lock"
_VERSION = 1
_PATIENCE = 10.0
"""Seconds that one process waits while another one writes."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What was measured on this machine: tokens a second, of an answer and of a question; `date` is ISO's."""

    answer: float
    question: float
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A model on disk.

    Args:
        name: as it is asked for.
        file: its name in the folder.
        bytes, mtime: of the file when its checksum was taken; `mtime` in nanoseconds.
        sha256: that checksum.
        verified: whether it is one that somebody published.
        licence: as far as it is known; else empty.
        architecture: from the file's header.
        memory: bytes that it takes to run it, at `catalogue.CONTEXT` tokens.
        speed: None before it was measured.
    """

    name: str
    file: str
    bytes: int
    mtime: int
    sha256: str
    verified: bool
    licence: str
    architecture: str
    memory: int
    speed: Speed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All of them by name, and the one that is used when nobody says which."""

    models: Mapping[str, Stored] = field(default_factory=dict)
    chosen: str = ""


def read_shelf(folder: Path) -> Shelf:
    """What is written down; nothing where there is no folder yet.

    Raises:
        ProviderError: it cannot be read, is damaged, or of a newer qeforge.
    """
    path = folder / INDEX
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Shelf()
    except (OSError, UnicodeDecodeError) as problem:
        raise ProviderError(f"{path}: cannot be read: {problem}", hint="QEFORGE_DATA_DIR moves it") from problem
    try:
        data = json.loads(text)
        version = data["version"]
        if isinstance(version, int) and version > _VERSION:
            raise ProviderError(
                f"{path}: written by a newer qeforge",
                hint="upgrade qeforge, or set QEFORGE_DATA_DIR to another folder",
                slug="store-newer",
            )
        models = {name: _stored(name, fields) for name, fields in data["models"].items()}
        return Shelf(models=models, chosen=str(data["chosen"]))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ProviderError(
            f"{path}: damaged",
            hint="move it away, then `qeforge models import` the files beside it",
            slug="store-damaged",
        ) from problem


@contextlib.contextmanager
def changing(folder: Path) -> Iterator[dict[str, Any]]:
    """Lets nobody else change the shelf until the end of the block, and writes what `models` and `chosen` are then.

    Raises:
        ProviderError: as `read_shelf`; or it cannot be written; or another process does not come to an end with it.
    """
    with _locked(folder):
        before = read_shelf(folder)
        state: dict[str, Any] = {"models": dict(before.models), "chosen": before.chosen}
        yield state
        _write(folder, Shelf(models=state["models"], chosen=state["chosen"]))


def _write(folder: Path, shelf: Shelf) -> None:
    models = {name: {k: v for k, v in asdict(one).items() if k != "name"} for name, one in sorted(shelf.models.items())}
    text = json.dumps({"version": _VERSION, "chosen": shelf.chosen, "models": models}, indent=2) + "\n"
    new = folder / f"{INDEX}.{token_hex(4)}"
    try:
        with new.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(folder / INDEX)
    except OSError as problem:
        raise unwritable(folder / INDEX, problem) from problem
    finally:
        new.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / _LOCK).open("ab")
    except OSError as problem:
        raise unwritable(folder, problem) from problem
    with file:
        deadline = time.monotonic() + _PATIENCE
        while not taken(file):
            if time.monotonic() > deadline:
                raise ProviderError(
                    f"{folder / INDEX}: another process has been writing it for {_PATIENCE:.0f} s",
                    hint="end it, and try again",
                    slug="busy",
                    transient=True,
                )
            time.sleep(0.02)
        yield


def taken(file: BinaryIO) -> bool:
    """Whether this process now has the file's lock, which it gives back when it closes it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stored(name: str, fields: Mapping[str, Any]) -> Stored:
    speed = fields["speed"]
    one = Stored(name=name, **{**fields, "speed": None if speed is None else Speed(**speed)})
    if Path(one.file).name != one.file or not isinstance(one.bytes, int) or not isinstance(one.memory, int):
        raise ValueError(one.file)  # whoever could write it must not lead us elsewhere
    return one


def unwritable(path: Path, problem: OSError) -> ProviderError:
    """The error for a file that cannot be written."""
    if is_full(problem):
        return ProviderError(f"{path}: the disk is full", hint="make room, or set QEFORGE_DATA_DIR", slug="disk-full")
    return ProviderError(
        f"{path}: cannot be written: {problem.strerror or problem}", hint="QEFORGE_DATA_DIR moves it", slug="write"
    )


def is_full(problem: OSError) -> bool:
    """Whether there was no room: on the disk, in the user's share of it, or in what one file may hold there."""
    return problem.errno in _FULL
