"""Claims that did not hold: remembered from run to run, and written as failing tests where that is asked for."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qeforge.analysis.project import find_project
from qeforge.analysis.promises import promise_digests, promise_digests_at
from qeforge.analysis.symbols import symbols_of
from qeforge.codegen.layout import package_files
from qeforge.codegen.suspects import is_suspects_file, is_untouched, render_suspects, suspect_tests, suspects_path
from qeforge.codegen.writing import write_atomically
from qeforge.config import Config, data_dir
from qeforge.domain.report import Action, ModuleReport, Suspect, SuspectRow, SuspectTests
from qeforge.domain.target import SourceModule
from qeforge.domain.trajectory import Stop
from qeforge.errors import UsageError, WriteError
from qeforge.execution.pytest_run import run_suite
from qeforge.execution.scratch import scratch_folder
from qeforge.memory.store import NAME, Store, StoreError
from qeforge.memory.suspects import Remembered, SuspectStore
from qeforge.refinement.task import ModuleTask

_PATIENCE = 60.0
"""Seconds for the one pytest run in which the tests have to fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Reports of a run with what became of their suspects, and what a person should know of that. `problem` is of the
    first file of suspects that could not be written."""

    reports: tuple[ModuleReport, ...]
    notes: tuple[str, ...] = ()
    problem: WriteError | None = None


def suspects_in(environ: Mapping[str, str]) -> SuspectStore:
    """What this user's earlier runs found."""
    return SuspectStore(Store(data_dir(environ) / NAME))


def settle(
    config: Config, tasks: Sequence[ModuleTask], reports: Sequence[ModuleReport], store: SuspectStore, *, now: float
) -> Settled:
    """Remembers the suspects of every module that was worked on, and brings the files of suspects up to date: written
    when that is asked for, removed when nothing is left to be in them.

    Args:
        config: says whether suspects become tests, and whether anything is written.
        tasks: the modules' work, as it was asked for.
        reports: what came of it, and of other modules.
        store: where suspects are kept; one that fails costs a note.
        now: seconds since 1970.
    """
    by_module = {(task.module.name, task.module.path): task for task in tasks}
    done: list[ModuleReport] = []
    notes: list[str] = []
    problem: WriteError | None = None
    for report in reports:
        task = by_module.get((report.module, report.path))
        if task is not None and report.stop not in (None, Stop.INTERRUPTED):
            found, note = _remembered(task, report, store, now)
            notes.append(note)
            try:
                made, note = _tests(config, task, found)
                notes.append(note)
                report = replace(report, suspect_tests=made)
            except WriteError as error:
                problem = problem or error
        done.append(report)
    return Settled(reports=tuple(done), notes=tuple(dict.fromkeys(filter(None, notes))), problem=problem)


def without_suspects(files: Sequence[Path]) -> tuple[Path, ...]:
    """Test files that count as tests of a project: all but those of suspects."""
    return tuple(
        file for file in files if not (file.stem.endswith("_suspects") and is_suspects_file(_text(file) or ""))
    )


def listed(store: SuspectStore, path: Path | None) -> tuple[SuspectRow, ...]:
    """The suspects that still stand: of modules below `path`, or of the whole project of the current folder for None.

    Raises:
        UsageError: there is no such path.
        StoreError: what is remembered cannot be read.
    """
    if path is not None and not path.exists():
        raise UsageError(f"{path}: no such file or folder", hint="give a Python file or a folder", slug="no-such-path")
    base = path.resolve() if path is not None else find_project(Path.cwd()).root.resolve()
    mine = [one for one in store.all() if one.path == base or one.path.is_relative_to(base)]
    digests = {one.path: promise_digests_at(one.path, one.module) for one in mine}
    places = {path: {target: number for number, target in enumerate(known)} for path, known in digests.items()}
    standing = [one for one in mine if digests[one.path].get(one.suspect.target) == one.digest]
    standing.sort(key=lambda one: (one.path, places[one.path][one.suspect.target]))
    return tuple(SuspectRow(suspect=one.suspect, path=one.path, at=one.at) for one in standing)


def _remembered(
    task: ModuleTask, report: ModuleReport, store: SuspectStore, now: float
) -> tuple[tuple[Suspect, ...], str]:
    """All suspects of a module that stand after a run of it or of a part; why they could not be kept, if so."""
    digests = promise_digests(task.module)
    path = task.module.path.resolve()
    try:
        store.replace(path, task.module.name, report.suspects, digests=digests, targets=task.wanted, at=now)
        kept = [one for one in store.all() if one.path == path and digests.get(one.suspect.target) == one.digest]
    except StoreError as problem:
        return report.suspects, f"suspects are not remembered: {problem.message}"
    return _in_order(kept, task.module), ""


def _in_order(kept: Sequence[Remembered], module: SourceModule) -> tuple[Suspect, ...]:
    """As their targets stand in the code."""
    place = {target.id: number for number, target in enumerate(module.targets)}
    return tuple(one.suspect for one in sorted(kept, key=lambda one: place[one.suspect.target]))


def _tests(config: Config, task: ModuleTask, suspects: tuple[Suspect, ...]) -> tuple[SuspectTests | None, str]:
    """What became of the file of suspects; why it could not be written, if so."""
    path = suspects_path(task.suite)
    old = _text(path)
    if old is None or (old and not is_untouched(old)):
        whose = "was edited" if old and is_suspects_file(old) else "is not qeforge's"
        return None, f"{path} {whose}; suspects were not written there" if config.suspects_as_tests else ""
    if suspects and not config.suspects_as_tests:
        return None, ""
    text, note = _failing(task, path, suspects, old) if suspects else ("", "")
    if text == old:
        return (SuspectTests(path=path, action=Action.UNCHANGED, old=old, new=text) if text else None), note
    made = SuspectTests(path=path, action=Action.WRITTEN if text else Action.REMOVED, old=old, new=text)
    if config.dry_run:
        return replace(made, action=Action.WOULD_WRITE), note
    if text:
        for marker in package_files(path, task.out):
            write_atomically(marker, "")
        write_atomically(path, text)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
    return made, note


def _text(path: Path) -> str | None:
    """What a file says; empty where there is none, None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError):
        return None


def _failing(task: ModuleTask, path: Path, suspects: Sequence[Suspect], old: str) -> tuple[str, str]:
    """The text of the tests that do fail, and a word on those that do not: one that passes refutes nothing. What an
    earlier run wrote is not tried again."""
    module = task.module
    own = frozenset(symbols_of(module).classes)
    tests = suspect_tests(suspects)
    text = render_suspects(module.name, path, tests, exceptions=own)
    if text == old or not task.interpreter.has_pytest:
        return text, ""
    with scratch_folder("qeforge-suspects-") as scratch:
        copy = scratch / path.name
        copy.write_text(text, encoding="utf-8")
        run = run_suite(
            [copy],
            interpreter=task.interpreter,
            module=module,
            rootdir=task.root,
            conftests=task.conftests,
            timeout=_PATIENCE,
            sandbox=task.sandbox,
            paths=task.python_paths,
        )
    failed = {node.partition("::")[2].partition("[")[0] for node in run.with_result("failed")}
    kept = {name: one for name, one in tests.items() if name in failed}
    if len(kept) == len(tests):
        return text, ""
    number = len(tests) - len(kept)
    note = f"{number} of {len(tests)} suspects of {module.name} did not fail as tests and were not written"
    return render_suspects(module.name, path, kept, exceptions=own), note
