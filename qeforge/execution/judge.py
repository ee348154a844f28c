"""The judge: runs candidates against one imported module, in a sandbox, on the target's interpreter."""

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from qeforge.domain.candidate import Candidate
from qeforge.domain.facts import ModuleFacts
from qeforge.domain.mutant import Kill, MutantJob, MutantResult, Probe, Verdict
from qeforge.domain.observation import Arc, Facet, Observation
from qeforge.domain.survivor import Sighting, Stage
from qeforge.domain.target import SkippedModule, SourceModule
from qeforge.execution import protocol
from qeforge.execution.interpreter import Interpreter
from qeforge.execution.session import ImportRefused, JudgeSettings, Session, Variant

__all__ = ["ForkJudge", "JudgeSettings", "open_judge"]

_SHARED, _FEW = 16, 4  # candidates to a fork
_THROWS = 12
"""Looks more at what draws on random numbers: what falls either way as often is taken for constant once in 16,384
times, not once in four."""
_FIRST = Variant(hash_seed=0, time_zone="UTC0", columns=80, lines=24, argv=("pytest",), cwd="cwd")
_OTHERS = (
    Variant(
        hash_seed=1, time_zone="QFA-13", columns=100, lines=30, argv=("runner", "--first"), cwd="here", lived_in=True
    ),
    Variant(
        hash_seed=4242,
        time_zone="QFB+11",
        columns=132,
        lines=43,
        argv=("other", "a", "b"),
        cwd="there",
        clock_shift=400,
        spent_loop=True,
    ),
)
"""What may differ between two runs of the same test, differs."""


def open_judge(module: SourceModule, interpreter: Interpreter, settings: JudgeSettings) -> "ForkJudge | SkippedModule":
    """Import the module in a fresh worker.

    Returns the judge, or the module with the real reason in one line when the import fails, hangs, or ends the
    process.
    """
    session = Session(module, interpreter, settings, _FIRST)
    try:
        session.open()
    except ImportRefused as refused:
        session.close()
        return SkippedModule(path=module.path, reason=str(refused), name=module.name)
    except BaseException:
        session.close()
        raise
    return ForkJudge(session)


class ForkJudge:
    """A warm fork server for one module; see the `Judge` protocol.

    A context manager: leaving it ends every process and removes every file that it made. Made by `open_judge`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._others = [session.variant(variant) for variant in _OTHERS]
        self._facts: ModuleFacts | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def layers(self) -> tuple[str, ...]:
        """Sandbox layers that are active around the code under test."""
        return self._session.layers

    @property
    def import_arcs(self) -> frozenset[Arc]:
        """What importing the module runs of it."""
        return self._session.import_arcs

    @property
    def notes(self) -> tuple[str, ...]:
        """One-line remarks: a conftest that could not be run."""
        return self._session.notes

    @property
    def fixtures(self) -> tuple[str, ...]:
        """Names of the project's own fixtures that candidates may ask for."""
        return self._session.fixtures

    def facts(self) -> ModuleFacts:
        """What importing the module told."""
        if self._facts is None:
            [wire] = self._session.request({"op": "facts"}, 1)
            if "o" in wire:
                return ModuleFacts(module=self._session.module.name)
            self._facts = protocol.facts_from_wire(wire)
        return self._facts

    def run(self, candidates: Sequence[Candidate], *, capture: bool = False) -> list[Observation]:
        """Quick look, one observation per candidate in order: outcome, arcs, exception, effects; operands on
        `capture`."""
        return self._look(self._session, candidates, {"op": "run", "capture": capture})

    def observe(self, candidates: Sequence[Candidate]) -> list[Observation]:
        """Full look, all facets; several candidates to a fork, as tests of a suite share a process."""
        return self._look(self._session, candidates, {"op": "observe", "batch": _SHARED})

    def confirm(self, candidates: Sequence[Candidate]) -> list[tuple[Observation, ...]]:
        """Full looks in two other fresh processes (other hash seed, time zone, arguments, folder, in one with usual
        files and folders in it and in the home; other order): each
        time in other company, so that what leans on its neighbours is seen to. More looks at what draws on the shared
        random generator."""
        if not candidates:
            return []
        backwards = candidates[::-1]

        def look(session: Session, batch: int) -> list[Observation]:
            return self._look(session, backwards, {"op": "observe", "batch": batch})[::-1]

        with ThreadPoolExecutor(min(len(self._others), self._session.parallel)) as pool:
            found = list(zip(*pool.map(look, self._others, (_SHARED, _FEW)), strict=True))
        drawing = [index for index, looks in enumerate(found) if any(map(_draws, looks))]
        throws = [candidates[index] for index in drawing for _ in range(_THROWS)]
        more = self._look(self._others[-1], throws, {"op": "observe", "batch": _SHARED}) if throws else []
        for place, index in enumerate(drawing):
            found[index] += tuple(more[place * _THROWS : (place + 1) * _THROWS])
        return found

    def mutate(
        self, jobs: Sequence[MutantJob], probes: Sequence[Probe], *, first_only: bool = True
    ) -> list[MutantResult]:
        """One result per job; with `first_only` a job ends at its first kill."""
        results: dict[int, MutantResult] = {
            index: MutantResult(mutant=job.mutant, verdict=Verdict.NOT_COVERED)
            for index, job in enumerate(jobs)
            if not job.probes
        }
        covered = [index for index, job in enumerate(jobs) if job.probes]
        request = {
            "op": "mutate",
            "first_only": first_only,
            "parallel": self._session.parallel,
            "probes": [
                [protocol.candidate_to_wire(probe.candidate), [str(facet) for facet in probe.facets]]
                for probe in probes
            ],
        }
        wires = [[protocol.mutant_to_wire(jobs[index].mutant), list(jobs[index].probes)] for index in covered]
        for index, record in zip(covered, self._session.request(request, len(wires), jobs=wires), strict=True):
            results[index] = _result(jobs[index], record)
        return [results[index] for index in range(len(jobs))]

    def stages(self, jobs: Sequence[MutantJob], candidates: Sequence[Candidate], *, traced: int = 2) -> list[Sighting]:
        """How far each mutant's difference comes over the candidates of its job (see `Stage`); the states of the first
        `traced` are compared where none of them notices it."""
        request = {"op": "stages", "traced": traced, "parallel": self._session.parallel}
        request["candidates"] = [protocol.candidate_to_wire(candidate) for candidate in candidates]
        wires = [[protocol.mutant_to_wire(job.mutant), list(job.probes)] for job in jobs]
        records = self._session.request(request, len(wires), jobs=wires)
        return [
            Sighting(
                mutant=job.mutant,
                stage=Stage.NOTICED if job.probes else Stage.NOT_REACHED,
                probe=next(iter(job.probes), None),
            )
            if "o" in record  # the worker itself was lost, twice: that shows
            else protocol.sighting_from_wire(job.mutant, record)
            for job, record in zip(jobs, records, strict=True)
        ]

    def close(self) -> None:
        """End every process and remove every file that it made. Harmless when done before."""
        for session in (self._session, *self._others):
            with contextlib.suppress(OSError):
                session.close()

    def _look(self, session: Session, candidates: Sequence[Candidate], request: dict[str, Any]) -> list[Observation]:
        wires = [protocol.candidate_to_wire(candidate) for candidate in candidates]
        records = session.request(request, len(wires), candidates=wires)
        return [protocol.observation_from_wire(record) for record in records]


def _draws(seen: Observation) -> bool:
    return any(effect.kind == "random" for effect in seen.effects)


def _result(job: MutantJob, record: dict[str, Any]) -> MutantResult:
    if "o" in record:  # the worker itself was lost, twice: whatever the mutant does, a test would notice
        return MutantResult(
            mutant=job.mutant, verdict=Verdict.KILLED, kills=(Kill(test=job.probes[0], facets=(Facet.OUTCOME,)),)
        )
    return MutantResult(
        mutant=job.mutant,
        verdict=Verdict(record["v"]),
        kills=tuple(Kill(test=test, facets=tuple(Facet(facet) for facet in facets)) for test, facets in record["k"]),
        seconds=record["s"],
    )
