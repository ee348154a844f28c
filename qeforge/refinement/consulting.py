"""Models as advisers of one module's loop."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from qeforge.analysis.features import shape_of
from qeforge.analysis.goals import GoalMap
from qeforge.codegen.scenarios import fits
from qeforge.domain.ledger import Past
from qeforge.domain.mutant import Mutant
from qeforge.domain.protocols import Request
from qeforge.domain.routing import Engine, Features
from qeforge.domain.target import SourceModule, Target
from qeforge.domain.testcase import TestCase
from qeforge.domain.trajectory import Stop
from qeforge.errors import ProviderError
from qeforge.providers.proposer import Look, ModelProposer
from qeforge.refinement.loop import Refined
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
    """The advisers of one module: one behind which all models stand, or none. Where questions are only collected nobody
    advises the loop; they are written when it is over.

    Args:
        task: says whether models may be asked, and how they are reached.
        module: with the targets that are worked on.
        goals: what there is to reach.
    """

    def __init__(self, task: ModuleTask, module: SourceModule, goals: GoalMap) -> None:
        self.advisers: list[ModelProposer] = []
        self._writer: ModelProposer | None = None
        self._goals = goals
        self._seconds = task.seconds
        self._trouble: list[str] = []
        if task.consulting is None:
            return
        try:
            models = task.consulting.line.connect()
        except (OSError, EOFError, ProviderError) as problem:
            self._trouble.append(f"models could not be asked: {problem}")
            return
        look = Look(features=features_for(module, goals, task.consulting.past, seconds=task.seconds), met=goals.met)
        proposer = ModelProposer(
            module,
            models,
            task.consulting.router,
            look,
            project=task.consulting.project,
            seed=task.seed,
            lends=task.consulting.lends,
        )
        if task.consulting.later:
            self._writer = proposer
        else:
            self.advisers.append(proposer)

    def write(self, refined: Refined, mutants: Iterable[Mutant]) -> None:
        """Writes the questions about what a whole run left open, where they are to be collected.

        Args:
            refined: the end of the run.
            mutants: all of the module.
        """
        if self._writer is None or refined.stop is Stop.INTERRUPTED:
            return
        alive = set(refined.alive) - {mutant.id for mutant, _ in refined.equivalent}
        self._writer.learn([(case.candidate, case.observation) for case in refined.cases])
        self._writer.propose(
            Request(
                goals=self._goals.goals - refined.reached,
                mutants=tuple(mutant for mutant in mutants if mutant.id in alive),
                count=0,
                seconds=self._seconds,
            )
        )

    def settle(self, kills: Mapping[str, Collection[str]]) -> None:
        """Says of each answer what it brought; `kills` as `ModelProposer.settle` wants them."""
        for adviser in self.advisers:
            adviser.settle(kills)

    def described(self, cases: Iterable[TestCase]) -> tuple[TestCase, ...]:
        """The cases, with the words in which a model says what their input shows, where nothing contradicts them."""
        told = {key: words for adviser in self.advisers for key, words in adviser.scenarios.items()}
        words = ((case, told.get(case.candidate.key, "")) for case in cases)
        return tuple(replace(case, scenario=said) if said and fits(case, said) else case for case, said in words)

    def teach(self, cases: Sequence[TestCase]) -> None:
        """Tells the models what proved good; what cannot be told is lost."""
        for one in self.advisers:
            try:
                one.teach(cases)
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
