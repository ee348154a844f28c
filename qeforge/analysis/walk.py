"""Python files below a folder, without what is no code to test."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from qeforge.analysis.ignore import Rules, gitignore_rules, inherited_rules, is_ignored

_NOT_CODE = frozenset({"__pycache__", "node_modules", "site-packages", "__pypackages__"})
_TESTS = frozenset({"tests", "test"})
_BUILT = frozenset({"build", "dist"})
_TEST_FILES = ("test_*.py", "*_test.py", "conftest.py")
_SETUP_FILES = frozenset({"setup.py", "noxfile.py"})
_ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")

LeaveOut = Callable[[Path, bool], str]
"""Path and whether it is a folder in, the reason to leave it out or nothing back."""


@dataclass(slots=True)
class Walk:
    """What a walk found: `files` to test, `left_out` Python files by reason, and folders that could not be read."""

    files: list[Path] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    unreadable: list[tuple[Path, OSError]] = field(default_factory=list)


def walk(folder: Path, leave_out: LeaveOut) -> Walk:
    """Every Python file below a folder that may be tested, each real folder once, however many links lead there.

    Left out: tests, `setup.py`, hidden, built, installed and virtual-environment folders, what a `.gitignore` between
    here and the repository's root names, and what `leave_out` gives a reason for.
    """
    found = Walk()
    seen: set[tuple[int, int]] = set()
    stack: list[tuple[Path, tuple[Rules, ...]]] = [(folder, inherited_rules(folder))]
    while stack:
        current, chain = stack.pop()
        try:
            status = current.stat()
            entries = sorted(os.scandir(current), key=lambda entry: entry.name)
        except OSError as error:
            found.unreadable.append((current, error))
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        names = {entry.name for entry in entries}
        if current != folder and any(mark in names for mark in _ENVIRONMENT_MARKS):
            continue
        if ".git" in names:
            chain = ()  # another repository begins: what is outside has no say in it
        if ".gitignore" in names and (own := gitignore_rules(current)) is not None:
            chain = (*chain, own)
        stack.extend((below, chain) for below in reversed(list(_sort(current, entries, chain, leave_out, found))))
    return found


def is_test_file(name: str) -> bool:
    """Whether pytest takes a file of this name for tests or their support."""
    return any(fnmatchcase(name, pattern) for pattern in _TEST_FILES)


def _sort(
    current: Path, entries: Sequence[os.DirEntry[str]], chain: Sequence[Rules], leave_out: LeaveOut, found: Walk
) -> Iterator[Path]:
    """Puts the files among a folder's entries where they belong, and yields the folders to go into."""
    for entry in entries:
        path = current / entry.name
        is_dir = _leads_to(entry.is_dir)
        if not is_dir and not entry.name.endswith(".py"):
            continue
        reason = _folder_reason(path) if is_dir else _file_reason(entry)
        if not reason and is_ignored(chain, path, is_dir=is_dir):
            reason = "ignored by git"
        reason = reason or leave_out(path, is_dir)
        if reason:
            found.left_out[reason] = found.left_out.get(reason, 0) + 1
        elif is_dir:
            yield path
        else:
            found.files.append(path)


def _folder_reason(path: Path) -> str:
    name = path.name
    if name.startswith("."):
        return "hidden"
    if name in _TESTS:
        return "tests"
    if name in _NOT_CODE or name.endswith((".egg-info", ".dist-info")):
        return "installed or built"
    return "installed or built" if name in _BUILT and not (path / "__init__.py").exists() else ""


def _file_reason(entry: os.DirEntry[str]) -> str:
    if is_test_file(entry.name):
        return "tests"
    if entry.name in _SETUP_FILES or entry.name.startswith("."):
        return "set-up"
    # A link that leads nowhere is no file, but it is worth a word when it is read.
    return "" if _leads_to(entry.is_file) or entry.is_symlink() else "not a file"


def _leads_to(kind: Callable[[], bool]) -> bool:
    """Whether an entry is of a kind; a link that leads back to itself is of none."""
    try:
        return kind()
    except OSError:
        return False
