"""What a model's answers are worth when they are run: which candidates are valid, how much of a target they reach."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qeforge.analysis.goals import GoalMap
from qeforge.analysis.project import find_project
from qeforge.config import Config
from qeforge.domain.learning import Example
from qeforge.domain.provider import Finish, Provider
from qeforge.domain.target import SkippedModule
from qeforge.execution.judge import open_judge
from qeforge.learning.data import is_held_out
from qeforge.providers.parsing import parse_answer
from qeforge.providers.prompts import ANSWERS
from qeforge.providers.proposer import is_valid
from qeforge.refinement.task import ModuleTask
from qeforge.wiring.routing import project_name
from qeforge.wiring.tasks import Found, look_up, task_for

MOST = 12
"""Questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Of the answers to so many questions, those whose modules could be imported: candidates in them, those that ran
    without NameError or a wrong signature, goals of the questions' targets, those that the candidates reach."""

    questions: int
    candidates: int
    valid: int
    goals: int
    reached: int

    @property
    def validity(self) -> float:
        """Share of valid candidates."""
        return self.valid / self.candidates if self.candidates else 0.0

    @property
    def reach(self) -> float:
        """Share of goals reached."""
        return self.reached / self.goals if self.goals else 0.0


def total(several: Sequence[Rates]) -> Rates:
    """Of all questions together."""
    return Rates(
        questions=sum(one.questions for one in several),
        candidates=sum(one.candidates for one in several),
        valid=sum(one.valid for one in several),
        goals=sum(one.goals for one in several),
        reached=sum(one.reached for one in several),
    )


class Examination:
    """Puts questions about held-out targets of the project in a folder to models, and runs the answers.

    Args:
        config: the settings.
        folder: of the project.
        examples: where the questions come from, whatever their answers were worth.
    """

    def __init__(self, config: Config, folder: Path, examples: Sequence[Example]) -> None:
        self._config = config
        self._found: Found | None = None
        self.questions: list[Example] = []
        project = project_name(find_project(folder).root)
        latest = {one.target: one for one in examples if one.project == project and is_held_out(project, one.target)}
        if latest:
            self._found = look_up(config, [folder])
            targets = {target.id for module in self._found.discovery.modules for target in module.targets}
            self.questions = [one for name, one in latest.items() if name in targets][-MOST:]

    def hold(self, model: Provider) -> Rates:
        """Asks each question once, the likeliest answer each time."""
        totals = [0, 0, 0, 0, 0]
        if self._found is None:
            return Rates(questions=0, candidates=0, valid=0, goals=0, reached=0)
        for module in self._found.discovery.modules:
            own = {target.id for target in module.targets}
            asked = [one for one in self.questions if one.target in own]
            if asked:
                more = self._of(task_for(self._config, self._found, module, None), asked, model)
                totals = [a + b for a, b in zip(totals, more, strict=True)]
        questions, candidates, valid, goals, reached = totals
        return Rates(questions=questions, candidates=candidates, valid=valid, goals=goals, reached=reached)

    def _of(self, task: ModuleTask, asked: Sequence[Example], model: Provider) -> list[int]:
        module = task.module
        judge = open_judge(module, task.interpreter, task.judging)
        if isinstance(judge, SkippedModule):
            return [0, 0, 0, 0, 0]
        totals = [len(asked), 0, 0, 0, 0]
        with judge:
            goals = GoalMap.of(module)
            imported = goals.met(judge.import_arcs)
            for one in asked:
                prompt = replace(one.prompt, stop=("```", "\n\n\n"), max_tokens=min(ANSWERS.values()))
                answer = model.complete(prompt)
                parsed = parse_answer(
                    prompt.prefill + answer.text,
                    module,
                    proposer=answer.model,
                    claims=False,
                    whole=answer.finish is Finish.STOP,
                )
                seen = judge.run(parsed.candidates)
                wanted = goals.goals_of(one.target) - imported
                met = frozenset(goal for each in seen for goal in goals.met(each.arcs)) & wanted
                totals[1] += len(parsed.candidates) + sum(count for _, count in parsed.dropped)
                totals[2] += sum(map(is_valid, seen))
                totals[3] += len(wanted)
                totals[4] += len(met)
        return totals
