"""The full log of an unexpected failure."""

import os
import platform
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

import qeforge
from qeforge.config import log_dir


def write_log(error: BaseException, args: Sequence[str], environ: Mapping[str, str]) -> Path | None:
    """Writes the traceback, the versions and the command line, never the environment; None if it cannot anywhere."""
    text = "\n".join(
        (
            f"qeforge {qeforge.__version__}",
            f"python {platform.python_version()} on {platform.platform()}",
            f"arguments {list(args)!r}",
            f"folder {_folder()}",
            "",
            "".join(traceback.format_exception(error)),
        )
    )
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    for folder in (log_dir(environ), Path(tempfile.gettempdir()) / "qeforge-logs"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return path
    return None


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it has been removed
        return "gone"
