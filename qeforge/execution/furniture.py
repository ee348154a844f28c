"""Folders that look lived in: what lies in many working folders and homes, and what no test may count on or without."""

from pathlib import Path

_WORKING_FOLDER = (
    *("bin/", "build/", "data/", "dist/", "doc/", "docs/", "examples/", "lib/", "logs/", "output/", "scripts/", "src/"),
    *("static/", "templates/", "test/", "tests/", "tmp/"),
    *(".gitignore", "LICENSE", "Makefile", "README.md", "pyproject.toml", "requirements.txt", "setup.cfg", "setup.py"),
)
_HOME = (
    *(".cache/", ".config/", ".local/", ".ssh/", "Desktop/", "Documents/", "Downloads/", "bin/", "tmp/"),
    *(".bashrc", ".gitconfig", ".profile"),
)


def furnish(*, working_folder: Path, home: Path) -> None:
    """Puts empty files and folders with usual names into both, which are made."""
    for folder, names in ((working_folder, _WORKING_FOLDER), (home, _HOME)):
        for name in names:
            path = folder / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.touch()
