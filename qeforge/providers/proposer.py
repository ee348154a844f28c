"""The proposer behind which models stand: one question for one target at a time, and an account of what it brought."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random

from qeforge.domain.candidate import Candidate
from qeforge.domain.goal import Goal
from qeforge.domain.mutant import Mutant
from qeforge.domain.observation import Arc, Observation, Outcome
from qeforge.domain.protocols import Request
from qeforge.domain.provider import Finish, Prompt
from qeforge.domain.routing import About, Decision, Engine, Features, Models, Router
from qeforge.domain.target import SourceModule, Target
from qeforge.domain.testcase import TestCase
from qeforge.errors import ProviderError
from qeforge.providers.mailbox import LATER
from qeforge.providers.parsing import AGAIN, parse_answer
from qeforge.providers.prompts import Aim, prompt_for, purposes_of, usable
from qeforge.providers.taught import example_of

MOST_ASKED = {Engine.LOCAL: 6, Engine.CLOUD: 2}
"""Questions about one target to one model; those that cost money are few."""

MOST_IN_VAIN = 2
"""The same in a row that brought nothing."""

_LEAST_SECONDS = 1.0
"""Below this there is no time for an answer."""

_SHOWN = 12
"""Examples that are remembered of each target."""


@dataclass(slots=True, kw_only=True)
class _Account:
    """What became of one answer of `engine` about `target` so far, `call` in the ledger: `keys` of its candidates that
    nobody had offered before, and those of them that are `waiting` for the judge."""

    call: int
    engine: Engine
    target: str
    candidates: int
    keys: frozenset[str]
    waiting: set[str]
    valid: int = 0
    goals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a local model answered: new candidates for the question's target, and its name."""

    prompt: Prompt
    candidates: tuple[Candidate, ...]
    model: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the proposer sees the module: facts of each target before anything ran, so that all of its goals are open,
    with outcomes of earlier runs; and which goals a run's arcs meet."""

    features: Callable[[Target], Features]
    met: Callable[[frozenset[Arc]], frozenset[Goal]]


@dataclass(slots=True, kw_only=True)
class Spent:
    """What asking took: questions that were answered, tokens in and out, USD as far as prices are known."""

    answers: int = 0
    tokens: int = 0
    usd: float = 0.0


@dataclass(slots=True, kw_only=True)
class _Asked:
    """How often each engine was asked about a target, how many of its last answers brought nothing, how many brought
    something, and the conditions that they were about."""

    times: Counter[Engine] = field(default_factory=Counter)
    in_vain: Counter[Engine] = field(default_factory=Counter)
    gained: Counter[Engine] = field(default_factory=Counter)
    passed: set[str] = field(default_factory=set)

    def may_be(self, engine: Engine) -> bool:
        """Whether one more question may be asked."""
        return self.times[engine] < MOST_ASKED[engine] and self.in_vain[engine] < MOST_IN_VAIN


class ModelProposer:
    """Asks models about what the native engine left open.

    Each `propose` asks about one target, the one where most is open among those for which the router names a model;
    it offers nothing when there is none, or when the models cannot be asked. What it offers next depends on the
    answers alone, not on the time they took.

    `scenarios` are the words in which answers say what the input of a candidate shows, by its key.

    Args:
        module: the module.
        models: of this run.
        router: decides on each target.
        look: facts about the module.
        project: name of the project, for the ledger.
        seed: of second questions.
        lends: how others call a target may be shown to a cloud; where files are never to be sent it may not, because
            values in a call may come from one of them.
    """

    name = "models"

    def __init__(
        self,
        module: SourceModule,
        models: Models,
        router: Router,
        look: Look,
        *,
        project: str,
        seed: int,
        lends: bool = True,
    ) -> None:
        self._module = module
        self._models = models
        self._lends = lends
        self._router = router
        self._look = look
        self._project = project
        self._random = Random(f"{seed}:{module.name}:models")
        self._targets = {target.id: target for target in module.targets}
        self._asked: dict[str, _Asked] = {}
        self._known: dict[str, list[Candidate]] = {}
        self._accounts: list[_Account] = []
        self._open: frozenset[Goal] = frozenset()
        self._offered: set[str] = set()
        self._said: list[_Said] = []
        self.spent = Spent()
        self.problems: list[str] = []
        self.scenarios: dict[str, str] = {}
        self.decisions: dict[str, Decision] = {}

    def propose(self, request: Request) -> list[Candidate]:
        """The candidates of one answer; none when no model is to be asked any more."""
        self._open = request.goals
        for account in self._accounts:
            self._close(account)
        left = request.seconds
        while left >= _LEAST_SECONDS and (chosen := self._next(request, left)) is not None:
            target, decision, features = chosen
            asked = self._asked.setdefault(target.id, _Asked())
            asked.times[decision.engine] += 1
            asked.in_vain[decision.engine] += 1
            found, spent = self._answer(target, decision, features, request, left)
            if found:
                return found
            left -= spent
        return []

    def learn(self, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        """Remembers what ran as an example for later questions, and what each answer brought."""
        for candidate, seen in observed:
            if seen.outcome is Outcome.RETURNED and not seen.blocked:
                known = self._known.setdefault(candidate.target, [])
                if len(known) < _SHOWN and candidate not in known:
                    known.append(candidate)
        for account in self._accounts:
            if account.waiting:
                self._credit(account, observed)

    def settle(self, kills: Mapping[str, Collection[str]]) -> None:
        """The last word on every answer, whatever cut the run short.

        Args:
            kills: by the key of a candidate that became a case, the mutants that it was the first to notice.
        """
        for account in self._accounts:
            self._close(account)
            noticed = {mutant for key in account.keys for mutant in kills.get(key, ())}
            if noticed:
                self._record(account, mutants=len(noticed))

    # -- what answers brought -----------------------------------------------------------------------------------

    def _credit(self, account: _Account, observed: Sequence[tuple[Candidate, Observation]]) -> None:
        for candidate, seen in observed:
            if candidate.key not in account.waiting:
                continue
            account.waiting.discard(candidate.key)
            account.valid += is_valid(seen)
            new = self._look.met(seen.arcs) & self._open
            if new:
                asked = self._asked[account.target]
                asked.gained[account.engine] += account.goals == 0
                asked.in_vain[account.engine] = 0
            account.goals += len(new)
            self._open -= new
        if not account.waiting:
            self._record(account)

    def _close(self, account: _Account) -> None:
        """What the clock kept from running is not waited for any longer."""
        if account.waiting:
            account.waiting.clear()
            self._record(account)

    def _record(self, account: _Account, *, mutants: int = 0) -> None:
        with suppress(ProviderError):  # whoever keeps the ledger is gone: that costs the account and nothing else
            self._models.gained(
                account.call,
                candidates=account.candidates,
                valid=account.valid,
                goals=account.goals,
                mutants=mutants,
            )

    def teach(self, cases: Sequence[TestCase]) -> None:
        """Keeps what local models answered as examples to learn from, judged by what came of it.

        Args:
            cases: all that were confirmed in the run, with the goals and mutants that each is good for.
        """
        good = {case.candidate.key for case in cases if case.goals or case.mutants}
        for said in self._said:
            example = example_of(
                said.prompt, said.candidates, good, at=said.at, project=self._project, model=said.model
            )
            self._models.teach(example)
        self._said.clear()

    # -- choosing -----------------------------------------------------------------------------------------------

    def _next(self, request: Request, seconds: float) -> tuple[Target, Decision, Features] | None:
        lines, mutants = _lines_by_target(request.goals), _mutants_by_target(request.mutants, self._targets)
        waiting = sorted(
            (name for name in {*lines, *mutants} if name in self._targets),
            key=lambda name: (-len(lines.get(name, ())), -len(mutants.get(name, ())), name),
        )
        left = Counter(_asked_at(goal.target) for goal in request.goals if goal.target is not None)
        engines = self._models.available()
        for name in waiting:
            target = self._targets[name]
            asked = self._asked.get(name, _Asked())
            every = self._look.features(target)
            inside = (one for one in self._targets.values() if one.id != name and _asked_at(one.id) == name)
            goals = every.open_goals + sum(self._look.features(one).open_goals for one in inside)
            features = replace(
                every,
                open_goals=left[name],
                open_mutants=len(mutants.get(name, ())),
                reached=1 - left[name] / goals if goals else every.reached,
                seconds=seconds,
                tried=every.tried + asked.times[Engine.LOCAL],
                met=every.met + asked.gained[Engine.LOCAL],
            )
            decision = self._router.decide(features)
            self.decisions[name] = decision
            if decision.engine in engines and asked.may_be(decision.engine):
                return target, decision, features
        return None

    def _answer(
        self, target: Target, decision: Decision, features: Features, request: Request, seconds: float
    ) -> tuple[list[Candidate], float]:
        """New candidates of one answer, and the seconds that it took."""
        engine = decision.engine
        lines = _lines_by_target(request.goals).get(target.id, frozenset())
        mutants = _mutants_by_target(request.mutants, self._targets).get(target.id, ())
        asked = self._asked[target.id]
        again = asked.in_vain[engine] > 1
        # What was tried leads a small model to more of the same; whether that helps is known after the first answer.
        shown = not again if engine is Engine.LOCAL else self._lends
        aim = Aim(
            target=target,
            open_lines=lines,
            mutants=tuple(mutants),
            examples=usable(self._known.get(target.id, ()), target) if shown else (),
            passed=frozenset(asked.passed),
            seed=self._random.randrange(1, 1 << 30) if again else 0,
        )
        asked.passed |= set(purposes_of(self._module, aim))
        prompt = prompt_for(engine, self._module, aim, tokens=lambda text: self._models.count_tokens(engine, text))
        about = About(
            project=self._project,
            module=self._module.name,
            target=target.id,
            path=str(self._module.path),
            features=features,
            confidence=decision.confidence,
        )
        try:
            answer = self._models.ask(engine, prompt, about, seconds=seconds, again=again)
        except ProviderError as problem:
            if problem.slug != LATER and problem.message not in self.problems:
                self.problems.append(problem.message)
            asked.times[engine] = MOST_ASKED[engine]
            return [], 0.0
        completion = answer.completion
        self.spent.answers += 1
        self.spent.tokens += completion.usage.input + completion.usage.output
        self.spent.usd += answer.usd or 0.0
        parsed = parse_answer(
            prompt.prefill + completion.text,
            self._module,
            proposer=completion.model,
            claims=engine is Engine.CLOUD,
            named=engine is Engine.CLOUD,
            whole=completion.finish is Finish.STOP,
        )
        fresh = [one for one in parsed.candidates if one.key not in self._offered]
        self._offered |= {one.key for one in fresh}
        self.scenarios |= {one.key: parsed.scenarios[one.key] for one in fresh if one.key in parsed.scenarios}
        keys = frozenset(one.key for one in fresh)
        account = _Account(
            call=answer.call,
            engine=engine,
            target=target.id,
            candidates=len(fresh) + sum(count for why, count in parsed.dropped if why != AGAIN),
            keys=keys,
            waiting=set(keys),
        )
        self._accounts.append(account)
        if not fresh:
            self._record(account)
        own = tuple(one for one in fresh if one.target == target.id)
        if own and engine is Engine.LOCAL:
            self._said.append(_Said(prompt=prompt, candidates=own, model=completion.model, at=time.time()))
        return fresh, completion.seconds


def _lines_by_target(goals: frozenset[Goal]) -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for goal in goals:
        if goal.target is not None:
            found.setdefault(_asked_at(goal.target), set()).add(goal.arc[0])
    return {name: frozenset(lines) for name, lines in found.items()}


def _mutants_by_target(mutants: Sequence[Mutant], targets: Mapping[str, Target]) -> Mapping[str, list[Mutant]]:
    """Each mutant goes to the innermost target around it that can be called."""
    found: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        around = [target for target in targets.values() if mutant.line in target.span]
        if around:
            inner = min(around, key=lambda target: (target.span.end_line - target.span.line, target.id))
            found.setdefault(_asked_at(inner.id), []).append(mutant)
    return found


def _asked_at(target: str) -> str:
    """What is asked about for what is open in a target: a function inside another is only reached through that one."""
    return target.partition(".<locals>")[0]


def is_valid(seen: Observation) -> bool:
    """Whether a candidate ran at all, that is without NameError and with a signature that fits."""
    if seen.outcome is Outcome.INVALID:
        return False
    raised = seen.raised
    if raised is None:
        return seen.outcome in (Outcome.RETURNED, Outcome.RAISED)
    if raised.type_name.rpartition(".")[2] == "NameError":
        return False
    return not ("TypeError" in raised.type_name and "argument" in raised.message and "()" in raised.message)
