"""Trajectories on disk: JSON lines under the user's data folder, append-only, read by later learning."""

import dataclasses
import json
import os
from pathlib import Path

import platformdirs

from qeforge.domain.trajectory import Trajectory


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
    path = data_dir() / "trajectories.jsonl"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            file.write(line.encode("utf-8", "backslashreplace"))
    except OSError as problem:
        return f"trajectory not recorded in {path}: {problem.strerror}"
    return ""
