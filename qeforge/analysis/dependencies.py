"""Which modules of a project a module imports, directly or through others, as far as its source says."""

import ast
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from qeforge.analysis.syntax import decode_source, normalised, parse
from qeforge.domain.target import SourceModule

MOST = 2000
"""Modules that are followed at most; what lies behind them counts as unchanging."""

_SHARED_ROOTS = re.compile(r"(site|dist)-packages|python3?(\.\d+)?t?")
"""Names of folders whose packages have nothing to do with one another."""


class Dependencies:
    """Reads each module once, however many others import it.

    A module that was handed over counts as it was read then, also where another imports it.
    """

    def __init__(self) -> None:
        self._read: dict[Path, _Facts] = {}
        self._places: dict[tuple[str, Path], Path | None] = {}

    def of(self, module: SourceModule, paths: Sequence[Path] = ()) -> Mapping[str, str]:
        """Dotted name → digest of what it says, for everything in the project that importing or running the module may
        import, the module itself left out; by name.

        Packages above a module count, since importing it runs them. Layout, comments and docstrings make no difference,
        and a file that cannot be read or parsed counts with its bytes. Of a folder where libraries are installed only
        the module's own top-level package counts.

        Args:
            module: as it was discovered.
            paths: folders of the project that are importable, beside the module's own import root.
        """
        roots = list(dict.fromkeys((module.import_root, *paths)))
        top = module.name.partition(".")[0]
        found: dict[str, str] = {}
        seen = {module.name}
        if module.path not in self._read:
            self._read[module.path] = _facts(module.source, module.name, is_package=_is_package(module.path))
        waiting = [*_with_parents(module.name), *self._read[module.path][1]]
        while waiting and len(found) < MOST:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            near = roots if name.partition(".")[0] == top else [root for root in roots if not _is_shared(root)]
            path = next(filter(None, (self._place(name, root) for root in near)), None)
            if path is not None:
                found[name], names = self._file(path, name)
                waiting += names
        return dict(sorted(found.items()))

    def _place(self, name: str, root: Path) -> Path | None:
        """The source file that a name is imported from; a package wins over a module, as for Python."""
        if (name, root) not in self._places:
            base = root.joinpath(*name.split("."))
            files = (base / "__init__.py", base.with_name(f"{base.name}.py"))
            self._places[name, root] = next((path for path in files if path.is_file()), None)
        return self._places[name, root]

    def _file(self, path: Path, name: str) -> "_Facts":
        if path not in self._read:
            try:
                data = path.read_bytes()
            except OSError:
                self._read[path] = ("unreadable", ())
                return self._read[path]
            try:
                self._read[path] = _facts(decode_source(data), name, is_package=_is_package(path))
            except (SyntaxError, UnicodeDecodeError):
                self._read[path] = (hashlib.sha256(data).hexdigest(), ())
        return self._read[path]


_Facts = tuple[str, tuple[str, ...]]
"""The digest of what a module says, and the names that it imports."""


def imported_names(tree: ast.Module, module: str, *, is_package: bool) -> tuple[str, ...]:
    """Absolute dotted names of modules that code may import, anywhere in it, and of the packages they are in; sorted.

    What `from a import b` names may be a module `a.b` or something in `a`: both are given. `import_module("a.b")` with
    a constant counts.

    Args:
        tree: of the module.
        module: its own dotted name, for relative imports.
        is_package: whether it is a package's `__init__`.
    """
    package = module if is_package else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(tree):
        for name in _named(node, package):
            found.update((name, *_with_parents(name)))
    return tuple(sorted(found))


def _named(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        source = _absolute(node.module or "", node.level, package)
        if source:
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        name = node.args[0].value
        if called in ("import_module", "__import__") and isinstance(name, str):
            level = len(name) - len(name.lstrip("."))
            if absolute := _absolute(name.lstrip("."), level, package):
                yield absolute


def _absolute(name: str, level: int, package: str) -> str:
    """An imported name without leading dots; empty when it leaves the top-level package."""
    if level == 0:
        return name
    parts = package.split(".") if package else []
    if level - 1 >= len(parts):
        return ""
    return ".".join((*parts[: len(parts) - level + 1], *([name] if name else [])))


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _facts(source: str, name: str, *, is_package: bool) -> _Facts:
    tree = parse(source)
    text = normalised(tree).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest(), imported_names(tree, name, is_package=is_package)


def _is_package(path: Path) -> bool:
    return path.name == "__init__.py"


def _is_shared(root: Path) -> bool:
    return _SHARED_ROOTS.fullmatch(root.name) is not None
