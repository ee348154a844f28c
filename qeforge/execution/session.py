"""One worker's life: started when needed, asked, replaced when it is lost, never trusted to answer."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qeforge.domain.observation import Arc
from qeforge.domain.target import SourceModule
from qeforge.execution import protocol
from qeforge.execution.connection import Silence, WorkerConnection, WorkerDied
from qeforge.execution.furniture import furnish
from qeforge.execution.interpreter import Interpreter
from qeforge.execution.worker.frames import decode

_SLACK = 10.0  # seconds of silence, over what its own watch needs, after which a worker counts as lost
_STARVED = 4  # times the wall limit that the worker's watch waits at most


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSettings:
    """How candidates are run.

    Args:
        sandbox: False lets the code under test do what it wants; limits stay.
        memory_bytes: address space of each process.
        cpu_seconds: CPU time of one candidate.
        wall_seconds: wall time of one candidate that sleeps or waits.
        import_seconds: CPU and wall time of importing the module.
        batch: candidates that share one forked process in a quick look.
        parallel: mutants tried at once; a function is asked before each request.
        project_paths: folders that go on `sys.path` after the module's import root.
        conftests: the project's conftest files, outermost first, whose fixtures candidates may use.
        fork: False works as where `os.fork` is missing: in fresh processes, slower.
    """

    sandbox: bool = True
    memory_bytes: int = 2 << 30
    cpu_seconds: float = 1.0
    wall_seconds: float = 3.0
    import_seconds: float = 20.0
    batch: int = 64
    parallel: int | Callable[[], int] = 1
    project_paths: tuple[Path, ...] = ()
    conftests: tuple[Path, ...] = ()
    fork: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The surroundings of a worker that no test may depend on. `columns` and `lines` are the terminal's, `clock_shift`
    is in days, `spent_loop` is as after a test that ran an event loop, `lived_in` puts what is usual there into the
    working folder and the home."""

    hash_seed: int
    time_zone: str
    columns: int
    lines: int
    argv: tuple[str, ...]
    cwd: str
    clock_shift: float = 0.0
    spent_loop: bool = False
    lived_in: bool = False


class ImportRefused(Exception):
    """The module cannot be imported; the text is the reason in one line."""


class Session:
    """A worker for one module in one variant of surroundings, started at the first request.

    Attributes:
        layers, import_arcs, notes, fixtures: what the worker told when it was opened first.
    """

    def __init__(
        self, module: SourceModule, interpreter: Interpreter, settings: JudgeSettings, variant: Variant
    ) -> None:
        self.module = module
        self.settings = settings
        self._interpreter = interpreter
        self._variant = variant
        self._connection: WorkerConnection | None = None
        self.layers: tuple[str, ...] = ()
        self.import_arcs: frozenset[Arc] = frozenset()
        self.notes: tuple[str, ...] = ()
        self.fixtures: tuple[str, ...] = ()

    @property
    def parallel(self) -> int:
        """How many mutants may be tried at once by now."""
        parallel = self.settings.parallel
        return parallel() if callable(parallel) else parallel

    def variant(self, variant: Variant) -> "Session":
        """A session of its own for the same module in other surroundings."""
        return Session(self.module, self._interpreter, self.settings, variant)

    def open(self) -> WorkerConnection:
        """The worker, started and with the module imported. Raises ImportRefused."""
        if self._connection is not None:
            return self._connection
        variant = self._variant
        connection = WorkerConnection(
            self._interpreter.path,
            {
                "PYTHONHASHSEED": str(variant.hash_seed),
                "TZ": variant.time_zone,
                "COLUMNS": str(variant.columns),
                "LINES": str(variant.lines),
            },
        )
        try:
            if variant.lived_in:
                furnish(working_folder=connection.scratch / variant.cwd, home=connection.scratch / "home")
            connection.send(self._setup(connection.scratch))
            opened = decode(connection.receive(self.settings.import_seconds + 2, crowd=self.settings.sandbox))
        except Silence:
            connection.kill()
            raise ImportRefused(f"importing it takes more than {self.settings.import_seconds:g} s") from None
        except WorkerDied as died:
            connection.close()
            raise ImportRefused(f"the interpreter {died} while importing it") from None
        except BaseException:
            connection.kill()
            raise
        if not opened["ok"]:
            connection.close()
            raise ImportRefused(opened["reason"])
        self._connection = connection
        self.layers = tuple(opened["layers"])
        self.import_arcs = protocol.arcs_from_wire(opened["arcs"])
        self.notes = tuple(opened["notes"])
        self.fixtures = tuple(opened["fixtures"])
        return connection

    def request(self, request: dict[str, Any], count: int, **items: Sequence[Any]) -> list[dict[str, Any]]:
        """Have the worker answer for `count` items, one record each, in order.

        Args:
            request: what is asked of every item.
            count: how many there are.
            items: the items themselves, by the name under which the worker looks for them.

        An item over which the worker is lost is tried again alone, and then reported as `{"o": "crashed"}`, or as
        `{"o": "timeout"}` if the worker went silent. So is everything if the module can no longer be imported.
        """
        records: list[dict[str, Any] | None] = [None] * count
        suspects: set[int] = set()
        while open_items := [index for index, record in enumerate(records) if record is None]:
            if open_items[0] in suspects:
                chosen = open_items[:1]
            else:
                chosen = list(itertools.takewhile(lambda index: index not in suspects, open_items))
                if not self.settings.fork:
                    chosen = chosen[: self._share(request["op"])]
            message = {**request, **{name: [values[index] for index in chosen] for name, values in items.items()}}
            try:
                failure = self._ask(message, chosen, records)
            except ImportRefused:
                return [record or {"o": "crashed"} for record in records]
            blamed = next((index for index in chosen if records[index] is None), None)
            if blamed is None:
                continue
            if failure is Silence or blamed in suspects:
                records[blamed] = {"o": "timeout" if failure is Silence else "crashed"}
            else:
                suspects.add(blamed)
        return [record for record in records if record is not None]

    def close(self) -> None:
        """End the worker."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(
        self, message: dict[str, Any], chosen: list[int], records: list[dict[str, Any] | None]
    ) -> type[WorkerDied] | None:
        connection = self.open()
        wall = self.settings.wall_seconds
        silence = _STARVED * wall + _SLACK if self.settings.fork else wall + 1
        try:
            connection.send(message)
            for index, record in connection.stream(silence):
                if index >= len(chosen) or not isinstance(record, dict):
                    raise WorkerDied("reported on nothing that it was asked")
                records[chosen[index]] = record
        except WorkerDied as died:
            self._connection = None
            connection.kill()
            return type(died)
        except BaseException:  # the pipes are in the middle of something: a fresh worker next time
            self._connection = None
            connection.kill()
            raise
        if not self.settings.fork:
            self.close()
        return None

    def _share(self, op: str) -> int | None:
        """How many items a process without forks may take before it is worn out."""
        return {"run": self.settings.batch, "observe": 1, "mutate": 1, "stages": 1}.get(op)

    def _setup(self, scratch: Path) -> dict[str, Any]:
        settings, variant, module = self.settings, self._variant, self.module
        return {
            "module": module.name,
            "file": str(module.path),
            "path_first": [str(path) for path in (module.import_root, *settings.project_paths)],
            "path_last": [str(path) for path in self._interpreter.search_path],
            "conftests": [str(path) for path in settings.conftests],
            "argv": list(variant.argv),
            "clock_shift": variant.clock_shift,
            "spent_loop": variant.spent_loop,
            "import_seconds": settings.import_seconds,
            "cpu_seconds": settings.cpu_seconds,
            "wall_seconds": settings.wall_seconds,
            "batch": settings.batch,
            "fork": settings.fork,
            "policy": {
                "enabled": settings.sandbox,
                "scratch": str(scratch),
                "memory_bytes": settings.memory_bytes,
                "cwd": str(scratch / variant.cwd),
                "project": [str(module.import_root), *map(str, settings.project_paths)],
            },
        }
