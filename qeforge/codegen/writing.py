"""The one place that puts test files on disk: each is old or new, never half."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from qeforge.errors import WriteError


def write_atomically(path: Path, text: str) -> None:
    """Replaces the content of `path`, creating its folders; on any failure, Ctrl-C included, nothing is left behind.

    A symbolic link is followed, the permissions of an existing file are kept, and text is UTF-8 with `\\n` line ends.

    Raises:
        WriteError: the folder or file cannot be written; one line that names it and the reason.
    """
    destination = path.resolve()
    made: list[Path] = []
    temporary: Path | None = None
    try:
        _make_folders(destination.parent, made)
        mode = stat.S_IMODE(destination.stat().st_mode) if destination.exists() else 0o666 & ~_umask()
        if destination.exists() and not os.access(destination, os.W_OK):
            raise PermissionError(13, os.strerror(13))
        handle, name = tempfile.mkstemp(prefix=f".{destination.name}.", suffix=".tmp", dir=destination.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(destination)
    except OSError as error:
        _clean_up(temporary, made)
        raise WriteError(
            f"cannot write {path}: {error.strerror or error}",
            hint="choose another folder with --out, or make this one writable",
        ) from error
    except BaseException:
        _clean_up(temporary, made)
        raise


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Creates `folder` with its parents and notes in `made` each that was not there, outermost first."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        made.append(one)


def _clean_up(temporary: Path | None, made: list[Path]) -> None:
    with contextlib.suppress(OSError):
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    for folder in reversed(made):
        with contextlib.suppress(OSError):  # somebody else has put something into it since
            folder.rmdir()


def _umask() -> int:
    """The process's file mode mask; there is no way to read it but to set it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
