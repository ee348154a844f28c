"""Formats test text as the project formats its code: its ruff configuration, else its black options, else ours."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from qeforge.config.surroundings import child_environment

LINE_LENGTH = 88
"""Columns of a line where the project says nothing."""

_TIMEOUT = 20.0
"""Seconds; ruff takes a few hundredths."""


def format_source(text: str, path: Path) -> str:
    """`text` formatted as a file at `path` would be; `path` need not exist.

    Imports are sorted and unused ones dropped only where the project configures ruff: its isort options decide then.
    Otherwise `text` comes with sorted imports already.

    Raises:
        ValueError: ruff could not format it and it is not valid Python either.
    """
    config = _nearest_config(path)
    name = ("--stdin-filename", str(path.absolute()))
    if config == "ruff":
        sorted_text = _ruff(text, "check", "--select", "I,F401", "--fix-only", "--quiet", "--no-cache", *name)
        formatted = _ruff(text if sorted_text is None else sorted_text, "format", "--quiet", "--no-cache", *name)
    else:
        formatted = None
    if formatted is None:
        options = config if isinstance(config, tuple) else ("--line-length", str(LINE_LENGTH))
        formatted = _ruff(
            text, "format", "--quiet", "--isolated", "--no-cache", *options, "--stdin-filename", path.name
        )
    if formatted is None:
        try:
            ast.parse(text)
        except SyntaxError as error:
            raise ValueError(f"rendered tests for {path.name} are not valid Python: {error}") from error
        return text
    return formatted


def line_length(path: Path) -> int:
    """Columns of a line in the project that holds `path`, as far as its configuration says so plainly."""
    for folder in path.absolute().parents:
        for name in (".ruff.toml", "ruff.toml", "pyproject.toml"):
            table = _load(folder / name)
            tools = table.get("tool", {}) if name == "pyproject.toml" else {"ruff": table}
            for tool in ("ruff", "black"):
                options = tools.get(tool) if isinstance(tools, dict) else None
                if isinstance(options, dict) and options:
                    length = options.get("line-length", options.get("line_length", LINE_LENGTH))
                    return length if isinstance(length, int) and length >= 40 else LINE_LENGTH
    return LINE_LENGTH


def _nearest_config(path: Path) -> str | tuple[str, ...]:
    """`"ruff"` when a ruff configuration applies to `path`, ruff's options that do what black's say, or nothing."""
    for folder in path.absolute().parents:
        if (folder / ".ruff.toml").is_file() or (folder / "ruff.toml").is_file():
            return "ruff"
        tools = _load(folder / "pyproject.toml").get("tool", {})
        if isinstance(tools, dict) and "ruff" in tools:
            return "ruff"
        if isinstance(tools, dict) and isinstance(tools.get("black"), dict):
            return _black_options(tools["black"])
    return ()


def _black_options(table: dict[str, object]) -> tuple[str, ...]:
    length = table.get("line-length", table.get("line_length", LINE_LENGTH))
    options = ["--line-length", str(length if isinstance(length, int) else LINE_LENGTH)]
    if table.get("skip-string-normalization", table.get("skip_string_normalization")) is True:
        options += ["--config", 'format.quote-style="preserve"']
    if table.get("skip-magic-trailing-comma", table.get("skip_magic_trailing_comma")) is True:
        options += ["--config", "format.skip-magic-trailing-comma=true"]
    return tuple(options)


def _load(path: Path) -> dict[str, object]:
    """A TOML file's content; empty when it is missing or broken (that is the project's own affair)."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _ruff(text: str, *arguments: str) -> str | None:
    """What ruff makes of `text`; None when it fails, with whatever reason (broken configuration, wrong version)."""
    try:
        done = subprocess.run(
            [*_ruff_command(), *arguments, "-"],
            input=text.encode(),
            capture_output=True,
            env=child_environment(),
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0 or (text.strip() and not done.stdout.strip()):
        return None
    return done.stdout.decode()


@cache
def _ruff_command() -> Sequence[str]:
    try:
        from ruff import find_ruff_bin  # type: ignore[import-untyped]

        return (str(find_ruff_bin()),)
    except (ImportError, FileNotFoundError):
        return (sys.executable, "-m", "ruff")
