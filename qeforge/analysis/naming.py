"""Under which name Python would import a file, and from where."""

import keyword
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from qeforge.analysis.project import Project, is_project_root, read_project

_SCANNED = 200
_RELATIVE_IMPORT = re.compile(rb"^[ \t]*from[ \t]*\.", re.MULTILINE)


@dataclass(slots=True)
class Namer:
    """Finds projects, import roots and module names; remembers what it read about folders.

    Args:
        search_path: folders on the target interpreter's `sys.path`; the current folder does not count among them,
            since it is there or not depending on how Python is started.
    """

    search_path: Sequence[Path]
    _entries: frozenset[Path] = field(init=False)
    _projects: dict[Path, Project] = field(default_factory=dict, init=False)
    _namespaces: dict[Path, bool] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        here = Path.cwd()
        self._entries = frozenset(p.resolve() for p in self.search_path if str(p) not in ("", ".")) - {here}

    def project(self, folder: Path) -> Project:
        """The nearest project around a folder."""
        climbed = []
        found = None
        for above in (folder, *folder.parents):
            found = self._projects.get(above) or (read_project(above) if is_project_root(above) else None)
            climbed.append(above)
            if found is not None:
                break
        else:
            found, climbed = read_project(folder), [folder]
        self._projects.update(dict.fromkeys(climbed, found))
        return found

    def locate(self, path: Path) -> tuple[Path, str]:
        """Import root and dotted name of a file.

        The deepest folder that the interpreter or the project's tests import from; otherwise the first folder above
        the file that is no package. A folder without `__init__.py` is a package when the project or an import says so.
        """
        project = self.project(path.parent)
        roots = self._entries.union(project.python_paths)
        root = next((above for above in path.parents if above in roots and importable(path, above)), None)
        if root is None:
            root = self._climb(path, project)
        return root, module_name(path, root)

    def _climb(self, path: Path, project: Project) -> Path:
        root = path.parent
        while (root / "__init__.py").exists() and root.parent != root and root.name.isidentifier():
            root = root.parent
        if root != project.root and root.is_relative_to(project.root) and importable(path, project.root):
            top = project.root / root.relative_to(project.root).parts[0]
            if top.name in project.packages or self._is_namespace(top):
                return project.root
        return root

    def _is_namespace(self, top: Path) -> bool:
        """Whether code below a folder without `__init__.py` imports by that folder's name, or relative to it."""
        if top not in self._namespaces:
            named = re.compile(rb"^[ \t]*(?:from|import)[ \t]+%b\b" % re.escape(top.name).encode(), re.MULTILINE)
            self._namespaces[top] = any(
                named.search(text) or (is_direct and _RELATIVE_IMPORT.search(text))
                for text, is_direct in islice(_texts(top), _SCANNED)
            )
        return self._namespaces[top]


def importable(path: Path, root: Path) -> bool:
    """Whether a file can be imported from a root: every part of the way is a name, and it is not the root itself."""
    parts = _parts(path, root)
    names = all(part.isidentifier() and not keyword.iskeyword(part) for part in parts)
    return names and parts not in (("__init__",), ("__main__",))


def module_name(path: Path, root: Path) -> str:
    """`pkg.mod` for `root/pkg/mod.py`, `pkg` for its `__init__.py`."""
    parts = _parts(path, root)
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _parts(path: Path, root: Path) -> tuple[str, ...]:
    return path.relative_to(root).with_suffix("").parts


def _texts(top: Path) -> Iterator[tuple[bytes, bool]]:
    """The files below a folder, and whether they lie directly in it."""
    for folder, below, names in os.walk(top):
        below[:] = sorted(name for name in below if not name.startswith((".", "__pycache__")))
        for path in _python_files(Path(folder), names):
            try:
                yield path.read_bytes(), path.parent == top
            except OSError:
                continue


def _python_files(folder: Path, names: Iterable[str]) -> list[Path]:
    return [folder / name for name in sorted(names) if name.endswith(".py")]
