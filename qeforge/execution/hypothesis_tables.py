"""Character tables that Hypothesis computes once and keeps in its storage folder: seconds for each new folder."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from qeforge.execution.scratch import scratch_folder

_FOLDER = "unicode_data"
_SECONDS = 60.0
_DRAW = """
from hypothesis import given, settings, strategies as st

@settings(max_examples=1, database=None, deadline=None)
@given(st.text())
def draw(text):
    pass

draw()
"""

_known: dict[Path, dict[str, bytes]] = {}
"""Interpreter to file name below the tables' folder and content; as long as this process lives."""


def lay_out(interpreter: Path, storage: Path) -> None:
    """Puts the tables that were computed for this interpreter into a new storage folder."""
    for name, content in _known.get(interpreter, {}).items():
        place = storage / _FOLDER / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def compute(interpreter: Path) -> None:
    """Has an interpreter compute the tables, once in the life of this process; nothing but Hypothesis runs there.

    In the sandbox Hypothesis cannot keep them. Where it fails here, too, runs only take longer.
    """
    if interpreter in _known:
        return
    with scratch_folder("qeforge-tables-") as storage:
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                [interpreter, "-I", "-B", "-c", _DRAW],
                env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(storage)},
                cwd=storage,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        folder = storage / _FOLDER
        _known[interpreter] = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.glob("*/*.gz"))}
