"""What of a project's pytest configuration holds when qeforge runs a suite."""

import configparser
import shlex
import tomllib
from collections.abc import Sequence
from pathlib import Path

# Options that say how tests are found and what they mean. Everything else in `addopts` reports, measures, distributes
# or stops early, and would get in the way.
_KEPT = frozenset({"-m", "-k", "-p", "-W", "-o", "--import-mode", "--ds", "--dc", "--asyncio-mode", "--pythonwarnings"})


def config_file(root: Path) -> Path | None:
    """The file that pytest would read its configuration from, looking in `root` only."""
    for name in ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"):
        if (root / name).is_file():
            return root / name
    for name in ("pyproject.toml", "tox.ini", "setup.cfg"):
        if (root / name).is_file() and _section(root / name) is not None:
            return root / name
    return None


def pytest_arguments(root: Path, scratch: Path) -> list[str]:
    """Options that make pytest take the project's configuration, quietly, and write to `scratch` only."""
    file = config_file(root)
    section = (_section(file) if file is not None else None) or {}
    arguments = [f"--rootdir={root}"]
    if file is not None:
        arguments += ["-c", str(file)]
    return [
        *arguments,
        *kept_options(_words(section.get("addopts"))),
        *("-o", "addopts=", "-o", f"cache_dir={scratch / 'cache'}"),
        *("-p", "no:randomly", "--continue-on-collection-errors", "--tb=native", "-q"),
    ]


def kept_options(addopts: Sequence[str]) -> list[str]:
    """Those of the project's `addopts` that say what a test is, in order."""
    kept: list[str] = []
    words = iter(addopts)
    for word in words:
        name, equals, _ = word.partition("=")
        if name in _KEPT and (equals or name.startswith("--")):
            kept += [word] if equals else [word, next(words, "")]
        elif word in _KEPT:
            kept += [word, next(words, "")]
        elif word[:2] in _KEPT and not word.startswith("--"):
            kept.append(word)
    return kept


def _section(file: Path) -> dict[str, object] | None:
    """pytest's settings in a file; None when it has none, or cannot be read (pytest itself will say so)."""
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".toml":
            document = tomllib.loads(text)
            if file.name != "pyproject.toml":
                return dict(document.get("pytest", document))
            table = document.get("tool", {}).get("pytest")
            return None if table is None else dict(table.get("ini_options", table))
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read_string(text)
    except (OSError, ValueError, configparser.Error):
        return None
    name = "tool:pytest" if file.name == "setup.cfg" else "pytest"
    return dict(parser[name]) if parser.has_section(name) else None


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    try:
        return shlex.split(value) if isinstance(value, str) else []
    except ValueError:
        return []  # an unbalanced quote: pytest itself would refuse it
