"""Runs the native proposer over a subject and says which of its marked lines were run."""

import re
import sys
from dataclasses import replace
from pathlib import Path

from qeforge.analysis.discovery import discover
from qeforge.analysis.goals import GoalMap
from qeforge.domain.capability import Capability
from qeforge.domain.protocols import Request
from qeforge.engine.proposer import NativeProposer
from qeforge.execution.interpreter import find_interpreter
from qeforge.execution.judge import ForkJudge, JudgeSettings, open_judge

SUBJECTS = Path(__file__).resolve().parents[1] / "subjects"
_MARK = re.compile(r"#\s*behind: (\w+)")
_BATCH = 32


def marks(name: str) -> frozenset[str]:
    """All marks (`# behind: word`) of a subject."""
    return frozenset(_MARK.findall((SUBJECTS / f"{name}.py").read_text()))


def reached(
    name: str,
    *,
    executions: int,
    without: frozenset[Capability] = frozenset(),
    seed: int = 0,
    only: tuple[str, ...] = (),
) -> frozenset[str]:
    """The marks of the lines that were run within so many executions over the whole module, or over the targets of the
    qualnames `only`."""
    interpreter = find_interpreter(Path(sys.executable), Path("/"))
    [module] = discover([SUBJECTS / f"{name}.py"], search_path=interpreter.search_path).modules
    if only:
        module = replace(module, targets=tuple(each for each in module.targets if each.qualname in only))
    places = {
        number: mark[1]
        for number, line in enumerate(module.source.splitlines(), 1)
        if (mark := _MARK.search(line)) is not None
    }
    judge = open_judge(module, interpreter, JudgeSettings(cpu_seconds=0.3, wall_seconds=1.0))
    assert isinstance(judge, ForkJudge), judge
    with judge:
        goals = GoalMap.of(module)
        proposer = NativeProposer(module, judge.facts(), seed=seed, without=without)
        arcs = set(judge.import_arcs)
        done = 0
        while done < executions:
            met = goals.met(arcs)
            aims = goals.frontier(met) or goals.goals - met
            batch = proposer.propose(Request(goals=aims, mutants=(), count=min(_BATCH, executions - done)))
            if not batch:
                break
            seen = judge.run(batch)
            arcs |= {arc for what in seen for arc in what.arcs}
            proposer.learn(list(zip(batch, seen, strict=True)))
            done += len(batch)
    run = {line for arc in arcs for line in arc}
    return frozenset(mark for line, mark in places.items() if line in run)
