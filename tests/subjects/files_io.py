"""Trap: results are on disk, input comes from disk, and the path may be a text, a `Path` or an open file."""

import json
import os
import tempfile
from pathlib import Path


def write_report(path: Path, title: str, lines: list[str]) -> int:
    """Write a report; returns the number of characters."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_text("\n".join([title, "=" * len(title), *lines]) + "\n", encoding="utf-8")


def read_settings(path: str | Path) -> dict[str, object]:
    """A JSON object from a file; empty when there is no file."""
    file = Path(path)
    if not file.exists():
        return {}
    if file.is_dir():
        raise IsADirectoryError(f"{file.name} is a folder")
    data = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise TypeError(f"settings are an object, not {type(data).__name__}")
    return data


def count_words(stream) -> dict[str, int]:
    """Words of an open text file."""
    counts: dict[str, int] = {}
    for line in stream:
        for word in line.lower().split():
            counts[word] = counts.get(word, 0) + 1
    return counts


def largest_files(folder: Path, count: int = 3) -> list[str]:
    """Names of the largest files below a folder, largest first."""
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: -path.stat().st_size)
    return [path.name for path in files[:count]]


def rotate(path: Path, keep: int = 2) -> list[str]:
    """Move `log` to `log.1`, `log.1` to `log.2`, and so on."""
    if keep < 1:
        raise ValueError("keep one file at least")
    moved = []
    for number in range(keep - 1, -1, -1):
        source = path if number == 0 else path.with_name(f"{path.name}.{number}")
        if source.exists():
            source.replace(path.with_name(f"{path.name}.{number + 1}"))
            moved.append(source.name)
    return moved


def scratch_note(text: str) -> str:
    """Leave a note in the temporary folder: its name differs each time."""
    handle, name = tempfile.mkstemp(suffix=".note")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return name


def note_here(text: str) -> None:
    """Write into the current folder, wherever that is."""
    Path("note.txt").write_text(text, encoding="utf-8")
