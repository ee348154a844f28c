"""How far the difference that a mutant makes comes: to the state, to what is observed, or nowhere.

Candidates are first run against a mutant at full speed, as for a verdict. Of those that do not notice it the first few
are run once more under a tracer, without the mutant and with it, and their states are compared.
"""

from collections.abc import Sequence
from typing import Any

from .children import Channel, Failure
from .frames import decode
from .isolation import Isolation
from .mutation import Mutated, Mutation, put_in_place
from .running import Runner, Wire
from .states import ModuleState, State, StateTracer, first_difference
from .swap import Edit, Incompetent

_MUTANTS = 12  # to a child, where they can be taken out again
_BATCH = 64
_NOTHING: dict[str, Any] = {"s": "not reached"}


class Stages:
    """Answers requests for stages.

    Args:
        mutation: what is known of the module and of candidates, shared with requests for verdicts.
    """

    def __init__(self, mutation: Mutation) -> None:
        self._mutation = mutation
        self._tracer = StateTracer(mutation.world.module.__file__ or "")
        self._traced = mutation.world._replace(tracer=self._tracer)

    def answer(self, request: dict[str, Any], channel: Channel) -> None:
        """Report `{"s": stage, "p": candidate, …}` for each job; see `protocol.sighting_from_wire`."""
        mutation = self._mutation
        with mutation.prepared(request["candidates"]):
            _Request(self, request, channel).run()

    @property
    def mutation(self) -> Mutation:
        """What is known of the module and of candidates."""
        return self._mutation

    def states(self, wire: Wire, isolation: Isolation, seconds: float) -> tuple[list[State], bool]:
        """The states of one run in this process, and whether the process is no good for another."""
        runner = Runner(self._traced, isolation)
        runner.limit(seconds)
        runner.quick(wire)
        return self._tracer.states, runner.tainted


class _Request:
    def __init__(self, stages: Stages, request: dict[str, Any], channel: Channel) -> None:
        self._stages, self._mutation = stages, stages.mutation
        self._wires: list[Wire] = request["candidates"]
        self._jobs: list[list[Any]] = request["jobs"]
        self._traced: int = request["traced"]
        self._parallel: int = request["parallel"]
        self._channel = channel
        self._usual: dict[int, list[State]] = {}
        self._prepared: dict[int, Mutated] = {}

    def run(self) -> None:
        """Try every mutant."""
        self._trace_usual()
        mutation = self._mutation
        everything = range(len(self._jobs))
        shared = {i for i in everything if mutation.isolation.complete and mutation.is_swapped(self._edit(i))}
        for chosen, batch in (
            ([i for i in everything if i in shared], _MUTANTS),
            ([i for i in everything if i not in shared], 1),
        ):
            mutation.workforce.perform(
                chosen,
                self._task,
                limits=mutation.limits(self._wires),
                deliver=self._deliver,
                failed=self._failed,
                ready=self._prepare,
                batch=batch,
                parallel=self._parallel,
            )

    def _trace_usual(self) -> None:
        """The states without a mutant, of the candidates that may be traced."""
        wanted = sorted({probe for _, probes in self._jobs for probe in probes[: self._traced]})

        def task(items: Sequence[int], channel: Channel) -> None:
            for index in items:
                wire = self._wires[index]
                states, tainted = self._stages.states(wire, self._mutation.isolation, self._seconds(wire))
                channel.send(index, states)
                if tainted:
                    channel.leave()
                    return

        def deliver(index: int, frame: bytes) -> bool:
            self._usual[index] = decode(frame[4:])
            return True

        self._mutation.workforce.perform(
            wanted,
            task,
            limits=self._mutation.limits(self._wires),
            deliver=deliver,
            failed=lambda *_: None,
            batch=_BATCH,
            parallel=self._parallel,
        )

    def _seconds(self, wire: Wire) -> float:
        return 3 * self._mutation.seconds(wire)

    def _edit(self, index: int) -> Edit:
        return Edit(*self._jobs[index][0][:5])

    def _prepare(self, items: Sequence[int]) -> None:
        self._prepared = {index: self._mutation.prepare(self._edit(index)) for index in items}

    def _task(self, items: Sequence[int], channel: Channel) -> None:
        for index in items:
            mutated = self._prepared[index]
            channel.mark(0)
            found, sound = self._look(index, mutated, channel)
            if mutated.swap is not None:
                mutated.swap.leave()
            channel.send(index, found)
            if not sound or mutated.swap is None:
                channel.leave()
                return

    def _look(self, index: int, mutated: Mutated, channel: Channel) -> tuple[dict[str, Any], bool]:
        """What one mutant does, and whether this process is good for another."""
        module, probes = self._mutation.world.module, self._jobs[index][1]
        before = ModuleState(module) if mutated.module_code is not None else None
        try:
            put_in_place(module, mutated)
        except Incompetent:
            return dict(_NOTHING), True
        except BaseException:  # the module does not survive it
            return {"s": "noticed", "p": probes[0] if probes else None}, False
        kept = before.differences(ModuleState(module)) if before else []
        isolation = self._mutation.isolation if mutated.swap is not None else Isolation(module)
        found, sound = self._try(index, isolation, channel, bool(kept))
        if kept:
            found["g"] = kept
        return found, sound

    def _try(self, index: int, isolation: Isolation, channel: Channel, infected: bool) -> tuple[dict[str, Any], bool]:
        probes: list[int] = self._jobs[index][1]
        world = self._mutation.world
        runner = Runner(world, isolation)
        for place, probe in enumerate(probes):
            channel.mark(place + 1)
            wire = self._wires[probe]
            runner.limit(self._mutation.seconds(wire))
            record = runner.full(wire)
            if self._mutation.differing(wire, record):
                return {"s": "noticed", "p": probe}, record["o"] != "timeout" and not runner.tainted
            if runner.tainted:
                return {"s": "no infection", "p": probe}, False
        nearest = {"s": "no propagation", "p": next(iter(probes), None)} if infected else _unmoved(probes)
        for probe in probes[: self._traced]:
            channel.mark(len(probes) + 1)
            usual = self._usual.get(probe)
            if usual is None:
                continue
            wire = self._wires[probe]
            states, tainted = self._stages.states(wire, isolation, self._seconds(wire))
            difference = first_difference(usual, states)
            if difference is not None:
                return {"s": "no propagation", "p": probe, **difference}, not tainted
            if tainted:
                return nearest, False
        return nearest, True

    def _deliver(self, index: int, frame: bytes) -> bool:
        self._channel.send(index, decode(frame[4:]))
        return True

    def _failed(self, index: int, failure: Failure, step: int) -> None:
        """A child was lost over a mutant: with the candidate that it was at, that shows."""
        probes = self._jobs[index][1]
        place = max(step - 1, 0)
        if place < len(probes):
            self._channel.send(index, {"s": "noticed", "p": probes[place]})
        else:
            self._channel.send(index, _unmoved(probes))


def _unmoved(probes: Sequence[int]) -> dict[str, Any]:
    return {"s": "no infection", "p": probes[0]} if probes else dict(_NOTHING)
