"""The subjects, on which other tests try the judge and the proposers, hold the traps that they announce."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SUBJECTS = Path(__file__).resolve().parents[1] / "subjects"
CANNOT_BE_IMPORTED = {"import_fails", "import_hangs", "import_exits"}

_IMPORT_EACH = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def _files() -> list[Path]:
    return sorted(SUBJECTS.glob("*.py"))


def _import(*names: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", _IMPORT_EACH, *names],
        cwd=SUBJECTS,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_each_says_which_trap_it_holds_and_defines_something_to_test() -> None:
    for path in _files():
        tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))
        assert (ast.get_docstring(tree) or "").startswith("Trap: "), path.name
        assert any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in tree.body)


def test_none_looks_like_a_test_file() -> None:
    assert [path.name for path in _files() if path.name.startswith("test_") or path.stem.endswith("_test")] == []


def test_importing_is_harmless_and_silent() -> None:
    done = _import(*sorted({path.stem for path in _files()} - CANNOT_BE_IMPORTED))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_one_raises_on_import_and_the_last_line_says_why() -> None:
    done = _import("import_fails")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "RuntimeError: the limit in RAW must be a number"


def test_one_exits_on_import() -> None:
    assert _import("import_exits").returncode == 2


def test_one_hangs_on_import() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        _import("import_hangs", timeout=1)
