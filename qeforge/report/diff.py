"""What a run would change, as a patch that `git apply` and `patch -p1` take."""

import difflib
import io
from collections.abc import Iterator
from pathlib import Path

from qeforge.domain.report import Action, ModuleReport, RunReport
from qeforge.report.text import shown

NO_NEWLINE = "\\ No newline at end of file\n"


def run_diff(report: RunReport, base: Path) -> str:
    """One unified diff of every suite and file of suspects that would be written or removed; paths relative to `base`.
    Empty when none would."""
    return "".join(part for module in report.modules for part in _module_diff(module, base))


def _module_diff(module: ModuleReport, base: Path) -> Iterator[str]:
    if module.action is Action.WOULD_WRITE:
        yield _file_diff(module.old, module.new, shown(module.suite, base))
    tests = module.suspect_tests
    if tests is not None and tests.action is Action.WOULD_WRITE:
        yield _file_diff(tests.old, tests.new, shown(tests.path, base))


def _file_diff(old: str, new: str, name: str) -> str:
    lines = difflib.unified_diff(
        _lines(old),
        _lines(new),
        f"a/{name}" if old else "/dev/null",
        f"b/{name}" if new else "/dev/null",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}" for line in lines)


def _lines(text: str) -> list[str]:
    """Split at line feeds alone, as every patch tool does; `splitlines` knows ten more characters."""
    return list(io.StringIO(text, newline="\n"))
