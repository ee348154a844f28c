"""Searches for one callable of a subject and says which of its branches were taken."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from qeforge.analysis.discovery import discover
from qeforge.analysis.goals import GoalMap
from qeforge.domain.capability import Capability
from qeforge.domain.goal import Goal, GoalKind
from qeforge.domain.protocols import Request
from qeforge.domain.target import SourceModule
from qeforge.engine.proposer import NativeProposer
from qeforge.execution.interpreter import find_interpreter
from qeforge.execution.judge import ForkJudge, JudgeSettings, open_judge

SUBJECTS = Path(__file__).resolve().parents[1] / "subjects" / "reach"
_BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Of the branches and lines inside one callable, how many there are and which stayed open."""

    goals: int
    missing: tuple[Goal, ...]

    @property
    def fraction(self) -> float:
        """In [0, 1]."""
        return 1 - len(self.missing) / self.goals


@cache
def subject(name: str) -> SourceModule:
    """A module of subjects, as discovery finds it."""
    interpreter = find_interpreter(Path(sys.executable), Path("/"))
    [module] = discover([SUBJECTS / f"{name}.py"], search_path=interpreter.search_path).modules
    return module


@contextmanager
def judging_subject(name: str) -> Iterator[ForkJudge]:
    """A judge of it."""
    interpreter = find_interpreter(Path(sys.executable), Path("/"))
    judge = open_judge(subject(name), interpreter, JudgeSettings(cpu_seconds=0.3, wall_seconds=1.0))
    assert isinstance(judge, ForkJudge), judge
    with judge:
        yield judge


def reach(
    judge: ForkJudge,
    module: SourceModule,
    qualname: str,
    *,
    seed: int,
    executions: int,
    without: frozenset[Capability] = frozenset(),
) -> Reached:
    """What the native proposer reaches of one callable, alone, within so many executions."""
    [target] = [each for each in module.targets if each.qualname == qualname]
    goals = GoalMap.of(module)
    wanted = frozenset(g for g in goals.goals_of(target.id) if g.kind is GoalKind.BRANCH)
    proposer = NativeProposer(replace(module, targets=(target,)), judge.facts(), seed=seed, without=without)
    arcs = set(judge.import_arcs)
    done = 0
    while done < executions:
        met = goals.met(arcs)
        if not wanted - met:
            break
        aims = goals.frontier(met) & goals.goals_of(target.id)
        batch = proposer.propose(Request(goals=aims or wanted - met, mutants=(), count=min(_BATCH, executions - done)))
        if not batch:
            break
        seen = judge.run(batch)
        gained = [each for each, what in zip(batch, seen, strict=True) if what.arcs - arcs]
        for what in seen:
            arcs |= what.arcs
        proposer.learn(list(zip(batch, seen, strict=True)))
        done += len(batch)
        if Capability.OPERANDS not in without:
            again = [each for each in proposer.curious(list(zip(batch, seen, strict=True))) if each not in gained]
            looked = judge.run([*gained, *again], capture=True) if gained or again else []
            proposer.learn(list(zip([*gained, *again], looked, strict=True)))
            done += len(again)
    missing = sorted(wanted - goals.met(arcs), key=lambda goal: goal.arc)
    return Reached(goals=len(wanted), missing=tuple(missing))
