"""Trajectories on disk: JSON lines under the user's data folder, append-only, read by later learning."""

import dataclasses
import fcntl
import json
import os
from pathlib import Path

import platformdirs

from qeforge.domain.trajectory import Trajectory

_FILE = "trajectories.jsonl"


def data_dir() -> Path:
    """Where qeforge keeps what it remembers; `QEFORGE_DATA_DIR` overrides the platform's place."""
    chosen = os.environ.get("QEFORGE_DATA_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("qeforge", appauthor=False))


def append(trajectory: Trajectory) -> str:
    """Adds one line, in one write: several processes may do so at the same time.

    Returns:
        Empty, or why it could not be written: a run is never lost for its record.
    """
    line = json.dumps(dataclasses.asdict(trajectory), sort_keys=True, ensure_ascii=False) + "\n"
    path = data_dir() / _FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # while a project is taken out, nothing is added
            file.write(line.encode("utf-8", "backslashreplace"))
    except OSError as problem:
        return f"trajectory not recorded in {path}: {problem.strerror}"
    return ""


def forget(root: str) -> int:
    """Takes the trajectories of a project out; nothing that another process adds meanwhile is lost.

    Args:
        root: the project's folder.

    Returns:
        How many there were.

    Raises:
        OSError: the file cannot be read or written.
    """
    path = data_dir() / _FILE
    if not path.exists():
        return 0
    with path.open("r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lines = file.readall().splitlines(keepends=True)
        left = [line for line in lines if not _is_of(line, root)]
        if len(left) < len(lines):
            file.seek(0)
            file.write(b"".join(left))
            file.truncate()
    return len(lines) - len(left)


def _is_of(line: bytes, root: str) -> bool:
    try:
        return bool(json.loads(line)["project"] == root)
    except (ValueError, KeyError, TypeError):  # of an older version, or cut off
        return False
