"""What a run would change, as a patch that `git apply` and `patch -p1` take."""

import difflib
import io
from pathlib import Path

from qeforge.domain.report import Action, RunReport
from qeforge.report.text import shown

NO_NEWLINE = "\\ No newline at end of file\n"


def run_diff(report: RunReport, base: Path) -> str:
    """One unified diff of every suite that would be written; paths relative to `base`. Empty when none would."""
    return "".join(
        _file_diff(module.old, module.new, shown(module.suite, base))
        for module in report.modules
        if module.action is Action.WOULD_WRITE
    )


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
