"""What earlier runs teach, on its way into a run; and what a run teaches, on its way into the store."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from qeforge.config import Config, data_dir
from qeforge.domain.pattern import Accepted, Embedder, Place
from qeforge.domain.report import ModuleReport
from qeforge.errors import UnavailableError
from qeforge.memory.bank import distil
from qeforge.memory.embedders import LOCAL, open_embedder
from qeforge.memory.indexes import open_index
from qeforge.memory.patterns import PatternStore
from qeforge.memory.recall import recall
from qeforge.memory.store import NAME, Store
from qeforge.providers.redaction import Redactor
from qeforge.refinement.resume import is_known
from qeforge.refinement.task import ModuleTask
from qeforge.wiring.stored import model_store, opened


def patterns_in(environ: Mapping[str, str], config: Config) -> PatternStore:
    """What this user's earlier runs kept.

    Args:
        environ: says where it is.
        config: which embedder.

    Raises:
        ConfigError: the embedder's settings cannot be meant.
        UnavailableError: what the embedder needs is not there.
    """
    folder = data_dir(environ)
    return PatternStore(
        Store(folder / NAME),
        embedder=_embedder(config, environ),
        index=lambda embedder, rows: open_index(folder, embedder=embedder, rows=rows),
    )


def patterns_without_vectors(environ: Mapping[str, str]) -> PatternStore:
    """The same for what asks for nothing that is alike, whatever the embedder."""
    return PatternStore(Store(data_dir(environ) / NAME))


def _embedder(config: Config, environ: Mapping[str, str]) -> Embedder:
    model = None
    if config.memory_embedder == LOCAL:
        model = opened(model_store(environ).path_of(config.local_model), config)
    return open_embedder(config.memory_embedder, folder=config.memory_model, provider=model)


def project_key(root: Path) -> str:
    """What a project is called in memory: its folder, whatever links lead there."""
    return str(root.resolve())


class Memory:
    """Memory during one run. It never stops a run: what goes wrong first is a note, and from then on there is none.

    Args:
        patterns: what is remembered; None for nothing.
        everywhere: whether other projects' patterns count.
        never_send: files of which nobody else is shown anything, as `Config.privacy_never_send`.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        patterns: PatternStore | None,
        *,
        everywhere: bool = False,
        never_send: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._patterns = patterns
        self._everywhere = everywhere
        self._never_send = never_send
        self._clock = clock
        self.notes: list[str] = []

    def recalled(self, tasks: Sequence[ModuleTask]) -> list[ModuleTask]:
        """The tasks, each that is really worked on with what memory has for it."""
        return [task if is_known(task) or not task.module.targets else self._recalled(task) for task in tasks]

    def heard(self, task: ModuleTask, report: ModuleReport) -> None:
        """Keeps what a module's run teaches, at once: whatever ends the whole run later takes nothing of it."""
        experience = report.experience
        if self._patterns is None or experience is None:
            return
        by_target: defaultdict[str, list[Accepted]] = defaultdict(list)
        for one in experience.accepted:
            by_target[one.candidate.target].append(one)
        project, at = project_key(task.root), self._clock()
        gate = Redactor(task.root, never_send=self._never_send, scanner=lambda line: ())
        confined = gate.never_sent(task.module.path) is not None
        try:
            self._patterns.settle(experience.outcomes, at=at)
            for target in task.module.targets:
                found = distil(task.module, target, by_target[target.id], project=project)
                if found:
                    path = _below(task.module.path, task.root)
                    place = Place(project=project, target=target.id, path=path, digest=target.digest, confined=confined)
                    self._patterns.keep(place, found, at=at)
        except UnavailableError as problem:
            self._lost(f"nothing more is remembered: {problem.message}")

    def save(self) -> None:
        """Makes what was learned durable."""
        if self._patterns is not None:
            try:
                self._patterns.save()
            except UnavailableError as problem:
                self._lost(f"the index of memory was not written: {problem.message}")

    def _recalled(self, task: ModuleTask) -> ModuleTask:
        if self._patterns is None:
            return task
        part = task.keep.part if task.keep is not None else None
        try:
            found = recall(
                self._patterns,
                task.module,
                project=project_key(task.root),
                everywhere=self._everywhere,
                targets=part if part is not None else task.wanted,
            )
        except UnavailableError as problem:
            self._lost(f"without memory: {problem.message}")
            return task
        return replace(task, recalled=found)

    def _lost(self, note: str) -> None:
        self._patterns = None
        self.notes.append(note)


def memory_for(config: Config, environ: Mapping[str, str]) -> Memory:
    """The memory of a run under these settings.

    Raises:
        ConfigError: the embedder's settings cannot be meant.
    """
    memory = Memory(None)
    if config.memory_enabled:
        try:
            memory = Memory(
                patterns_in(environ, config),
                everywhere=config.memory_share == "user",
                never_send=config.privacy_never_send,
            )
        except UnavailableError as problem:
            memory.notes.append(f"without memory: {problem.message}")
    return memory


def _below(path: Path, root: Path) -> str:
    path, root = path.resolve(), root.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
