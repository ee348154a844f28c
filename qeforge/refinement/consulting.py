"""Models as advisers of one module's loop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qeforge.analysis.features import shape_of
from qeforge.analysis.goals import GoalMap
from qeforge.domain.ledger import Past
from qeforge.domain.routing import Engine, Features
from qeforge.domain.target import SourceModule, Target
from qeforge.domain.testcase import TestCase
from qeforge.errors import ProviderError
from qeforge.providers.proposer import Look, ModelProposer
from qeforge.refinement.task import ModuleTask
from qeforge.routing.past import past_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Consulted:
    """What asking models came to: names of the engines, tokens in and out, USD as far as prices are known, and what
    went wrong, in one line each."""

    engines: tuple[str, ...] = ()
    tokens: int = 0
    usd: float = 0.0
    problems: tuple[str, ...] = ()


class Advice:
    """The advisers of one module: one behind which all models stand, or none.

    Args:
        task: says whether models may be asked, and how they are reached.
        module: with the targets that are worked on.
        goals: what there is to reach.
    """

    def __init__(self, task: ModuleTask, module: SourceModule, goals: GoalMap) -> None:
        self.advisers: list[ModelProposer] = []
        self._trouble: list[str] = []
        if task.consulting is None:
            return
        try:
            models = task.consulting.line.connect()
        except (OSError, EOFError, ProviderError) as problem:
            self._trouble.append(f"models could not be asked: {problem}")
            return
        look = Look(features=features_for(module, goals, task.consulting.past, seconds=task.seconds), met=goals.met)
        self.advisers.append(
            ModelProposer(module, models, task.consulting.router, look, project=task.consulting.project, seed=task.seed)
        )

    def settle(self, cases: Sequence[TestCase]) -> None:
        """Tells the models what proved good; what cannot be told is lost."""
        for one in self.advisers:
            try:
                one.settle(cases)
            except ProviderError as problem:
                self._trouble.append(f"no example was kept: {problem.message}")

    def consulted(self) -> Consulted:
        """What came of it."""
        asked = [one for one in self.advisers if one.spent.answers]
        engines = {decision.engine for one in asked for decision in one.decisions.values()} - {Engine.NATIVE}
        return Consulted(
            engines=tuple(sorted(engines)),
            tokens=sum(one.spent.tokens for one in self.advisers),
            usd=sum(one.spent.usd for one in self.advisers),
            problems=(*self._trouble, *(text for one in self.advisers for text in one.problems)),
        )


def features_for(
    module: SourceModule, goals: GoalMap, past: Mapping[str, Past], *, seconds: float
) -> Callable[[Target], Features]:
    """What is known of each target before anything ran: all of its goals count as open.

    Args:
        module: the targets' module.
        goals: what there is to reach in it.
        past: what earlier questions came to, by target (`SqliteLedger.outcomes`).
        seconds: there are for the module.
    """

    def features(target: Target) -> Features:
        shape, earlier = shape_of(module, target), past_of(target.id, past)
        return Features(
            target=target.id,
            lines=shape.lines,
            cyclomatic=shape.cyclomatic,
            cognitive=shape.cognitive,
            imports=shape.imports,
            effects=shape.effects,
            typed=shape.typed,
            open_goals=len(goals.goals_of(target.id)),
            open_mutants=0,
            reached=0.0,
            seconds=seconds,
            tried=earlier.tried,
            met=earlier.met,
        )

    return features
