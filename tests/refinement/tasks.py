"""Tasks and runs to hand to what is under test."""

import sys
from collections.abc import Mapping
from pathlib import Path

from qeforge.domain.observation import Arc
from qeforge.domain.target import SourceModule
from qeforge.execution.interpreter import Interpreter
from qeforge.execution.pytest_run import SuiteRun
from qeforge.refinement.task import ModuleTask


def interpreter(*, has_pytest: bool = True) -> Interpreter:
    """This Python, without asking it."""
    return Interpreter(
        path=Path(sys.executable),
        version=sys.version_info[:3],
        search_path=tuple(Path(entry) for entry in sys.path if entry),
        has_pytest=has_pytest,
        has_coverage=True,
        prefix=Path(sys.prefix),
    )


def task(module: SourceModule, root: Path, *, has_pytest: bool = True) -> ModuleTask:
    """A module of a project at `root` with its suite in `tests`."""
    return ModuleTask(
        module=module,
        interpreter=interpreter(has_pytest=has_pytest),
        suite=root / "tests" / f"test_{module.name.rpartition('.')[2]}.py",
        out=root / "tests",
        root=root,
    )


def run_of(results: Mapping[str, str], arcs: frozenset[Arc] = frozenset(), crashed: str = "") -> SuiteRun:
    """A run with these results, by test name."""
    return SuiteRun(
        results={f"tests/test_shop.py::{name}": result for name, result in results.items()},
        arcs=arcs,
        crashed=crashed,
    )
