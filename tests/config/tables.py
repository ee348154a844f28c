"""Projects with a `[tool.qeforge]`, and what is in force for work on them."""

from collections.abc import Mapping
from pathlib import Path

from qeforge.config import Config, load_config


def write(folder: Path, table: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pyproject.toml"
    file.write_text(f"[tool.qeforge]\n{table}\n")
    return file


def load(start: Path, *, flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None) -> Config:
    return load_config(flags or {}, start=start, environ=environ or {})
