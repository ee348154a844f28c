"""Runs what was written, as whoever gets it would."""

import os
import subprocess
import sys
from pathlib import Path


def passing(folder: Path) -> str:
    """What pytest printed about the tests in the folder, all of which have to pass without a warning."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", ".", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
