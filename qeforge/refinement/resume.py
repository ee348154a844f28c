"""What earlier runs found out is not found out again: unchanged modules, unchanged targets, a run that was killed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from qeforge.analysis.dependencies import Dependencies
from qeforge.analysis.units import concerned, shape_of
from qeforge.codegen.header import read_header
from qeforge.domain.report import Action, ModuleReport, Suspect
from qeforge.domain.trajectory import Stop
from qeforge.refinement.cache import Cache, Entry, Keep
from qeforge.refinement.fingerprint import key_of, place_of
from qeforge.refinement.placing import placed
from qeforge.refinement.task import ModuleTask

_SUITES = (Action.WRITTEN, Action.WOULD_WRITE, Action.UNCHANGED)
"""What became of a module that has a suite."""

_MOST_OF_IT = 0.5
"""Share of a module's targets above which it is worked on as a whole."""


def recall(tasks: Sequence[ModuleTask], cache: Cache) -> list[ModuleTask]:
    """The tasks, each with what is known of it from earlier runs; under `force` with nothing but where to keep it."""
    dependencies = Dependencies()
    return [replace(task, keep=_recalled(task, cache, dependencies)) for task in tasks]


def is_known(task: ModuleTask) -> bool:
    """Whether an earlier run did the very same work."""
    return task.keep is not None and task.keep.known is not None


def carried_out(task: ModuleTask, generate: Callable[[ModuleTask], ModuleReport]) -> ModuleReport:
    """A module's report: the one that is known, else that of `generate`, which is kept for the next run.

    Raises:
        WriteError: the suite cannot be written.
    """
    keep = task.keep
    if keep is None:
        return generate(task)
    began = time.monotonic()
    if keep.known is not None:
        return replace(_taken_over(task, keep.known), seconds=time.monotonic() - began)
    report = None if keep.part is None else _partly(task, keep, keep.part, generate)
    if report is None:
        report = generate(task)
    note = _stored(task, keep, report)
    return replace(report, notes=(*report.notes, note)) if note else report


def _recalled(task: ModuleTask, cache: Cache, dependencies: Dependencies) -> Keep:
    old = _old(task)
    place = place_of(task, dependencies.of(task.module, task.python_paths))
    keep = Keep(cache=cache, place=place, key=key_of(place, task, old))
    if task.force or _is_edited(old) or not task.module.targets:
        return keep
    entry = cache.get(keep.key)
    if entry is not None:
        return replace(keep, known=entry)
    last = cache.last(place)
    if last is None or task.merge:
        return keep
    changed = concerned(task.module, last.shape)
    if changed is None:
        return keep
    gone = {name for name in last.targets if name not in {target.id for target in task.module.targets}}
    if not changed and not gone:
        return replace(keep, known=last)  # comments and layout
    mine = changed if task.wanted is None else changed & task.wanted
    has_suite = last.report.action in _SUITES and last.report.new == old != ""
    if has_suite and len(mine) <= _MOST_OF_IT * len(task.module.targets):
        return replace(keep, part=mine, before=last.report)
    return keep


def _taken_over(task: ModuleTask, entry: Entry) -> ModuleReport:
    old = _old(task)
    report = replace(entry.report, path=task.module.path, suite=task.suite, cached=True, old=old, new=old)
    return placed(task, report, entry.report.new, old) if entry.report.action in _SUITES else report


def _partly(
    task: ModuleTask, keep: Keep, part: frozenset[str], generate: Callable[[ModuleTask], ModuleReport]
) -> ModuleReport | None:
    """The report on the changed targets; None when the tests of the others do not stand any more."""
    report = generate(replace(task, wanted=part, merge=True))
    if report.action not in _SUITES:
        return report if report.stop is Stop.INTERRUPTED else None
    report = replace(report, suspects=(*_still_suspect(task, keep, part), *report.suspects))
    if report.action is Action.UNCHANGED and keep.before is not None:
        return replace(report, score=keep.before.score, coverage=keep.before.coverage)
    some = f"{len(part)} of {len(task.module.targets)} targets worked on again"
    return replace(report, reason="; ".join(filter(None, (report.reason, some))))


def _still_suspect(task: ModuleTask, keep: Keep, part: frozenset[str]) -> tuple[Suspect, ...]:
    """What was found in targets that are not worked on again."""
    others = {target.id for target in task.module.targets} - part
    return tuple(one for one in keep.before.suspects if one.target in others) if keep.before is not None else ()


def _stored(task: ModuleTask, keep: Keep, report: ModuleReport) -> str:
    """Keeps an outcome that would be the same again. A module that could not even be imported is tried anew each time,
    since the cause may lie outside of all that is compared, and so is one without a suite because time was short or no
    test passed: a busy machine may be why. A suite that the clock cut is kept: the same time would cut it again."""
    searched = report.stop not in (None, Stop.TIME) and not report.dropped
    in_vain = report.action is Action.SKIPPED and searched and not task.merge
    settled = in_vain or report.action in (*_SUITES, Action.NOTHING_OPEN)
    if report.stop is Stop.INTERRUPTED or not settled:
        return ""
    plain = replace(report, old="", notes=(), cached=False, experience=None)
    shape, targets = shape_of(task.module.source), tuple(target.id for target in task.module.targets)
    note = ""
    for key in dict.fromkeys((key_of(keep.place, task, report.new), keep.key)):
        note = keep.cache.put(keep.place, Entry(key=key, shape=shape, targets=targets, report=plain))
    return note


def _old(task: ModuleTask) -> str:
    return task.suite.read_text(encoding="utf-8") if task.suite.is_file() else ""


def _is_edited(old: str) -> bool:
    header = read_header(old) if old else None
    return header is not None and header.edited
