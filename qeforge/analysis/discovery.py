"""From paths to the modules that can be tested."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qeforge.analysis.ignore import Rules, rules
from qeforge.analysis.naming import Namer, importable
from qeforge.analysis.syntax import decode_source, parse
from qeforge.analysis.targets import targets_of
from qeforge.analysis.walk import walk
from qeforge.domain.target import SkippedModule, SourceModule
from qeforge.errors import UsageError

MAX_BYTES = 1_000_000
"""Larger files are generated ones: nobody writes tests for them, and reading them costs more than the rest."""
_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """The modules found, by path, and the files that get no suite with the reason."""

    modules: tuple[SourceModule, ...]
    skipped: tuple[SkippedModule, ...]


def discover(paths: Sequence[Path], *, exclude: Sequence[str] = (), search_path: Sequence[Path] = ()) -> Discovery:
    """The modules in files and folders. A file named here is taken even if it is ignored, excluded or a test.

    Args:
        paths: files and folders.
        exclude: patterns, in the language of `.gitignore`, relative to the project root of the file.
        search_path: the target interpreter's `sys.path`.

    Raises:
        UsageError: a path that is not there, a file that is not Python, a folder without Python files to test.
    """
    namer = Namer(search_path)
    found: dict[str, SourceModule | SkippedModule] = {}
    for path in paths:
        for file in _files(path, exclude, namer):
            made = file if isinstance(file, SkippedModule) else _read(file, namer)
            found.setdefault(os.path.realpath(made.path), made)
    ordered = sorted(found.values(), key=lambda made: made.path)
    return Discovery(
        modules=tuple(made for made in ordered if isinstance(made, SourceModule)),
        skipped=tuple(made for made in ordered if isinstance(made, SkippedModule)),
    )


def _files(path: Path, exclude: Sequence[str], namer: Namer) -> Iterator[Path | SkippedModule]:
    try:
        absolute = path.resolve(strict=True)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file or folder", hint="check the path", slug="no-such-path") from None
    except (OSError, RuntimeError) as error:
        raise UsageError(f"{path}: cannot be read: {_why(error)}", slug="unreadable-path") from None
    if absolute.is_dir():
        yield from _folder(path, absolute, exclude, namer)
    elif absolute.is_file() and path.suffix == ".py":
        # Not where a link leads: Python imports it by the name it has here.
        yield path.parent.resolve() / path.name
    else:
        raise UsageError(f"{path}: not a Python file", hint="name .py files, or folders with some", slug="not-python")


def _folder(path: Path, folder: Path, exclude: Sequence[str], namer: Namer) -> Iterator[Path | SkippedModule]:
    found = walk(folder, _Filter(folder, exclude, namer))
    if not found.files and not found.unreadable:
        reasons = ", ".join(f"{reason}: {count}" for reason, count in sorted(found.left_out.items()))
        left_out = f" (left out: {reasons})" if reasons else ""
        hint = "name a file itself to have it taken all the same" if reasons else "check the path"
        raise UsageError(f"{path}: no Python files to test{left_out}", hint=hint, slug="no-python")
    yield from found.files
    for unread, error in found.unreadable:
        yield SkippedModule(path=unread, reason=f"cannot be read: {_why(error)}")


@dataclass(frozen=True, slots=True)
class _Filter:
    """What the projects below a folder leave out: excludes relative to their roots, and their test folders."""

    folder: Path
    exclude: Sequence[str]
    namer: Namer
    _rules: dict[Path, Rules | None] = field(default_factory=dict)

    def __call__(self, path: Path, is_dir: bool) -> str:
        """The reason for leaving a path out, empty to keep it."""
        inner, outer = self.namer.project(path.parent), self.namer.project(self.folder)
        for root in {inner.root, outer.root}:
            if root not in self._rules:
                self._rules[root] = rules(root, self.exclude)
            held = self._rules[root]
            if held is not None and held.verdict(path, is_dir=is_dir):
                return "excluded"
        return "tests" if is_dir and path == inner.test_dir and "test" in path.name.lower() else ""


def _read(path: Path, namer: Namer) -> SourceModule | SkippedModule:
    root, name = namer.locate(path)
    if not importable(path, root):
        return SkippedModule(path=path, reason=f"cannot be imported: {name!r} is not a module name")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return SkippedModule(path=path, name=name, reason=f"too large to be written by hand: {size:,} bytes")
        data = path.read_bytes()
    except OSError as error:
        return SkippedModule(path=path, name=name, reason=f"cannot be read: {_why(error)}")
    try:
        source = decode_source(data)
        targets = targets_of(parse(source), name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"line {line}: byte 0x{data[error.start]:02x} is not valid {error.encoding}"
        return SkippedModule(path=path, name=name, reason=reason)
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        reason = f"not valid Python {_VERSION}: {where}{error.msg}"
        return SkippedModule(path=path, name=name, reason=reason)
    except RecursionError:
        return SkippedModule(path=path, name=name, reason="too deeply nested to be read")
    return SourceModule(name=name, path=path, import_root=root, source=source, targets=targets)


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
