"""The sample projects are what the documentation says they are, before any tool looks at them."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "sample-projects"
NAMES = ("textkit", "ledger", "fetcher")
FEWEST_LINES, MOST_LINES = 150, 500  # blank lines not counted

_IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
foreign = {name.partition(".")[0] for name, module in sys.modules.items() if getattr(module, "__file__", None)}
print(*sorted(foreign - sys.stdlib_module_names - {sys.argv[1], "__main__", "sitecustomize"}))
"""

_DOCTESTS = """
import doctest, importlib, sys
finder, quiet = doctest.DocTestFinder(exclude_empty=True), doctest.DocTestRunner(verbose=False)
for name in sys.argv[1:]:
    for test in finder.find(importlib.import_module(name), name):
        failed = quiet.run(test, out=lambda text: None).failed
        if failed:
            print(test.name, failed)
"""


def _python(
    *arguments: str, source: Path, cwd: Path | None = None, home: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(source),
        "PYTHONDONTWRITEBYTECODE": "1",
        **({"HOME": str(home)} if home else {}),
    }
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _modules(name: str) -> list[Path]:
    return sorted((SAMPLES / name / "src" / name).glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_imports_with_the_standard_library_alone(name: str) -> None:
    # -S: no site-packages, so nothing that is installed here can help.
    done = _python("-S", "-c", _IMPORT_ALL, name, source=SAMPLES / name / "src")

    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_parses_on_the_oldest_python_that_it_promises(name: str) -> None:
    assert 'requires-python = ">=3.10"' in (SAMPLES / name / "pyproject.toml").read_text(encoding="utf-8").replace(
        "'", '"'
    )
    for path in _modules(name):
        ast.parse(path.read_text(encoding="utf-8"), filename=str(path), feature_version=(3, 10))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_has_a_readable_size(name: str) -> None:
    lines = [line for path in _modules(name) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]

    assert FEWEST_LINES <= len(lines) <= MOST_LINES


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_of_a_sample_names_each_of_its_modules(name: str) -> None:
    readme = (SAMPLES / name / "README.md").read_text(encoding="utf-8")
    modules = {f"`{name}.{path.stem}`" for path in _modules(name) if path.stem != "__init__"}

    assert {module for module in modules if module not in readme} == set()


def test_the_hand_written_suite_of_fetcher_passes(tmp_path: Path) -> None:
    project = SAMPLES / "fetcher"
    done = _python(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={tmp_path / 'pytest'}"),
        # A generated suite may lie beside it, so only what people wrote is named.
        *(str(project / "tests" / f"test_{part}.py") for part in ("settings", "retry", "cache", "client")),
        source=project / "src",
        cwd=project,
        home=tmp_path,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_one_documented_example_contradicts_the_code_and_no_other() -> None:
    modules = [f"textkit.{path.stem}" for path in _modules("textkit") if path.stem != "__init__"]
    done = _python("-c", _DOCTESTS, *modules, source=SAMPLES / "textkit" / "src")

    assert (done.returncode, done.stdout.strip()) == (0, "textkit.formatting.truncate 1"), done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_clean_by_its_own_rules(name: str) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [*ruff, *arguments, "--no-cache", "src"],
            cwd=SAMPLES / name,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
