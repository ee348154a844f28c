"""Where a project is, where its tests go, and what its tests may import from."""

import configparser
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MARKERS = ("pyproject.toml", "setup.cfg", "setup.py", ".git")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder with code and tests, as its configuration files describe it.

    Args:
        root: nearest folder with `pyproject.toml`, `setup.cfg`, `setup.py` or `.git`; the folder itself without any.
        pyproject: that folder's `pyproject.toml`, None without.
        test_dir: where tests are collected from; `tests` below the root when nothing is said.
        python_paths: folders to import from: pytest's `pythonpath`, `src`, those that the build configuration names.
        import_mode: pytest's `--import-mode`: `prepend`, `append` or `importlib`.
        packages: top-level packages that the configuration names or that bear the project's name; they are importable
            from the root even without an `__init__.py`.
    """

    root: Path
    pyproject: Path | None
    test_dir: Path
    python_paths: tuple[Path, ...]
    import_mode: str = "prepend"
    packages: tuple[str, ...] = ()


def find_project(path: Path) -> Project:
    """The nearest project around a file or folder. Broken configuration files count as absent here."""
    start = path.resolve()
    folder = start if start.is_dir() else start.parent
    return read_project(next((f for f in (folder, *folder.parents) if is_project_root(f)), folder))


def is_project_root(folder: Path) -> bool:
    """Whether a project starts here."""
    return any((folder / marker).exists() for marker in MARKERS)


def read_project(root: Path) -> Project:
    """The project whose root this folder is, whether or not it says so itself."""
    pyproject = root / "pyproject.toml"
    document = _toml(pyproject)
    setup = _ini(root / "setup.cfg")
    pytest = _pytest_options(root, document, setup)
    paths = [*pytest.words("pythonpath"), *_package_roots(root, document, setup)]
    return Project(
        root=root,
        pyproject=pyproject if pyproject.is_file() else None,
        test_dir=root / _test_dir(root, pytest.words("testpaths")),
        python_paths=tuple(dict.fromkeys((root / path).resolve() for path in paths)),
        import_mode=_import_mode(pytest.words("addopts")),
        packages=tuple(dict.fromkeys(_packages(root, document, setup))),
    )


def pytest_paths(root: Path) -> tuple[Path, ...]:
    """Folders that the `pythonpath` setting of pytest names, in the nearest folder from `root` up that configures
    pytest; those that a build configuration names are none of them."""
    for folder in (root, *root.parents):
        options = _pytest_options(folder, _toml(folder / "pyproject.toml"), _ini(folder / "setup.cfg"))
        if options.values:
            return tuple(folder / path for path in options.words("pythonpath"))
    return ()


@dataclass(frozen=True, slots=True)
class _Options:
    """pytest's settings from whichever file pytest would read them."""

    values: Mapping[str, object]

    def words(self, name: str) -> list[str]:
        """A setting as words: a TOML list as it stands, text split as a shell does."""
        value = self.values.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        if not isinstance(value, str):
            return []
        try:
            return shlex.split(value)
        except ValueError:
            return value.split()


def _pytest_options(root: Path, document: Mapping[str, object], setup: Mapping[str, Mapping[str, str]]) -> _Options:
    for name in ("pytest.toml", ".pytest.toml"):
        if (root / name).is_file():
            return _Options(_table(_toml(root / name), "pytest"))
    for name in ("pytest.ini", ".pytest.ini"):
        if (root / name).is_file():
            return _Options(_ini(root / name).get("pytest", {}))
    native = _table(document, "tool", "pytest")
    if "ini_options" in native:
        return _Options(_table(native, "ini_options"))
    if native:
        return _Options(native)
    tox = _ini(root / "tox.ini")
    if "pytest" in tox:
        return _Options(tox["pytest"])
    return _Options(setup.get("tool:pytest", {}))


def _test_dir(root: Path, testpaths: Iterable[str]) -> str:
    """The first folder that looks like one for tests; a project that tests everywhere still gets `tests`."""
    folders = [found for path in testpaths for found in _expand(root, path)]
    named = next((path for path in folders if "test" in Path(path).name.lower()), None)
    return named or next((path for path in folders if Path(path) != Path()), "tests")


def _expand(root: Path, path: str) -> list[str]:
    if not any(sign in path for sign in "*?["):
        return [path]
    try:
        return [str(found.relative_to(root)) for found in sorted(root.glob(path)) if found.is_dir()]
    except (ValueError, NotImplementedError):
        return []


def _import_mode(options: Iterable[str]) -> str:
    words = iter(options)
    mode = "prepend"
    for word in words:
        if word == "--import-mode":
            mode = next(words, mode)
        elif word.startswith("--import-mode="):
            mode = word.partition("=")[2]
    return mode if mode in ("prepend", "append", "importlib") else "prepend"


def _package_roots(root: Path, document: Mapping[str, object], setup: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    if (root / "src").is_dir() and not (root / "src" / "__init__.py").exists():
        yield "src"
    tool = _table(document, "tool")
    setuptools = _table(tool, "setuptools")
    yield from _strings(_table(setuptools, "package-dir").get(""))
    yield from _strings(_table(setuptools, "packages", "find").get("where"))
    for line in setup.get("options", {}).get("package_dir", "").splitlines():
        name, _, folder = line.partition("=")
        if not name.strip() and folder.strip():
            yield folder.strip()
    yield from setup.get("options.packages.find", {}).get("where", "").split()
    for package in _list(_table(tool, "poetry").get("packages")):
        if isinstance(package, dict) and isinstance(package.get("from"), str):
            yield package["from"]
    for package in _strings(_table(tool, "hatch", "build", "targets", "wheel").get("packages")):
        if (parent := Path(package).parent) != Path():
            yield parent.as_posix()
    yield from _strings(_table(tool, "maturin").get("python-source"))
    yield from _strings(_table(tool, "pdm", "build").get("package-dir"))


def _packages(root: Path, document: Mapping[str, object], setup: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    tool = _table(document, "tool")
    declared: list[object] = [
        _table(document, "project").get("name"),
        _table(tool, "poetry").get("name"),
        _table(tool, "flit", "module").get("name"),
        setup.get("metadata", {}).get("name"),
        *_strings(_table(tool, "setuptools").get("packages")),
        *setup.get("options", {}).get("packages", "").split(),
        *(Path(p).name for p in _strings(_table(tool, "hatch", "build", "targets", "wheel").get("packages"))),
        *(p.get("include") for p in _list(_table(tool, "poetry").get("packages")) if isinstance(p, dict)),
    ]
    for name in declared:
        if isinstance(name, str):
            # `google-cloud-storage` may be the package google_cloud_storage or the namespace google.
            words = [word for word in re.split(r"[-._/*]+", name) if word]
            yield from (top for top in ("_".join(words), words[0] if words else "") if (root / top).is_dir() and top)


def _toml(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _ini(path: Path) -> Mapping[str, Mapping[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    return {section: dict(parser[section]) for section in parser.sections()}


def _table(document: Mapping[str, object], *names: str) -> Mapping[str, object]:
    for name in names:
        value = document.get(name)
        document = value if isinstance(value, dict) else {}
    return document


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return [v for v in ([value] if isinstance(value, str) else _list(value)) if isinstance(v, str)]
