"""A run in which the cloud is asked once: native suites first, then one batch, then suites with what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qeforge.config import Config
from qeforge.domain.protocols import Progress
from qeforge.domain.provider import Usage
from qeforge.domain.report import Action, ModuleReport
from qeforge.domain.routing import Engine
from qeforge.domain.trajectory import Stop
from qeforge.providers.host import Source
from qeforge.providers.mailbox import Mailbox
from qeforge.providers.prices import cost
from qeforge.providers.remote import served
from qeforge.refinement.cache import Cache
from qeforge.refinement.placing import placed
from qeforge.refinement.resume import carried_out, is_known, recall
from qeforge.refinement.run import Ended, run_all
from qeforge.refinement.task import Consulting, ModuleTask
from qeforge.routing.budget import Budget
from qeforge.routing.policy import Cost
from qeforge.wiring.costs import ledger_in
from qeforge.wiring.models import Ask, Consultation, Show, account_of, lends, sources_for, withheld_by, without_limit
from qeforge.wiring.routing import policy_for, project_name

Tell = Callable[[str], None]
"""Says a line to the person who waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How a run is carried out: the settings, the project's root, modules worked on at the same time, who is told."""

    config: Config
    root: Path
    jobs: int
    progress: Progress
    tell: Tell


def run_in_batch(
    work: Work,
    tasks: Sequence[ModuleTask],
    cache: Cache | None,
    *,
    environ: Mapping[str, str],
    ask: Ask | None,
    show: Show | None,
) -> tuple[Ended, Consultation]:
    """Works on all modules without a model, asks about what is left open in one batch, and works with the answers on
    the modules that they are about. Without a batch, or when it brings nothing in time, the native suites stand.

    Args:
        work: how.
        tasks: the modules.
        cache: of earlier runs; None for none.
        environ: the environment as it was before secrets were taken out of it.
        ask: asks before code is sent for the first time; None where nobody can answer.
        show: for `--show-prompts`.
    """
    told = Consultation(tasks=tasks)
    config = work.config
    wanted = (Engine.CLOUD,) if tasks else ()
    sources = dict(sources_for(config, wanted, told, root=work.root, jobs=work.jobs, environ=environ, ask=ask))
    source = sources.get(Engine.CLOUD)
    if source is None:
        return run_all(recall(tasks, cache) if cache else tasks, jobs=work.jobs, progress=work.progress), told
    ledger = ledger_in(environ)
    mailbox = Mailbox(source, price=_half_price(source), ledger=ledger, purse=Budget(config.max_cost), show=show)
    with served(mailbox) as address:
        half = _half_price(source)(Usage())
        plain = Consulting(
            line=address,
            router=policy_for(config, {Engine.CLOUD: Cost(seconds=0.0, usd=half)}),
            project=project_name(work.root),
            lends=lends(config, work.root),
            identity=(f"cloud in a batch: {source.description.model}",),
        )
        consulted = [replace(task, consulting=plain) for task in tasks]
        told.tasks = recall(consulted, cache) if cache else consulted
        ended = _passes(work, told.tasks, mailbox)
    told.notes += (f"{line}, in one batch" for line in account_of(mailbox.sums))
    told.notes += [mailbox.lost] if mailbox.lost else []
    told.notes += without_limit(source)
    told.notes += withheld_by([source])
    if ledger.problem:
        told.notes.append(ledger.problem)
    failure = mailbox.failures.get(Engine.CLOUD)
    if failure is not None and not mailbox.sums:
        told.unavailable.append(failure)
    elif failure is not None:
        told.notes.append(f"not all questions of the batch were answered: {failure.message}")
    return ended, told


def _half_price(source: Source) -> Callable[[Usage], float | None]:
    return lambda usage: cost(source.description.model, usage, batch=True)


def _passes(work: Work, tasks: Sequence[ModuleTask], mailbox: Mailbox) -> Ended:
    """Both passes and the batch between them; the reports in the order of the tasks that were done."""
    first = run_all([_asking(task) for task in tasks], jobs=work.jobs, progress=work.progress)
    modules = mailbox.modules()
    if first.interrupted or first.problem is not None or not modules:
        return _kept(tasks, first, mailbox)
    seconds = work.config.max_time * modules
    work.tell(
        f"asking about {modules} module{'s' * (modules > 1)} in one batch, waiting for up to {seconds:.0f} s "
        f"(--max-time for each); Ctrl-C cancels the batch, and its answers are lost"
    )
    try:
        mailbox.send(seconds)
    except KeyboardInterrupt:
        return first._replace(interrupted=True)
    again = [replace(task, keep=None) for task in tasks if str(task.module.path) in mailbox.paths]
    second = run_all(again, jobs=work.jobs, progress=work.progress)
    better = {report.path: report for report in second.reports}
    by_path = {task.module.path: task for task in tasks}
    reports = [
        _better(by_path[report.path], report, better[report.path]) if report.path in better else report
        for report in first.reports
    ]
    both = Ended(reports, second.interrupted, second.problem)
    return both if second.interrupted else _kept(tasks, both, mailbox)


def _asking(task: ModuleTask) -> ModuleTask:
    """The task of the first pass. Nothing of it is kept for later runs: it is not what was asked for."""
    if is_known(task) or task.consulting is None:
        return task
    return replace(task, keep=None, consulting=replace(task.consulting, later=True))


def _kept(tasks: Sequence[ModuleTask], ended: Ended, mailbox: Mailbox) -> Ended:
    """The same, and kept for the next run where all questions about a module, if there were any, have an answer."""
    if ended.interrupted or ended.problem is not None:
        return ended
    open_still = mailbox.unanswered()
    by_path = {task.module.path: task for task in tasks}
    reports = []
    for report in ended.reports:
        task = by_path[report.path]
        done = task.keep is None or is_known(task) or str(report.path) in open_still
        reports.append(report if done else carried_out(_whole(task), _known(report)))
    return ended._replace(reports=reports)


def _known(report: ModuleReport) -> Callable[[ModuleTask], ModuleReport]:
    return lambda task: report


def _whole(task: ModuleTask) -> ModuleTask:
    return task if task.keep is None else replace(task, keep=replace(task.keep, part=None))


def _better(task: ModuleTask, first: ModuleReport, second: ModuleReport) -> ModuleReport:
    """The report of the better suite, which is the one on disk then; both are from this run, so that what was there
    before it is what the first one found."""
    worse = second.score is None or (first.score is not None and second.score.quality < first.score.quality)
    if second.stop is Stop.INTERRUPTED or worse:
        if second.action is Action.WRITTEN:
            placed(task, first, first.new, second.new)
        return first
    changed = first.action is Action.WRITTEN and second.action is Action.UNCHANGED
    action = Action.WRITTEN if changed else second.action
    return replace(second, old=first.old, action=action, seconds=first.seconds + second.seconds)
