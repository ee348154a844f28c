"""The warm server: imports the module once and answers requests by forking children."""

import gc
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import clock_shift, loading, sandbox
from .changes import compare
from .children import DONE, Channel, Failure, Limits, Nursery, ParentGone, Workforce
from .fixtures import Fixtures
from .frames import FrameReader, decode, encode, write_frame
from .guard import Guard
from .inline import Inline
from .isolation import Isolation
from .mutation import Mutation
from .operands import Operands
from .programs import imported_modules
from .running import Runner, Wire, World
from .swap import LiveFunctions
from .tracer import open_tracer

if TYPE_CHECKING:
    from .instrument import Instrumented


class Server:
    """Answers the requests of one parent until it is gone.

    Args:
        request_fd, reply_fd: pipes to the parent.
        setup: the parent's first message.
    """

    def __init__(self, request_fd: int, reply_fd: int, setup: dict[str, Any]) -> None:
        self._reply_fd = reply_fd
        self._setup = setup
        self._policy = sandbox.Policy(**setup["policy"])
        self._channel = Channel(reply_fd)
        self._workforce: Workforce = Inline()
        if setup["fork"] and hasattr(os, "fork"):
            self._workforce = Nursery(self._policy, request_fd, (request_fd, reply_fd), self._channel.beat)
        self._mutation: Mutation | None = None
        self._instrumented: "Instrumented | None" = None
        self._known_imports: set[str] = set()
        self._isolation: Isolation | None = None

    def open(self) -> dict[str, Any]:
        """Close the sandbox and import the module; what the parent is told."""
        setup = self._setup
        loading.extend_path(setup["path_first"], setup["path_last"])
        layers = sandbox.enter_process(self._policy)
        sys.argv = list(setup["argv"])
        warnings.simplefilter("ignore")
        if setup["clock_shift"]:
            clock_shift.install(setup["clock_shift"])
        tracer = open_tracer(setup["file"])
        guard = Guard()
        try:
            imported = loading.load(setup["module"], setup["file"], tracer, guard, setup["import_seconds"])
        except loading.ImportFailure as failure:
            return {"ok": False, "reason": str(failure)}
        self._import_lines = frozenset(line for arc in imported.arcs for line in arc)
        for code in LiveFunctions(imported.module.__file__ or "").codes():
            tracer.watch(code)
        fixtures = Fixtures()
        fixtures.load(setup["conftests"])
        if setup["spent_loop"] and (asyncio := sys.modules.get("asyncio")) is not None:
            asyncio.set_event_loop(None)  # as `asyncio.run` leaves it: from then on none is made for who asks for one
        self._world = World(
            module=imported.module,
            tracer=tracer,
            guard=guard,
            fixtures=fixtures,
            scratch=setup["policy"]["scratch"],
            cpu_seconds=setup["cpu_seconds"],
        )
        gc.collect()
        gc.freeze()
        return {
            "ok": True,
            "layers": layers,
            "arcs": [line for arc in imported.arcs for line in arc],
            "notes": fixtures.problems,
            "fixtures": fixtures.names(),
        }

    def answer(self, request: dict[str, Any]) -> None:
        """Carry out one request and say when it is done."""
        if request["op"] == "facts":
            from .describe import describe

            self._channel.send(0, describe(self._world.module))
            self._isolation = None  # annotations are evaluated for that, which may run anything
        elif request["op"] == "mutate":
            self._preload([wire for wire, _ in request["probes"]])
            self._mutating().answer(request, self._channel)
        elif request["op"] == "stages":
            from .stages import Stages  # few requests need it

            self._preload(request["candidates"])
            Stages(self._mutating()).answer(request, self._channel)
        else:
            candidates: list[Wire] = request["candidates"]
            self._preload(candidates)
            if request["op"] == "run":
                self._run(candidates, capture=request["capture"], batch=self._setup["batch"])
            else:
                self._observe(candidates, batch=request["batch"])
        self._channel.send(DONE, None)

    def _mutating(self) -> Mutation:
        if self._mutation is None:
            self._mutation = Mutation(self._world, self._workforce, self._limits(), self._import_lines, self._isolated)
        return self._mutation

    def _isolated(self) -> Isolation:
        """The state that candidates come back to. They run in forks, so that what this process keeps stays as it is
        until something is imported here; looking all through a package takes as long as dozens of candidates.

        Raises OSError when the working folder is gone, which ends this process: one that starts anew has its own.
        """
        os.getcwd()
        if self._isolation is None or not self._workforce.forks:
            self._isolation = Isolation(self._world.module)
        return self._isolation

    def _limits(self) -> Limits:
        return Limits(cpu=self._setup["cpu_seconds"], wall=self._setup["wall_seconds"])

    def _preload(self, candidates: Sequence[Wire]) -> None:
        """Import what candidates need of the standard library here, once, rather than in every child."""
        for text in {wire[0] for wire in candidates} - self._known_imports:
            self._known_imports.add(text)
            for name in imported_modules(text):
                if name.partition(".")[0] in sys.stdlib_module_names and name not in sys.modules:
                    self._isolation = None
                    try:
                        importlib.import_module(name)
                    except Exception:  # the candidate will meet it again and report it
                        continue

    def _run(self, candidates: Sequence[Wire], *, capture: bool, batch: int) -> None:
        instrumented = None
        if capture:
            instrumented = self._instrument()
        isolation = self._isolated()

        def task(items: Sequence[int], channel: Channel) -> None:
            operands = None
            if instrumented is not None:
                operands = Operands()
                instrumented.install(operands, self._world.tracer)
                isolation.accept_builtins()
            runner = Runner(self._world, isolation, operands=operands)
            _each(runner.quick, runner, candidates, items, channel)

        self._perform(len(candidates), task, batch)

    def _instrument(self) -> "Instrumented":
        if self._instrumented is None:
            from .instrument import Instrumented  # most requests do without

            self._instrumented = Instrumented(self._world.module, LiveFunctions(self._world.module.__file__ or ""))
        return self._instrumented

    def _observe(self, candidates: Sequence[Wire], *, batch: int) -> None:
        from . import render_objects  # noqa: F401 - quick looks do without; here, once, rather than in every child

        before: dict[int, dict[str, Any]] = {}
        isolation = self._isolated()

        def preview(items: Sequence[int], channel: Channel) -> None:
            runner = Runner(self._world, isolation)
            _each(runner.preview, runner, candidates, items, channel)

        def look(items: Sequence[int], channel: Channel) -> None:
            runner = Runner(self._world, isolation)
            _each(runner.full, runner, candidates, items, channel)

        def deliver(index: int, frame: bytes) -> bool:
            record = decode(frame[4:])
            after = record.pop("after", None)
            if after is not None:
                changes = compare(before.get(index, {}), after)
                if changes:
                    record["chg"] = changes
            self._channel.send(index, record)
            return True

        def keep(index: int, frame: bytes) -> bool:
            before[index] = decode(frame[4:]).get("before", {})
            return True

        arranged = [index for index, wire in enumerate(candidates) if wire[1] or wire[3]]
        limits = self._limits()
        everything = range(len(candidates))
        self._workforce.perform(arranged, preview, limits=limits, deliver=keep, failed=lambda *_: None, batch=batch)
        self._workforce.perform(everything, look, limits=limits, deliver=deliver, failed=self._failed, batch=batch)

    def _perform(self, count: int, task: Any, batch: int) -> None:
        def deliver(index: int, frame: bytes) -> bool:
            write_frame(self._reply_fd, frame)
            return True

        self._workforce.perform(
            range(count), task, limits=self._limits(), deliver=deliver, failed=self._failed, batch=batch
        )

    def _failed(self, index: int, failure: Failure, step: int) -> None:
        self._channel.send(index, {"o": failure.value})


def _each(look: Any, runner: Runner, candidates: Sequence[Wire], items: Sequence[int], channel: Channel) -> None:
    for index in items:
        channel.send(index, look(candidates[index]))
        if runner.tainted:
            channel.leave()
            return


def serve(request_fd: int, reply_fd: int) -> None:
    """Read the set-up and then requests until the parent closes its end."""
    requests = FrameReader(request_fd)
    first = requests.next()
    if first is None:
        return
    setup = decode(first)
    sandbox.enter_namespaces(sandbox.Policy(**setup["policy"]))
    server = Server(request_fd, reply_fd, setup)
    opened = server.open()
    write_frame(reply_fd, encode(opened))
    if not opened["ok"]:
        return
    try:
        while True:
            payload = requests.next()
            if payload is None:
                return
            server.answer(decode(payload))
    except ParentGone:
        return
