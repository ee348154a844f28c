"""Many modules: one after another, or several at once in processes of their own."""

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import Queue
from types import FrameType
from typing import Any, NamedTuple, Protocol

from qeforge.domain.protocols import Progress
from qeforge.domain.report import Action, ModuleReport
from qeforge.domain.trajectory import Stop
from qeforge.errors import QeforgeError, WriteError
from qeforge.providers import guard
from qeforge.refinement.module import generate_module
from qeforge.refinement.resume import carried_out, is_known
from qeforge.refinement.sharing import share
from qeforge.refinement.task import ModuleTask

_MOST_FORKS = 8
"""Mutants of one module at a time, however many cores are idle: each has the memory limit for itself."""
_MOMENT = 0.1
"""Seconds between two attempts to end a process."""


class Ended(NamedTuple):
    """How a run ended: the reports of what was done, in the order of the tasks; whether it was interrupted; what cut it
    short otherwise: a WriteError, since every other suite would fail the same way, or else the first bug."""

    reports: list[ModuleReport]
    interrupted: bool = False
    problem: Exception | None = None


Heard = Callable[[ModuleTask, ModuleReport], None]
"""Is told what came of a module."""


class _Count(Protocol):
    """Modules that are not finished, as all processes see them."""

    value: int


class _Alone:
    value = 1


_open: _Count = _Alone()
_jobs = 1
_queue: "Queue[tuple[str, dict[str, Any]]] | None" = None
_idle = threading.Event()
_idle.set()


class _Relay:
    """Progress across processes: told in a worker, shown in the parent."""

    def update(self, module: str, **state: Any) -> None:
        """One module's state."""
        if _queue is not None:
            _queue.put(("update", {"module": module, **state}))

    def done(self, module: str, note: str) -> None:
        """A module is finished."""
        if _queue is not None:
            _queue.put(("done", {"module": module, "note": note}))


def run_all(
    tasks: Sequence[ModuleTask], *, jobs: int, progress: Progress, heard: Heard = lambda task, report: None
) -> Ended:
    """Works on all modules, each in a process of its own where `jobs` allows; then the large ones come first, so that
    none is left over at the end. What is known from an earlier run, or has nothing to work on, is done right away.

    Args:
        tasks: the modules.
        jobs: modules worked on at the same time; where there are fewer, each may use more of the cores.
        progress: is told how it goes.
        heard: is told of each module's report, as soon as there is one: nothing of it is lost with the rest.
    """
    idle = [number for number, task in enumerate(tasks) if is_known(task) or not task.module.targets]
    busy = sorted(set(range(len(tasks))) - set(idle))
    found: dict[int, ModuleReport] = {}
    ended = _one_by_one([(number, tasks[number]) for number in idle], jobs, progress, found, heard)
    if busy and not ended.interrupted and not isinstance(ended.problem, WriteError):
        earlier = ended.problem
        try:
            shared = share(tasks)  # by all, so that a suite does not depend on which others are known already
            work = [(number, shared[number]) for number in busy]
            if jobs > 1 and len(work) > 1:
                ended = _several(sorted(work, key=_size, reverse=True), jobs, progress, found, heard)
            else:
                ended = _one_by_one(work, jobs, progress, found, heard)
        except KeyboardInterrupt:
            ended = Ended([], interrupted=True)
        ended = ended._replace(problem=earlier or ended.problem)
    return ended._replace(reports=[found[number] for number in sorted(found)])


_Work = Sequence[tuple[int, ModuleTask]]


def _size(work: tuple[int, ModuleTask]) -> int:
    """What tells how long a module takes, before it is begun."""
    return sum(target.complexity for target in work[1].module.targets)


def _one_by_one(work: _Work, jobs: int, progress: Progress, found: dict[int, ModuleReport], heard: Heard) -> Ended:
    global _open, _jobs
    _open, _jobs = _Alone(), jobs
    bug: Exception | None = None
    for number, task in work:
        try:
            found[number] = _guarded(task, progress)
        except KeyboardInterrupt:
            return Ended([], interrupted=True)
        except WriteError as problem:
            return Ended([], problem=problem)
        except Exception as error:
            bug = bug or error
            continue
        heard(task, found[number])
        if found[number].stop is Stop.INTERRUPTED and not found[number].cached:  # heard inside: that search was cut
            return Ended([], interrupted=True)
    return Ended([], problem=bug)


def _spare() -> int:
    """How many mutants this process may try at once: what is left of the cores that the run was given."""
    return min(_MOST_FORKS, max(1, _jobs // max(1, min(_jobs, _open.value))))


def _guarded(task: ModuleTask, progress: Progress) -> ModuleReport:
    """A module's own misfortune is its report; only what concerns every module is raised."""
    began = time.monotonic()
    try:
        report = carried_out(task, lambda work: generate_module(work, progress, parallel=_spare))
        if is_known(task):
            progress.done(task.module.name, report.action)
        return report
    except WriteError:
        raise
    except QeforgeError as problem:
        return ModuleReport(
            module=task.module.name,
            path=task.module.path,
            action=Action.SKIPPED,
            suite=task.suite,
            reason=problem.message,
            seconds=time.monotonic() - began,
        )


def _start(relay: "Queue[tuple[str, dict[str, Any]]]", left: _Count, jobs: int) -> None:
    global _queue, _open, _jobs
    guard.install(guard.NOTHING_LEAVES)  # models are asked by the parent
    _queue, _open, _jobs = relay, left, jobs
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_end_with_the_run, daemon=True).start()


def _stop(number: int, frame: FrameType | None) -> None:
    """Ctrl-C for a module that is worked on; the end where none is."""
    if _idle.is_set():
        raise SystemExit(1)
    raise KeyboardInterrupt


def _end_with_the_run() -> None:
    """Ends this process when the one that started it was killed: nobody waits for its modules any more."""
    run = multiprocessing.parent_process()
    if run is None:
        return
    run.join()
    while True:  # the search first, then the waiting for more work, or for somebody to take the report
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_MOMENT)
        _idle.wait()


def _work(task: ModuleTask) -> ModuleReport:
    _idle.clear()
    try:
        return _guarded(task, _Relay())
    finally:
        _idle.set()


def _several(work: _Work, jobs: int, progress: Progress, found: dict[int, ModuleReport], heard: Heard) -> Ended:
    context = multiprocessing.get_context("spawn")
    relay: Queue[tuple[str, dict[str, Any]]] = context.Queue()
    left = context.Value("i", len(work))
    listener = threading.Thread(target=_listen, args=(relay, progress), daemon=True)
    listener.start()
    pool = ProcessPoolExecutor(
        min(jobs, len(work)), mp_context=context, initializer=_start, initargs=(relay, left, jobs)
    )
    futures = {pool.submit(_work, task): (number, task) for number, task in work}
    interrupted = False
    try:
        for future in as_completed(futures):
            with left.get_lock():
                left.value -= 1
            if not future.cancelled() and future.exception() is None:
                heard(futures[future][1], future.result())
            if not future.cancelled() and isinstance(future.exception(), WriteError):
                for waiting in futures:
                    waiting.cancel()
    except KeyboardInterrupt:
        interrupted = True
        _end(pool, list(futures))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        relay.put(("stop", {}))
        listener.join(timeout=2)
        relay.close()
    problem: Exception | None = None
    for future, (number, task) in futures.items():
        if not future.done() or future.cancelled() or (interrupted and future.exception() is not None):
            continue
        try:
            found[number] = _outcome(task, future)
        except Exception as error:
            problem = error if problem is None or isinstance(error, WriteError) else problem
    return Ended([], interrupted, problem)


def _outcome(task: ModuleTask, future: "Future[ModuleReport]") -> ModuleReport:
    """A module's report; one whose process was killed from outside is told, and takes no other module with it."""
    try:
        return future.result()
    except BrokenProcessPool:
        reason = "the process that worked on it was killed, perhaps for want of memory; try --jobs 1"
        return ModuleReport(
            module=task.module.name, path=task.module.path, action=Action.SKIPPED, suite=task.suite, reason=reason
        )


def _end(pool: ProcessPoolExecutor, futures: Sequence[Future[ModuleReport]]) -> None:
    """Asks the workers to stop as Ctrl-C would; each closes its judge on the way out."""
    for future in futures:
        future.cancel()
    for process in list((pool._processes or {}).values()):
        process.terminate()


def _listen(relay: "Queue[tuple[str, dict[str, Any]]]", progress: Progress) -> None:
    handlers: dict[str, Callable[..., None]] = {"update": progress.update, "done": progress.done}
    while True:
        try:
            kind, state = relay.get(timeout=60)
        except (queue.Empty, OSError, EOFError):
            continue
        if kind == "stop":
            return
        handlers[kind](**state)
