"""A judge without processes: candidates run right here. For tests of what sits on top of a judge."""

import contextlib
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any

from qeforge.domain.candidate import Candidate
from qeforge.domain.facts import ModuleFacts
from qeforge.domain.mutant import Kill, Mutant, MutantJob, MutantResult, Probe, Verdict
from qeforge.domain.observation import Arc, Facet, Frame, Observation, Outcome, Raised, Snapshot
from qeforge.domain.survivor import Sighting, Stage
from qeforge.oracle.stability import facet_content

_MOST_LINES = 5_000
_LITERALS = (int, float, str, bytes, bool, type(None), list, dict, tuple, set)


class _Endless(BaseException):
    """A candidate ran more lines than any of a test should."""


class InProcessJudge:
    """Runs trusted code only. Counts what it was asked for.

    Attributes:
        executions: runs of candidates, mutants included.
        mutant_runs: probes run against mutants.
    """

    import_arcs: frozenset[Arc] = frozenset()

    def __init__(self, module: ModuleType, facts: ModuleFacts | None = None) -> None:
        self.module = module
        self._facts = facts or ModuleFacts(module=module.__name__)
        self.executions = 0
        self.mutant_runs = 0

    def facts(self) -> ModuleFacts:
        return self._facts

    def run(self, candidates: Sequence[Candidate], *, capture: bool = False) -> list[Observation]:
        return [self._one(candidate) for candidate in candidates]

    def observe(self, candidates: Sequence[Candidate]) -> list[Observation]:
        return self.run(candidates)

    def confirm(self, candidates: Sequence[Candidate]) -> list[tuple[Observation, ...]]:
        return [(seen, seen) for seen in self.run(candidates)]

    def mutate(
        self, jobs: Sequence[MutantJob], probes: Sequence[Probe], *, first_only: bool = True
    ) -> list[MutantResult]:
        usual = [self._one(probe.candidate) for probe in probes]
        return [self._tried(job, probes, usual, first_only) for job in jobs]

    def stages(self, jobs: Sequence[MutantJob], candidates: Sequence[Candidate], *, traced: int = 2) -> list[Sighting]:
        """Noticed or not: states are not compared, and count as equal."""
        probes = [Probe(candidate=candidate, facets=tuple(Facet)) for candidate in candidates]
        found = []
        for result, job in zip(self.mutate(jobs, probes), jobs, strict=True):
            stage = Stage.NO_INFECTION if job.probes else Stage.NOT_REACHED
            probe = next(iter(job.probes), None)
            if result.kills:
                stage, probe = Stage.NOTICED, result.kills[0].test
            found.append(Sighting(mutant=job.mutant, stage=stage, probe=probe))
        return found

    def close(self) -> None:
        pass

    def _tried(
        self, job: MutantJob, probes: Sequence[Probe], usual: Sequence[Observation], first_only: bool
    ) -> MutantResult:
        source = _mutated(Path(str(self.module.__file__)).read_text(encoding="utf-8"), job.mutant)
        try:
            code = compile(source, str(self.module.__file__), "exec")
        except SyntaxError:
            return MutantResult(mutant=job.mutant, verdict=Verdict.INCOMPETENT)
        names = vars(self.module)
        before = dict(names)
        kills: list[Kill] = []
        try:
            exec(code, names)
            for number in job.probes:
                self.mutant_runs += 1
                seen = self._one(probes[number].candidate)
                facets = tuple(
                    facet
                    for facet in probes[number].facets
                    if facet_content(seen, facet) != facet_content(usual[number], facet)
                )
                if facets:
                    kills.append(Kill(test=number, facets=facets))
                    if first_only:
                        break
        finally:
            names.clear()
            names.update(before)
        return MutantResult(
            mutant=job.mutant, verdict=Verdict.KILLED if kills else Verdict.SURVIVED, kills=tuple(kills)
        )

    def _one(self, candidate: Candidate) -> Observation:
        self.executions += 1
        space: dict[str, Any] = {}
        arcs: set[Arc] = set()
        out = io.StringIO()
        with _tracing(str(self.module.__file__), arcs), contextlib.redirect_stdout(out):
            try:
                exec("\n".join((*candidate.imports, *candidate.arrange)), space)
            except Exception as problem:
                return Observation(
                    outcome=Outcome.ARRANGE_FAILED, raised=_raised(problem, self.module), arcs=frozenset(arcs)
                )
            try:
                if _is_expression(candidate.act):
                    value = eval(_compiled(candidate.act), space)
                else:
                    exec(candidate.act, space)
                    value = space.get("result")
            except SyntaxError:
                return Observation(outcome=Outcome.INVALID)
            except _Endless:
                return Observation(outcome=Outcome.TIMEOUT, arcs=frozenset(arcs))
            except (Exception, SystemExit) as problem:
                return Observation(
                    outcome=Outcome.RAISED,
                    raised=_raised(problem, self.module),
                    stdout=out.getvalue(),
                    arcs=frozenset(arcs),
                )
        source = repr(value) if isinstance(value, _LITERALS) else None
        name = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        return Observation(
            outcome=Outcome.RETURNED,
            result=Snapshot(type_name=name, source=source),
            stdout=out.getvalue(),
            arcs=frozenset(arcs),
        )


def _mutated(source: str, mutant: Mutant) -> str:
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    start, end = (starts[line - 1] + column for line, column in (mutant.start, mutant.end))
    return source[:start] + mutant.replacement + source[end:]


def _compiled(act: str) -> CodeType:
    return compile(act, "<act>", "eval")


def _is_expression(act: str) -> bool:
    try:
        _compiled(act)
    except SyntaxError:
        return False
    return True


def _raised(problem: BaseException, module: ModuleType) -> Raised:
    frames: list[Frame] = []
    trace: TracebackType | None = problem.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(Frame(function=code.co_name, line=trace.tb_lineno, own=code.co_filename == module.__file__))
        trace = trace.tb_next
    return Raised(type_name=type(problem).__name__, message=str(problem), frames=tuple(frames))


@contextlib.contextmanager
def _tracing(file: str, arcs: set[Arc]) -> Iterator[None]:
    lines = 0

    def tracer(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != file:
            return None
        first = frame.f_code.co_firstlineno
        last = -first

        def local(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal last, lines
            if event == "line":
                lines += 1
                if lines > _MOST_LINES:
                    raise _Endless
                arcs.add((last, frame.f_lineno))
                last = frame.f_lineno
            elif event == "return":
                arcs.add((last, -first))
            return local

        return local

    old = sys.gettrace()
    sys.settrace(tracer)
    try:
        yield
    finally:
        sys.settrace(old)
