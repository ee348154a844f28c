"""Temporary folders that are gone when their owner is, whatever interrupts it, and whenever."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex


def make_scratch(owner: object, prefix: str = "qeforge-") -> Path:
    """A new folder, as its real path, that is removed when `owner` is collected or this process ends.

    It is promised to be removed before it is made, so that a Ctrl-C between the two leaves nothing: that is what
    `tempfile.mkdtemp` cannot give. A forked process does not remove its parent's.
    """
    folder = Path(tempfile.gettempdir()).resolve() / f"{prefix}{token_hex(6)}"
    weakref.finalize(owner, _remove, folder, os.getpid())
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def scratch_folder(prefix: str = "qeforge-") -> Iterator[Path]:
    """The same for the length of a `with`."""
    owner = _Owner()
    folder = make_scratch(owner, prefix)
    try:
        yield folder
    finally:
        _remove(folder, os.getpid())


class _Owner:
    __slots__ = ("__weakref__",)


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
