"""What a path in an audit event means: text, absolute, and after following links."""

import os
import sys


def path_text(path: object) -> str | None:
    """A path as text; None for a descriptor and for anything that is no path."""
    if isinstance(path, os.PathLike):
        path = os.fspath(path)
    if isinstance(path, bytes):
        return os.fsdecode(path)
    return path if isinstance(path, str) else None


def absolute(text: str, beside: object) -> str:
    """`text` joined to the working folder, or to the folder behind the descriptor `beside`."""
    if os.path.isabs(text):
        return text
    base = _folder_of(beside) if isinstance(beside, int) and beside >= 0 else None
    try:
        return os.path.join(base or os.getcwd(), text)
    except OSError:
        return os.path.join(os.sep, text)  # the working folder is gone: the call will fail


def _folder_of(descriptor: int) -> str | None:
    try:
        if sys.platform == "darwin":
            import fcntl

            get_path = 50
            return os.fsdecode(fcntl.fcntl(descriptor, get_path, bytes(1024)).rstrip(b"\0"))
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return None


def resolved(path: str, *, follow: bool) -> str:
    """Where a change would land. Without `follow` the last part is the thing itself, not what a link points at."""
    try:
        head, tail = os.path.split(path)
        if follow or tail in ("", os.curdir, os.pardir):
            return os.path.realpath(path)
        return os.path.join(os.path.realpath(head), tail)
    except ValueError:  # an embedded null: the call will fail
        return path


def within(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it."""
    return path == folder or path.startswith(folder + os.sep)
