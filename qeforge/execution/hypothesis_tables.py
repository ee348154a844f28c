"""Character tables that Hypothesis computes once and keeps in its storage folder: seconds for each new folder."""

from pathlib import Path

_FOLDER = "unicode_data"

_known: dict[Path, dict[str, bytes]] = {}
"""Interpreter to file name below the tables' folder and content; as long as this process lives."""


def is_known(interpreter: Path) -> bool:
    """Whether the tables of this interpreter were looked for already."""
    return interpreter in _known


def remember(interpreter: Path, storage: Path) -> None:
    """Keeps the tables that an interpreter has left in a storage folder; there may be none."""
    folder = storage / _FOLDER
    _known[interpreter] = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.glob("*/*.gz"))}


def lay_out(interpreter: Path, storage: Path) -> None:
    """Puts the tables that were computed for this interpreter into a new storage folder."""
    for name, content in _known.get(interpreter, {}).items():
        place = storage / _FOLDER / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
