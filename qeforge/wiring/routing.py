"""Who may be asked in a run, and where its targets would go: settings, surroundings and the ledger put together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qeforge.analysis.goals import GoalMap
from qeforge.config import Config, data_dir
from qeforge.domain.ledger import Past
from qeforge.domain.provider import Usage
from qeforge.domain.routing import Engine, Planned, RoutePlan
from qeforge.errors import ProviderError
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import StoreError
from qeforge.providers.key import VARIABLE
from qeforge.providers.prices import cost
from qeforge.providers.prompts import BUDGETS
from qeforge.providers.redaction import Redactor
from qeforge.providers.server import place_of
from qeforge.providers.store import ModelStore
from qeforge.refinement.consulting import features_for
from qeforge.refinement.task import ModuleTask
from qeforge.routing.confidence import fitted
from qeforge.routing.policy import Cost, Policy

MODELS = "models"
"""Folder of models on disk, in the user's data folder."""
SECONDS = {Engine.LOCAL: 8.0, Engine.CLOUD: 5.0}
OUTPUT = {Engine.LOCAL: 100, Engine.CLOUD: 400}
"""What an answer takes, in seconds and tokens, until the ledger knows better."""

_AROUND, _CHARACTERS = 500, 3.5
"""Tokens of a question besides the target's own code, about, and characters in a token of code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """Models that may be asked: their names, and why an engine has none."""

    names: Mapping[Engine, str]
    missing: tuple[str, ...]


def set_up(config: Config, environ: Mapping[str, str]) -> SetUp:
    """Who is there to be asked. Nothing is opened, and nobody outside is asked.

    Args:
        config: the settings.
        environ: the environment as it was before the key was taken out of it.
    """
    names: dict[Engine, str] = {}
    missing: list[str] = []
    for engine, find in ((Engine.LOCAL, _local), (Engine.CLOUD, _cloud)):
        name, why = find(config, environ)
        if name:
            names[engine] = name
        else:
            missing.append(f"{engine}: {why}")
    return SetUp(names=names, missing=tuple(missing))


def models_set_up(config: Config, environ: Mapping[str, str], ledger: SqliteLedger | None = None) -> dict[Engine, Cost]:
    """What an answer of each model that is set up takes: as the latest ones did, where the ledger has any.

    Raises:
        StoreError: the ledger cannot be read.
    """
    found = {}
    for engine in set_up(config, environ).names:
        typical = ledger.typical(engine) if ledger is not None and config.replay is None else None
        seconds = typical.seconds if typical else _usual_seconds(engine, config, environ)
        output = typical.output if typical else OUTPUT[engine]
        paid = _paid(config, Usage(input=BUDGETS[engine], output=output)) if engine is Engine.CLOUD else 0.0
        found[engine] = Cost(seconds=seconds, usd=paid)
    return found


def _paid(config: Config, usage: Usage) -> float | None:
    """USD of a usage with the cloud model, as this run asks it."""
    return cost(config.cloud_model, usage, batch=config.batch)


def policy_for(config: Config, models: Mapping[Engine, Cost]) -> Policy:
    """The router of a run, as the settings want it."""
    asked = Engine.CLOUD if config.force_cloud else None if config.engine == "auto" else Engine(config.engine)
    return Policy(
        engine=asked,
        models=models,
        model=fitted(),
        gate=config.routing_gate,
        local_share=config.routing_local_share,
    )


def project_name(root: Path) -> str:
    """What a project is called in the ledger: the name of its folder."""
    return root.resolve().name


def plan(
    config: Config,
    tasks: Sequence[ModuleTask],
    *,
    environ: Mapping[str, str],
    ledger: SqliteLedger,
    covered: Callable[[ModuleTask], Mapping[str, float]] | None,
) -> RoutePlan:
    """Where every target of the tasks would go if it were left as it is.

    Args:
        config: the settings.
        tasks: the modules.
        environ: the environment, for the key.
        ledger: of past outcomes; one that cannot be read is told in a note.
        covered: share of its goals that tests reach, by target; None when that is not to be found out.
    """
    there = set_up(config, environ)
    notes: list[str] = []
    try:
        models = models_set_up(config, environ, ledger)
        outcomes = {task.module.name: ledger.outcomes(project_name(task.root), task.module.name) for task in tasks}
    except StoreError as problem:
        notes.append(f"without what earlier runs tell: {problem.message}")
        models, outcomes = models_set_up(config, environ), {}
    rows: list[Planned] = []
    for task in tasks:
        mine = models
        refused = _refused(config, task) if Engine.CLOUD in models else None
        if refused is not None:
            mine = {engine: each for engine, each in models.items() if engine is not Engine.CLOUD}
            notes.append(f"{task.module.name} is not sent to the cloud: {refused}")
        shares = covered(task) if covered is not None else {}
        rows += _rows(config, task, mine, outcomes.get(task.module.name, {}), shares)
    notes += _limits(config, rows)
    return RoutePlan(
        rows=tuple(rows), models=there.names, missing=there.missing, measured=covered is not None, notes=tuple(notes)
    )


def _rows(
    config: Config,
    task: ModuleTask,
    models: Mapping[Engine, Cost],
    past: Mapping[str, Past],
    shares: Mapping[str, float],
) -> Iterator[Planned]:
    module = task.module
    policy = policy_for(config, models)
    known = features_for(module, GoalMap.of(module), past, seconds=config.max_time)
    lines = module.source.splitlines()
    for target in module.targets:
        if task.wanted is not None and target.id not in task.wanted:
            continue
        every = known(target)
        reached = shares.get(target.id, 0.0)
        features = replace(every, reached=reached, open_goals=round(every.open_goals * (1 - reached)))
        code = "\n".join(lines[target.span.line - 1 : target.span.end_line])
        here = replace(policy, models=_priced(config, models, code))
        yield Planned(path=module.path, features=features, decision=here.decide(features))


def _priced(config: Config, models: Mapping[Engine, Cost], code: str) -> dict[Engine, Cost]:
    """The models with the price of a question about this code, where one has a price."""
    usual = models.get(Engine.CLOUD)
    whole = _paid(config, Usage(input=BUDGETS[Engine.CLOUD]))
    if usual is None or usual.usd is None or whole is None:
        return dict(models)
    tokens = min(BUDGETS[Engine.CLOUD], _AROUND + int(len(code) / _CHARACTERS))
    asked = _paid(config, Usage(input=tokens)) or 0.0
    return {**models, Engine.CLOUD: replace(usual, usd=usual.usd - whole + asked)}


def _refused(config: Config, task: ModuleTask) -> str | None:
    gate = Redactor(task.root, never_send=config.privacy_never_send, scanner=lambda line: ())
    return gate.refused(task.module.path)


def _limits(config: Config, rows: Sequence[Planned]) -> Iterator[str]:
    """What the run's limits would cut, and how it would ask."""
    if config.batch:
        yield (
            "--batch: after the native suites are written, all questions go to the cloud at once, at half the price; "
            f"answers are waited for as long as --max-time ({config.max_time:g} s) gives the modules together"
        )
    seconds: dict[str, float] = {}
    for row in rows:
        module = row.features.target.partition(":")[0]
        seconds[module] = seconds.get(module, 0.0) + row.decision.seconds
    over = [name for name, needed in seconds.items() if needed > config.max_time and not config.batch]
    if over:
        some = ", ".join(over[:3]) + (f" and {len(over) - 3} more" if len(over) > 3 else "")
        yield f"--max-time ({config.max_time:g} s a module) is too short to ask about every target of {some}"
    total = sum(row.decision.usd or 0.0 for row in rows)
    if total > config.max_cost:
        yield f"--max-cost (${config.max_cost:g} a run) is reached before every target was asked about"


def _local(config: Config, environ: Mapping[str, str]) -> tuple[str, str]:
    """Name of the local model, or else why there is none."""
    if config.replay is not None:
        return str(config.replay), ""
    if config.local_url:
        try:
            place_of(config.local_url, allow_private=config.local_allow_private and not config.local_only)
        except ProviderError as problem:
            return "", problem.message
        return config.local_url, ""
    try:
        path = _store(environ).path_of(config.local_model)
    except ProviderError as problem:
        return "", problem.message
    return config.local_model or path.name, ""


def _store(environ: Mapping[str, str]) -> ModelStore:
    return ModelStore(data_dir(environ) / MODELS)


def _usual_seconds(engine: Engine, config: Config, environ: Mapping[str, str]) -> float:
    """Wall time of an answer before there was one: by the measured speed of the local model, where it was measured."""
    if config.replay is not None:
        return 0.0
    if engine is Engine.LOCAL and not config.local_url:
        store = _store(environ)
        stored = store.shelf().models.get(config.local_model or store.chosen())
        if stored is not None and stored.speed is not None:
            return BUDGETS[engine] / stored.speed.question + OUTPUT[engine] / stored.speed.answer
    return SECONDS[engine]


def _cloud(config: Config, environ: Mapping[str, str]) -> tuple[str, str]:
    """Name of the cloud model, or else why it may not be asked."""
    if config.local_only:
        return "", f"privacy is local-only ({config.origins.get('privacy', 'default')})"
    if not environ.get(VARIABLE, "").strip():
        return "", f"{VARIABLE} is not set"
    return config.cloud_model, ""
