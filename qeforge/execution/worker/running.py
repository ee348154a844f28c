"""Running candidates in this process, one after the other, and looking at what each did."""

import contextvars
import os
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from . import probe, sandbox
from .capture import Capture
from .changes import Files, stateful
from .clock import Present
from .fixtures import Fixtures, Setup
from .guard import Expired, Guard
from .isolation import Isolation
from .luck import Luck
from .naming import ancestors, dotted
from .operands import Operands
from .programs import FAILURES, FILENAME, Program, compile_program
from .snapshot import Snapshotter, brief
from .tracer import Arc, Tracer

Wire = list[Any]
"""A candidate as it travels: `[imports, arrange, act, fixtures]`."""

_HERE = os.path.dirname(os.path.abspath(__file__))
_MESSAGE = 2_000  # characters of an exception's text
_FRAMES = 20
_LOOKING_SECONDS = 1.0  # of CPU, for taking snapshots and taking fixtures down
_EFFECTS = 50

_perf_counter = time.perf_counter


class World(NamedTuple):
    """What running a candidate takes: the imported module and this process's instruments."""

    module: ModuleType
    tracer: Tracer
    guard: Guard
    fixtures: Fixtures
    scratch: str
    cpu_seconds: float

    @property
    def package(self) -> str:
        """Top-level package of the module under test."""
        return self.module.__name__.partition(".")[0]


class Execution:
    """One run of a candidate: what is known when the act is over and everything still stands."""

    def __init__(self, program: Program | None) -> None:
        self.program = program
        self.outcome = "returned"
        self.error: BaseException | None = None
        self.value: Any = None
        self.namespace: dict[str, Any] = {"__name__": "test_candidate"}
        self.arranged: dict[str, Any] = {}
        self.capture = Capture()
        self.arcs: set[Arc] = set()
        self.effects: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.setup: Setup | None = None
        self.files: Files | None = None

    @property
    def tmp_path(self) -> str | None:
        """The folder behind the fixture, if the candidate has it."""
        return self.setup.tmp_path if self.setup else None


Inspect = Callable[[Execution, dict[str, Any]], None]


class Runner:
    """Runs candidates in this process.

    Args:
        world: the module and the instruments.
        isolation: the state of the process to come back to after each candidate.
        operands: collects operands, where the module's code has been instrumented for that.
    """

    def __init__(self, world: World, isolation: Isolation, *, operands: Operands | None = None) -> None:
        self._world = world
        self._isolation = isolation
        self._operands = operands
        self.tainted = False
        """Whether a candidate left something behind that only a fresh process is free of."""

    def quick(self, wire: Wire) -> dict[str, Any]:
        """Outcome, exception, arcs, effects, a brief result."""
        return self._run(wire, _look_quickly)

    def full(self, wire: Wire) -> dict[str, Any]:
        """All facets; changes as the state after the act (`after`), to be compared with `preview` by the server."""
        luck = Luck()
        record = self._run(wire, self._look_fully)
        if luck.was_drawn_on():
            record.setdefault("eff", []).append(["random", "random", "the shared generator was drawn on", False])
        return record

    def preview(self, wire: Wire) -> dict[str, Any]:
        """The state of the arranged variables, without the act."""
        return self._run(wire, self._look_at_arranged, act=False)

    def limit(self, cpu_seconds: float) -> None:
        """Another CPU limit for the candidates that follow."""
        self._world = self._world._replace(cpu_seconds=cpu_seconds)

    def _run(self, wire: Wire, look: Inspect, *, act: bool = True) -> dict[str, Any]:
        record: dict[str, Any] = {}
        try:
            program = compile_program(*wire[:3], tuple(wire[3]))
        except FAILURES as error:
            return {"o": "invalid", "x": [dotted(type(error)), str(error)[:_MESSAGE], [], ancestors(type(error))]}
        contextvars.copy_context().run(self._execute, program, look, act, record)
        if not self._isolation.restore(folder="eff" in record or bool(program.fixtures)):
            self.tainted = True
        if self._isolation.changed:
            record.setdefault("eff", []).append(
                ["state", "module", "the package keeps something else than before", False]
            )
        return record

    def _execute(self, program: Program, look: Inspect, act: bool, record: dict[str, Any]) -> None:
        world, execution = self._world, Execution(program)
        execution.capture.start()
        try:
            self._perform(execution, program, act)
            world.guard.arm(_LOOKING_SECONDS)
            try:
                self._describe(execution, record)
                look(execution, record)
            except Expired:
                record.update({"o": "timeout"})
            self._take_down(execution, record)
        finally:
            world.guard.disarm()
            execution.capture.stop()

    def _perform(self, execution: Execution, program: Program, act: bool) -> None:
        world = self._world
        probe.clear()
        sandbox.start_recording()
        if self._operands is not None:
            self._operands.clear()
        world.tracer.start()
        started = _perf_counter()
        world.guard.arm(world.cpu_seconds)
        acting = False
        try:
            self._arrange(execution, program)
            acting = True
            if act:
                namespace = execution.namespace
                if program.expression:
                    execution.value = namespace["result"] = eval(program.act, namespace)
                else:
                    exec(program.act, namespace)
                    execution.value = namespace.get("result")
        except BaseException as error:  # SystemExit and KeyboardInterrupt are results like any other
            execution.outcome = "raised" if acting else "arrange failed"
            execution.error = error
        finally:
            world.guard.disarm()
            self._isolation.restore_builtins()
            execution.arcs = world.tracer.stop()
            execution.seconds = _perf_counter() - started
            execution.effects = sandbox.take_effects()
        if world.guard.fired:
            execution.outcome, execution.error = "timeout", None

    def _arrange(self, execution: Execution, program: Program) -> None:
        namespace = execution.namespace
        exec(program.imports, namespace)
        if program.fixtures or self._world.fixtures.autouse():
            execution.setup = Setup(self._world.fixtures, self._world.scratch)
            execution.setup.start_autouse()
            for name in program.fixtures:
                namespace[name] = execution.setup.value(name)
        if program.arrange is not None:
            known = set(namespace) - set(program.fixtures)
            exec(program.arrange, namespace)
            execution.arranged = {
                name: value for name, value in namespace.items() if name not in known and stateful(value)
            }
        if execution.tmp_path is not None:
            execution.files = Files(execution.tmp_path)

    def _describe(self, execution: Execution, record: dict[str, Any]) -> None:
        record["o"] = execution.outcome
        record["s"] = round(execution.seconds, 6)
        record["arcs"] = [line for arc in execution.arcs for line in arc]
        if execution.effects:
            record["eff"] = [[e["kind"], e["event"], e["detail"], e["blocked"]] for e in execution.effects[:_EFFECTS]]
        if execution.capture.stdin_asked:
            record.setdefault("eff", []).append(["stdin", "input", "standard input was read", True])
        if self._isolation.lingers():
            record.setdefault("eff", []).append(["thread", "threading.Thread", "it goes on", True])
        if probed := probe.take():
            record.setdefault("eff", []).append(["collaborator", "probe", probed, True])
        if execution.error is not None:
            record["x"] = _raised(execution.error, self._world.module.__file__ or "")
        if self._operands is not None:
            record["ops"] = self._operands.take()

    def _look_fully(self, execution: Execution, record: dict[str, Any]) -> None:
        capture, unstable = execution.capture, []
        record["out"], record["err"] = capture.stdout.text(), capture.stderr.text()
        record["logs"], record["warn"] = capture.logs(), capture.warned()
        for facet, stream in (("stdout", capture.stdout), ("stderr", capture.stderr)):
            if stream.overflowed or stream.closed_by_code:
                unstable.append(facet)
        if execution.outcome == "timeout":
            return
        assert execution.program is not None
        present = Present(execution.program.text)

        def snapshotter() -> Snapshotter:
            return Snapshotter(
                package=self._world.package,
                tmp_path=execution.tmp_path,
                private=self._world.scratch,
                present=present,
            )

        if execution.outcome == "returned":
            taker = snapshotter()
            record["r"] = taker.take(execution.value)
            if taker.volatile:
                unstable.append("result")
        if execution.arranged:
            taker = snapshotter()
            record["after"] = {
                name: taker.state(execution.namespace[name])
                for name in execution.arranged
                if name in execution.namespace
            }
            if taker.volatile:
                unstable.append("changes")
        if execution.files is not None:
            record["files"] = execution.files.written()
        for facet, text in (
            ("stdout", record["out"]),
            ("stderr", record["err"]),
            ("exception", record["x"][1] if "x" in record else ""),
            ("logs", "\n".join(item[2] for item in record["logs"])),
            ("warnings", "\n".join(item[1] for item in record["warn"])),
            ("files", "\n".join(item[1] for item in record.get("files", ()))),
        ):
            if text and (present.shows_in(text) or self._world.scratch in text) and facet not in unstable:
                unstable.append(facet)
        if unstable:
            record["u"] = unstable

    def _look_at_arranged(self, execution: Execution, record: dict[str, Any]) -> None:
        assert execution.program is not None
        taker = Snapshotter(
            package=self._world.package,
            tmp_path=execution.tmp_path,
            private=self._world.scratch,
            present=Present(execution.program.text),
        )
        record["before"] = {name: taker.state(value) for name, value in execution.arranged.items()}

    def _take_down(self, execution: Execution, record: dict[str, Any]) -> None:
        if execution.setup is None:
            return
        try:
            execution.setup.close()
        except Expired:
            record["o"] = "timeout"
        except BaseException as error:
            record["o"] = "arrange failed"
            record["x"] = _raised(error, self._world.module.__file__ or "")


def _look_quickly(execution: Execution, record: dict[str, Any]) -> None:
    if execution.outcome == "returned":
        record["r"] = brief(execution.value)


def _raised(error: BaseException, own_file: str) -> list[Any]:
    """`[type, message, [[function, line, own], …], ancestors]`; frames of the harness and the candidate left out."""
    kind = type(error)
    try:
        message = str(error)[:_MESSAGE]
    except Expired:
        raise
    except BaseException:  # a broken `__str__`
        message = ""
    frames: list[list[Any]] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename != FILENAME and os.path.dirname(code.co_filename) != _HERE:
            frames.append([code.co_name, trace.tb_lineno or 0, code.co_filename == own_file])
        trace = trace.tb_next
    if len(frames) > _FRAMES:
        frames = frames[: _FRAMES // 2] + frames[-_FRAMES // 2 :]
    return [dotted(kind), message, frames, ancestors(kind)]
