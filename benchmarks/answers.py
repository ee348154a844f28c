"""Collects what a local model can learn from, without waiting for a plateau: it is asked about each target of projects
while everything is open, and the judge runs the answers.

In `qeforge generate` the native engine goes first, and most of what a small model would have reached is met by then.
Here nothing goes first, so that a few minutes give enough accepted answers for `qeforge learn bench`. A candidate is
good when it came out the same in three looks and met a goal of its target that no earlier one of the target met.
Examples go into the memory of QEFORGE_DATA_DIR, which has to be set: they are for measuring, not for your own store.
Targets that it knows already are not asked about again.

    QEFORGE_DATA_DIR=runs python benchmarks/answers.py --model qwen.gguf string_utils flutils typesystem
"""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from figures import Figures, keep, parser

from qeforge.analysis.goals import GoalMap
from qeforge.config import Config
from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal
from qeforge.domain.observation import Outcome
from qeforge.domain.provider import Finish, Provider
from qeforge.domain.routing import Engine
from qeforge.domain.target import SkippedModule, SourceModule, Target
from qeforge.execution.judge import ForkJudge, open_judge
from qeforge.learning.data import is_held_out
from qeforge.memory.examples import SqliteExamples
from qeforge.memory.store import NAME, Store
from qeforge.providers.llama import Llama
from qeforge.providers.parsing import parse_answer
from qeforge.providers.prompts import BUDGETS, Aim, prompt_for, usable
from qeforge.providers.proposer import is_valid
from qeforge.providers.taught import example_of
from qeforge.wiring.routing import project_name
from qeforge.wiring.tasks import look_up, task_for

LONGEST = 80  # tokens of an answer
DATA, MODEL = "QEFORGE_DATA_DIR", "QEFORGE_MODEL"


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Asks, judges, keeps, and returns how much there is."""
    options = parser(__doc__)
    options.add_argument("projects", nargs="+", type=Path, help="folders with the code of a project each")
    options.add_argument("--model", type=Path, default=os.environ.get(MODEL), help=f"GGUF file; default: ${MODEL}")
    options.add_argument("--python", type=Path, help="the projects' interpreter")
    options.add_argument("--times", type=int, default=2, help="questions about a target (default: %(default)s)")
    options.add_argument(
        "--budget", type=int, default=BUDGETS[Engine.LOCAL], help="tokens of a question (default: %(default)s)"
    )
    options.add_argument("--threads", type=int, default=0, help="of the model; default: one a core")
    options.add_argument("--limit", type=float, default=180.0, help="seconds a project (default: %(default)s)")
    given = options.parse_args(arguments)
    if given.model is None or not os.environ.get(DATA):
        raise SystemExit(f"needs --model FILE.gguf, and {DATA}=FOLDER")
    store = SqliteExamples(Store(Path(os.environ[DATA]) / NAME))
    figures: Figures = {"model": Path(given.model).stem, "projects": {}}
    threads = given.threads or os.cpu_count() or 1
    with closing(Llama(given.model, threads=lambda: threads)) as model:
        for folder in given.projects:
            row = figures["projects"][project_name(folder)] = collected(
                folder, model, store, python=given.python, times=given.times, limit=given.limit, budget=given.budget
            )
            print(f"{project_name(folder)}: " + ", ".join(f"{value} {key}" for key, value in row.items()), flush=True)
    if store.problem:
        raise SystemExit(store.problem)
    keep(figures, given.out)
    return figures


def collected(
    folder: Path,
    model: Provider,
    store: SqliteExamples,
    *,
    python: Path | None,
    times: int,
    limit: float,
    budget: int,
) -> dict[str, int]:
    """Asks about all targets in a folder, each module's in turn, until time is up."""
    config = Config(python=python)
    found = look_up(config, [folder])
    until = time.monotonic() + limit
    name = project_name(folder)
    known = {one.target for one in store.all(project=name)}
    row = {"targets": 0, "answers": 0, "accepted": 0}
    for module in found.discovery.modules:
        task = task_for(config, found, module, None)
        judge = open_judge(module, task.interpreter, task.judging)
        if isinstance(judge, SkippedModule):
            print(f"{module.name}: {judge.reason}", file=sys.stderr)
            continue
        with judge:
            goals = GoalMap.of(module)
            for target in by_turns(name, [target for target in module.targets if target.id not in known]):
                if time.monotonic() > until:
                    return row
                left = set(goals.goals_of(target.id) - goals.met(judge.import_arcs))
                if not left:
                    continue
                row["targets"] += 1
                kept = asked(target, module, goals, left, judge, model, store, name, times, budget)
                row["answers"] += len(kept)
                row["accepted"] += sum(count > 0 for count in kept)
    return row


def by_turns(project: str, targets: Sequence[Target]) -> list[Target]:
    """One that will be held out after two that will not, as long as there are both, so that a few answers have both."""
    held = [target for target in targets if is_held_out(project, target.id)]
    others = [target for target in targets if not is_held_out(project, target.id)]
    found: list[Target] = []
    while held and others:
        found += [*others[:2], held.pop(0)]
        others = others[2:]
    return [*found, *others, *held]


def asked(
    target: Target,
    module: SourceModule,
    goals: GoalMap,
    left: set[Goal],
    judge: ForkJudge,
    model: Provider,
    store: SqliteExamples,
    project: str,
    times: int,
    budget: int,
) -> list[int]:
    """Good candidates in each answer about a target; `left` loses the goals that they meet."""
    seen_well: list[Candidate] = []
    counts: list[int] = []
    for number in range(times):
        aim = Aim(
            target=target,
            open_lines=frozenset(goal.arc[0] for goal in left),
            examples=usable(seen_well, target),
            seed=number,
        )
        prompt = prompt_for(Engine.LOCAL, module, aim, tokens=model.count_tokens, budget=budget)
        prompt = replace(prompt, max_tokens=LONGEST)
        answer = model.complete(prompt)
        parsed = parse_answer(
            prompt.prefill + answer.text,
            module,
            proposer=answer.model,
            claims=False,
            whole=answer.finish is Finish.STOP,
        )
        own = [one for one in parsed.candidates if one.target == target.id]
        if not own or not left:
            break
        good = set()
        for one, first, others in zip(own, judge.observe(own), judge.confirm(own), strict=True):
            if first.outcome is Outcome.RETURNED and not first.blocked:
                seen_well.append(one)
            met = goals.met(first.arcs) & left
            if met and is_valid(first) and not first.blocked and all(o.outcome is first.outcome for o in others):
                good.add(one.key)
                left -= met
        store.record(example_of(prompt, own, good, at=time.time(), project=project, model=answer.model))
        counts.append(len(good))
    return counts


if __name__ == "__main__":
    main()
