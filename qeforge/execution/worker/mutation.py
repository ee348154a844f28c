"""Mutants against probes: one fork each, only the mutated function swapped, only the facets compared that count."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from .changes import compare
from .children import Channel, Failure, Limits, Workforce
from .frames import decode
from .isolation import Isolation
from .programs import FAILURES, compile_program
from .running import Runner, Wire, World
from .swap import Edit, Incompetent, LiveFunctions, ScopeCode, SourceText, Swap
from .tracer import NoTracer

_FACTOR, _LEAST_SECONDS = 10, 0.2  # of a probe's own CPU time that it may take against a mutant
_LOST = 3  # probes that did not end, after which the rest is not tried against that mutant
_BATCH = 64
_MUTANTS = 12  # to a child, where they can be taken out again
_perf_counter = time.perf_counter  # before a mutant can get at it
_TEXTS = {"stdout": "out", "stderr": "err", "logs": "logs", "warnings": "warn", "files": "files"}


class Baseline(NamedTuple):
    """What a probe does without a mutant: facets that can be compared, and what changes are told from."""

    facets: dict[str, Any]
    before: dict[str, Any]
    seconds: float


class Mutated(NamedTuple):
    """A compiled mutant: code for live functions, or the whole module's; neither when it is incompetent."""

    swap: Swap | None = None
    module_code: CodeType | None = None


class Mutation:
    """Answers requests for mutants; what it knows of the module and of probes is kept for the next one.

    Args:
        world: the module and the instruments.
        workforce: runs the work.
        limits: for one run of a probe.
        import_lines: lines that importing runs.
        isolated: the state of this process as it is now, to come back to.
    """

    def __init__(
        self,
        world: World,
        workforce: Workforce,
        limits: Limits,
        import_lines: frozenset[int],
        isolated: Callable[[], Isolation],
    ) -> None:
        self._tracer = world.tracer
        self._world = world._replace(tracer=NoTracer())
        self._workforce = workforce
        self._import_lines = import_lines
        self._limits = limits
        self._baselines: dict[str, Baseline] = {}
        self._source = SourceText(world.module.__file__ or "")
        self._live = LiveFunctions(world.module.__file__ or "")
        self._reexecutable = None if workforce.forks else True  # tried out in a child only; the parent sees to the rest
        self._isolated = isolated
        self.isolation = isolated()

    def answer(self, request: dict[str, Any], channel: Channel) -> None:
        """Report `{"v": verdict, "k": [[probe, facets], …], "s": seconds}` for each job."""
        wires: list[Wire] = [wire for wire, _ in request["probes"]]
        with self.prepared(wires):
            _Trial(self, request, wires, channel).run()

    @contextmanager
    def prepared(self, wires: Sequence[Wire]) -> Iterator[None]:
        """Full speed, with what these probes do known; as it was, afterwards."""
        self._tracer.pause()
        self.isolation = self._isolated()
        try:
            self._learn(wires)
            yield
        finally:
            self._tracer.resume()

    @property
    def workforce(self) -> Workforce:
        """Who runs the work."""
        return self._workforce

    @property
    def world(self) -> World:
        """The module, without a tracer."""
        return self._world

    def baseline(self, wire: Wire) -> Baseline:
        """What a probe does without a mutant."""
        return self._baselines[_key(wire)]

    def differing(self, wire: Wire, record: dict[str, Any]) -> list[str]:
        """The facets in which a report differs from what the probe does without a mutant."""
        baseline = self.baseline(wire)
        if not baseline.facets:
            return []
        if record["o"] == "timeout":
            return ["outcome"]
        found = _facets(record, baseline.before)
        return [facet for facet, value in baseline.facets.items() if _differs(facet, value, found.get(facet))]

    def limits(self, wires: Sequence[Wire]) -> Limits:
        """What the watch allows for any one of the probes."""
        slowest = max((self.seconds(wire) for wire in wires), default=self._limits.cpu)
        return Limits(cpu=max(2 * _LEAST_SECONDS, slowest), wall=self._limits.wall)

    def seconds(self, wire: Wire) -> float:
        """CPU time that a probe may take."""
        return max(_LEAST_SECONDS, _FACTOR * self.baseline(wire).seconds)

    def is_swapped(self, edit: Edit) -> bool:
        """Whether it lies in a function that importing does not run: such a mutant can be taken out again, one that
        shows in what the module holds cannot."""
        if self._source.scope_of(edit) is None:
            return False
        return edit.line not in self._import_lines or not self._can_run_again()

    def prepare(self, edit: Edit) -> "Mutated":
        """A mutant, compiled, to be put in place in a child."""
        scope = self._source.scope_of(edit)
        try:
            if scope is not None and self.is_swapped(edit):
                new = ScopeCode(self._source, scope, edit)
                found = {old: code for live in self._live.of(scope) for old, code in new.build(live).items()}
                return Mutated(swap=self._live.swap(found))
            if self._can_run_again():
                return Mutated(module_code=self._source.module_code(edit))
        except Incompetent:
            pass
        return Mutated()

    def _can_run_again(self) -> bool:
        """Whether the unchanged module survives being run a second time: else that says nothing about a mutant."""
        if self._reexecutable is None:
            verdicts: list[bool] = []

            def task(items: Sequence[int], channel: Channel) -> None:
                try:
                    _run_again(self._world.module, self._source.module_code())
                    channel.send(0, True)
                except BaseException:  # a module may raise anything
                    channel.send(0, False)

            def deliver(index: int, frame: bytes) -> bool:
                verdicts.append(decode(frame[4:]))
                return True

            self._workforce.perform(
                [0], task, limits=self._limits, deliver=deliver, failed=lambda *_: verdicts.append(False)
            )
            self._reexecutable = verdicts == [True]
        return self._reexecutable

    def _learn(self, wires: Sequence[Wire]) -> None:
        """Run the probes if any is new, in order and backwards: what depends on the order, or differs from an earlier
        time, is not compared."""
        probes = list({_key(wire): wire for wire in wires}.values())
        if all(_key(wire) in self._baselines for wire in probes):
            return
        for imports, arrange, act, fixtures in probes:
            with suppress(*FAILURES):  # here, once, rather than in every child
                compile_program(imports, arrange, act, tuple(fixtures))
        passes: list[dict[int, dict[str, Any]]] = [{}, {}, {}]

        def collect(found: dict[int, dict[str, Any]], look: str) -> Any:
            def task(items: Sequence[int], channel: Channel) -> None:
                runner = Runner(self._world, self.isolation)
                for index in items:
                    channel.send(index, getattr(runner, look)(probes[index]))

            def deliver(index: int, frame: bytes) -> bool:
                found[index] = decode(frame[4:])
                return True

            def failed(index: int, failure: Failure, step: int) -> None:
                found[index] = {"o": failure.value}

            return task, deliver, failed

        forward = list(range(len(probes)))
        for found, look, order in (
            (passes[0], "preview", forward),
            (passes[1], "full", forward),
            (passes[2], "full", forward[::-1]),
        ):
            task, deliver, failed = collect(found, look)
            self._workforce.perform(order, task, limits=self._limits, deliver=deliver, failed=failed, batch=_BATCH)
        for index, wire in enumerate(probes):
            baseline = _baseline(*(found[index] for found in passes))
            known = self._baselines.get(_key(wire), baseline).facets
            same = {facet: value for facet, value in baseline.facets.items() if known.get(facet) == value}
            self._baselines[_key(wire)] = baseline._replace(facets=same)


class _Trial:
    """One request: its jobs, and what has been found for each so far."""

    def __init__(self, mutation: Mutation, request: dict[str, Any], wires: list[Wire], channel: Channel) -> None:
        self._mutation = mutation
        self._wires = wires
        self._allowed = [frozenset(facets) for _, facets in request["probes"]]
        self._jobs = request["jobs"]
        self._first_only: bool = request["first_only"]
        self._parallel: int = request["parallel"]
        self._channel = channel
        self._hung: list[dict[int, Failure]] = [{} for _ in self._jobs]
        """For each job the places in its list of probes at which a child was lost."""
        self._again: list[int] = []
        self._prepared: dict[int, Mutated] = {}

    def run(self) -> None:
        """Try every mutant."""
        open_jobs = list(range(len(self._jobs)))
        while open_jobs:
            self._again = []
            shared, alone = self._shared(open_jobs)
            for chosen, batch in ((shared, _MUTANTS), (alone, 1)):
                self._mutation.workforce.perform(
                    chosen,
                    self._task,
                    limits=self._mutation.limits(self._wires),
                    deliver=self._deliver,
                    failed=self._failed,
                    ready=self._prepare,
                    batch=batch,
                    parallel=self._parallel,
                )
            open_jobs = self._again

    def _shared(self, jobs: list[int]) -> tuple[list[int], list[int]]:
        """Jobs that may share a child, as their mutants can be taken out again, and those that need one each."""
        if not self._mutation.isolation.complete:
            return [], jobs
        shared = [index for index in jobs if self._mutation.is_swapped(self._edit(index))]
        return shared, [index for index in jobs if index not in set(shared)]

    def _edit(self, index: int) -> Edit:
        return Edit(*self._jobs[index][0][:5])

    def _prepare(self, items: Sequence[int]) -> None:
        self._prepared = {index: self._mutation.prepare(self._edit(index)) for index in items}

    def _task(self, items: Sequence[int], channel: Channel) -> None:
        for index in items:
            started = _perf_counter()
            channel.mark(0)
            mutated = self._prepared[index]
            kills: list[list[Any]] = []
            verdict = self._enter(mutated, self._jobs[index][1], kills)
            spoiled = verdict == "" and self._probe(index, mutated, kills, channel)
            if mutated.swap is not None:
                mutated.swap.leave()
            if kills and index != items[0] and not self._is_sound(kills[0][0]):
                channel.leave()  # what kills it may be left over from the mutants before: once more, in a fresh child
                return
            channel.send(index, {"v": verdict, "k": kills, "s": _perf_counter() - started})
            if spoiled:
                channel.leave()
                return

    def _enter(self, mutated: Mutated, probes: list[int], kills: list[list[Any]]) -> str:
        """Put a mutant in place; the verdict when that settles it, else nothing."""
        try:
            put_in_place(self._mutation.world.module, mutated)
        except Incompetent:
            return "incompetent"
        except BaseException:  # the module does not survive it
            kills.append([probes[0], ["outcome"], False])
            return "killed"
        return ""

    def _probe(self, index: int, mutated: Mutated, kills: list[list[Any]], channel: Channel) -> bool:
        """Run the probes against one mutant; whether this child is no good for another."""
        world, isolation = self._mutation.world, self._mutation.isolation
        runner = Runner(world, isolation if mutated.swap is not None else Isolation(world.module))
        for place, probe in enumerate(self._jobs[index][1]):
            if place in self._hung[index]:
                continue
            channel.mark(place + 1)
            wire = self._wires[probe]
            runner.limit(self._mutation.seconds(wire))
            record = runner.full(wire)
            facets = self._differences(probe, record)
            if facets:
                kills.append([probe, facets, record["o"] == "timeout"])
                if self._first_only or sum(timeout for _, _, timeout in kills) == _LOST:
                    break
        return runner.tainted or any(timeout for _, _, timeout in kills)

    def _is_sound(self, probe: int) -> bool:
        """Whether a probe does in this child what it does without a mutant, now that there is none."""
        record = Runner(self._mutation.world, self._mutation.isolation).full(self._wires[probe])
        return not self._differences(probe, record)

    def _differences(self, probe: int, record: dict[str, Any]) -> list[str]:
        found = self._mutation.differing(self._wires[probe], record)
        return found if record["o"] == "timeout" else [facet for facet in found if facet in self._allowed[probe]]

    def _deliver(self, index: int, frame: bytes) -> bool:
        message = decode(frame[4:])
        self._report(index, message["v"], message["k"], message["s"])
        return True

    def _failed(self, index: int, failure: Failure, step: int) -> None:
        hung = self._hung[index]
        hung[max(step - 1, 0)] = failure
        if self._first_only or len(hung) >= min(_LOST, len(self._jobs[index][1])):
            self._report(index, "", [], 0.0)
        else:
            self._again.append(index)

    def _report(self, index: int, verdict: str, kills: list[list[Any]], seconds: float) -> None:
        probes: list[int] = self._jobs[index][1]
        kills += [[probes[place], ["outcome"], lost is Failure.TIMEOUT] for place, lost in self._hung[index].items()]
        kills.sort(key=lambda kill: probes.index(kill[0]))
        if verdict != "incompetent":
            timeouts = [timeout for _, _, timeout in kills]
            verdict = "survived" if not kills else "timeout" if all(timeouts) else "killed"
        told = [[probe, facets] for probe, facets, _ in kills]
        self._channel.send(index, {"v": verdict, "k": told, "s": seconds})


def put_in_place(module: ModuleType, mutated: Mutated) -> None:
    """Put a mutant in place in this process. Raises Incompetent, or whatever the module raises when it is run again."""
    if mutated.swap is not None:
        mutated.swap.enter()
    elif mutated.module_code is not None:
        _run_again(module, mutated.module_code)
    else:
        raise Incompetent("there is no code")


def _key(wire: Wire) -> str:
    return json.dumps(wire)


def _baseline(preview: dict[str, Any], first: dict[str, Any], second: dict[str, Any]) -> Baseline:
    before = preview.get("before", {})
    if first["o"] not in ("returned", "raised"):
        return Baseline({}, before, 0.0)
    facets, other = _facets(first, before), _facets(second, before)
    unstable = {*first.get("u", ()), *second.get("u", ())}
    same = {facet: value for facet, value in facets.items() if other.get(facet) == value and facet not in unstable}
    return Baseline(same, before, max(first.get("s", 0.0), second.get("s", 0.0)))


def _facets(record: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """A report as values that can be compared, by facet."""
    found: dict[str, Any] = {"outcome": record["o"]}
    if "r" in record:
        found["result"] = record["r"]
    if "x" in record:
        found["exception"] = record["x"][:2]
    for facet, key in _TEXTS.items():
        found[facet] = record.get(key)
    found["changes"] = {expression: after for expression, _, after in compare(before, record.get("after", {}))}
    return found


def _differs(facet: str, expected: Any, found: Any) -> bool:
    if facet == "changes":
        return found is None or any(found.get(expression) != after for expression, after in expected.items())
    return bool(expected != found)


def _run_again(module: ModuleType, code: CodeType) -> None:
    """Run a module's code in its namespace, and hand what it makes anew to the modules that imported the old."""
    names = vars(module)
    old = {
        id(value): name
        for name, value in names.items()
        if isinstance(value, (type, FunctionType)) or type(value).__module__ == module.__name__
    }
    kept = list(names.values())  # so that no identity is used again
    exec(code, names)
    package = module.__name__.partition(".")[0]
    for name, other in list(sys.modules.items()):
        if other is not module and name.partition(".")[0] == package:
            for key, value in list(vars(other).items()):
                if id(value) in old and names.get(old[id(value)], value) is not value:
                    setattr(other, key, names[old[id(value)]])
    del kept
