"""Many modules: one after another, or several at once in processes of their own."""

import multiprocessing
import queue
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import Queue
from typing import Any

from qeforge.domain.protocols import Progress
from qeforge.domain.report import Action, ModuleReport
from qeforge.domain.trajectory import Stop
from qeforge.errors import QeforgeError, WriteError
from qeforge.refinement.module import generate_module
from qeforge.refinement.task import ModuleTask

_queue: "Queue[tuple[str, dict[str, Any]]] | None" = None


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


def run_all(tasks: Sequence[ModuleTask], *, jobs: int, progress: Progress) -> tuple[list[ModuleReport], bool]:
    """Reports in the order of the tasks, and whether it was interrupted; what was done until then is in them.

    Raises:
        WriteError: a suite cannot be written: the rest would fail the same way.
        Exception: whatever else went wrong first, a bug; the other modules were worked on all the same.
    """
    if jobs <= 1 or len(tasks) <= 1:
        return _one_by_one(tasks, progress)
    return _several(tasks, min(jobs, len(tasks)), progress)


def _one_by_one(tasks: Sequence[ModuleTask], progress: Progress) -> tuple[list[ModuleReport], bool]:
    reports: list[ModuleReport] = []
    bug: Exception | None = None
    for task in tasks:
        try:
            reports.append(_guarded(task, progress))
        except KeyboardInterrupt:
            return reports, True
        except WriteError:
            raise
        except Exception as error:
            bug = bug or error
            continue
        if reports[-1].stop is Stop.INTERRUPTED:  # heard inside, where it cut that module's search short
            return reports, True
    if bug is not None:
        raise bug
    return reports, False


def _guarded(task: ModuleTask, progress: Progress) -> ModuleReport:
    """A module's own misfortune is its report; only what concerns every module is raised."""
    began = time.monotonic()
    try:
        return generate_module(task, progress)
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


def _start(relay: "Queue[tuple[str, dict[str, Any]]]") -> None:
    global _queue
    _queue = relay
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _work(task: ModuleTask) -> ModuleReport:
    return _guarded(task, _Relay())


def _several(tasks: Sequence[ModuleTask], jobs: int, progress: Progress) -> tuple[list[ModuleReport], bool]:
    context = multiprocessing.get_context("spawn")
    relay: Queue[tuple[str, dict[str, Any]]] = context.Queue()
    listener = threading.Thread(target=_listen, args=(relay, progress), daemon=True)
    listener.start()
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(relay,))
    futures: list[Future[ModuleReport]] = [pool.submit(_work, task) for task in tasks]
    interrupted = False
    try:
        wait(futures)
    except KeyboardInterrupt:
        interrupted = True
        _end(pool, futures)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        relay.put(("stop", {}))
        listener.join(timeout=2)
        relay.close()
    done = [
        (task, future) for task, future in zip(tasks, futures, strict=True) if future.done() and not future.cancelled()
    ]
    return [_outcome(*pair) for pair in done if not interrupted or pair[1].exception() is None], interrupted


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
