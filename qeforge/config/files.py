"""The `pyproject.toml` that configures a run, and its table."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qeforge.errors import ConfigError

NAME = "pyproject.toml"
_NOT_OURS = {"__pycache__", "node_modules", "site-packages"}


def find_config_file(start: Path) -> Path | None:
    """The nearest `pyproject.toml` from `start` upward that has `[tool.qeforge]`, else the nearest at all.

    In a repository of several projects the root's table so holds for every project that has none of its own.

    Raises:
        ConfigError: one on the way cannot be read or is not TOML.
    """
    here = Path(os.path.abspath(start))  # noqa: PTH100 - resolve() would follow links out of the project
    candidates = [folder / NAME for folder in (here, *here.parents)]
    files = [file for file in candidates if file.is_file()]
    for file in files:
        if "qeforge" in tool_table(file):
            return file
    return files[0] if files else None


def config_files_below(folder: Path) -> Iterator[Path]:
    """Every `pyproject.toml` in the folder and below it; hidden folders and installed packages left out."""
    for place, folders, files in os.walk(folder):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in _NOT_OURS and not name.startswith("."))
        if NAME in files:
            yield Path(place, NAME)


def tool_table(file: Path) -> Mapping[str, object]:
    """The file's `[tool]`, empty where it has none; a ConfigError as `read_toml` raises it."""
    tool = read_toml(file).get("tool", {})
    return tool if isinstance(tool, dict) else {}


def read_toml(file: Path) -> dict[str, Any]:
    """The parsed file.

    Raises:
        ConfigError: it cannot be read or is not TOML; names file and line.
    """
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{file}:{line}: not UTF-8 text", hint="TOML files are UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, position = str(error).partition(" (at ")
        digits = "".join(c if c.isdigit() else " " for c in position).split()
        line = int(digits[0]) if digits else text.count("\n") + 1
        raise ConfigError(f"{file}:{line}: not valid TOML: {message}", hint="mend that line") from error
