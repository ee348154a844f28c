"""A suite's text to where it belongs, or a word on why it stays where it is."""

from dataclasses import replace

from qeforge.codegen.layout import package_files
from qeforge.codegen.writing import write_atomically
from qeforge.domain.report import Action, ModuleReport
from qeforge.refinement.task import ModuleTask


def placed(task: ModuleTask, report: ModuleReport, text: str, old: str) -> ModuleReport:
    """Writes a suite, unless the file says so already or this is a dry run; the report with what was done.

    Args:
        task: the work that it is the result of.
        report: everything else about it.
        text: the suite.
        old: what the file said so far; empty for none.

    Raises:
        WriteError: the file or its folder cannot be written.
    """
    if text == old:
        return replace(report, action=Action.UNCHANGED, old=old, new=text)
    if task.dry_run:
        return replace(report, action=Action.WOULD_WRITE, old=old, new=text)
    for marker in package_files(task.suite, task.out):
        write_atomically(marker, "")
    write_atomically(task.suite, text)
    return replace(report, action=Action.WRITTEN, old=old, new=text)
