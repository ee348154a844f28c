"""The models of a run: which may be asked, and what stands between them and whoever asks."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from qeforge.config import Config, data_dir
from qeforge.config.files import config_files_below
from qeforge.config.loading import privacy_in, privacy_of
from qeforge.domain.ledger import Past
from qeforge.domain.provider import Description, Place, Prompt, Usage
from qeforge.domain.routing import Engine
from qeforge.errors import ConfigError, ProviderError
from qeforge.memory.examples import SqliteExamples
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.store import NAME, Store, StoreError
from qeforge.providers.cloud import Cloud
from qeforge.providers.consent import obtain
from qeforge.providers.gguf import read_header
from qeforge.providers.host import Host, Source, Sums
from qeforge.providers.key import Key
from qeforge.providers.llama import Llama, offloads
from qeforge.providers.messages import worst
from qeforge.providers.prices import cost
from qeforge.providers.redaction import Redactor, secrets_of
from qeforge.providers.remote import served
from qeforge.providers.server import Server, place_of
from qeforge.providers.store import ModelStore
from qeforge.refinement.task import Consulting, ModuleTask
from qeforge.routing.breaker import Breaker
from qeforge.routing.budget import Budget
from qeforge.wiring.costs import ledger_in
from qeforge.wiring.learning import learned_by
from qeforge.wiring.recordings import Unwritten, recorded, replayed
from qeforge.wiring.routing import MODELS, models_set_up, policy_for, project_name, set_up

Ask = Callable[[str], bool]
"""Puts a question to the person at the terminal."""
Show = Callable[[Description, Prompt], None]
"""Is told each prompt that is sent, and to whom."""

_CONTEXT = 8192
_AT_ONCE = 4
"""Questions to the cloud at the same time."""


@dataclass(slots=True, kw_only=True)
class Consultation:
    """What came of a run's models: `notes` for the summary; `unavailable` what was asked for by name and not had."""

    tasks: Sequence[ModuleTask]
    notes: list[str] = field(default_factory=list)
    unavailable: list[ProviderError] = field(default_factory=list)


@contextmanager
def consulting(
    config: Config,
    tasks: Sequence[ModuleTask],
    *,
    root: Path,
    jobs: int,
    environ: Mapping[str, str],
    ask: Ask | None,
    show: Show | None,
) -> Iterator[Consultation]:
    """The tasks with a way to the models that may be asked about them, for as long as the block lasts.

    A model that cannot be had costs nothing but what it would have brought: the run goes on without it, and says so.

    Args:
        config: the settings.
        tasks: the work.
        root: of the project.
        jobs: modules worked on at the same time, whose judges need cores, too.
        environ: the environment as it was before secrets were taken out of it.
        ask: asks before code is sent for the first time; None where nobody can answer.
        show: for `--show-prompts`.
    """
    wanted = _wanted(config)
    told = Consultation(tasks=tasks)
    if not wanted or not tasks:
        yield told
        return
    sources = dict(sources_for(config, wanted, told, root=root, jobs=jobs, environ=environ, ask=ask))
    if not sources:
        yield told
        return
    ledger = ledger_in(environ)
    asked = config.replay is None
    learns = asked and config.memory_enabled
    examples = SqliteExamples(Store(data_dir(environ) / NAME)) if learns else None
    host = Host(
        sources,
        ledger=ledger if asked else Unwritten(),
        purse=Budget(config.max_cost),
        examples=examples,
        show=show,
    )
    with served(host) as address:
        past = _Past(ledger, told)
        costs = models_set_up(config, environ, past.ledger)
        router = policy_for(config, {engine: costs[engine] for engine in sources if engine in costs})
        described = [(engine, source.description) for engine, source in sources.items()]
        plain = Consulting(
            line=address,
            router=router,
            project=project_name(root),
            lends=lends(config, root),
            identity=(
                *(f"{engine}: {about.model}, {about.detail}" for engine, about in described),
                f"gate {config.routing_gate}, share {config.routing_local_share}, escalation {config.cloud_escalation}",
            ),
        )
        told.tasks = [
            replace(task, consulting=replace(plain, past=past.of(plain.project, task.module.name))) for task in tasks
        ]
        yield told
        told.notes += account_of(host.sums) if asked else _given_again(config, host.sums)
        told.notes += (line for source in sources.values() for line in without_limit(source, source.stronger))
        told.notes += withheld_by(sources.values())
        problems = (ledger.problem, examples.problem if examples is not None else "")
        told.notes += [problem for problem in problems if problem]
        for engine, problem in host.failures.items():
            if engine not in wanted or engine in host.sums:
                continue
            if problem.slug == "no-time":  # the model is there; it is --max-time that was too short
                told.notes.append(f"{problem.message}; {problem.hint}")
            elif config.force_cloud or config.engine != "auto":
                told.unavailable.append(problem)


def lends(config: Config, root: Path) -> bool:
    """Whether how others call a target may be shown to a cloud: nowhere in the project is a file that is never sent,
    whose values a call might hold."""
    try:
        own = privacy_of(root)
        below = [privacy_in(file) for file in config_files_below(root)]
    except ConfigError:
        return False
    projects = [*below, *([own] if own is not None else [])]
    return not config.privacy_never_send and not any(one.local_only or one.never_send for one in projects)


def account_of(answered: Mapping[Engine, Sums]) -> Iterator[str]:
    """A line for each engine that answered."""
    for engine, sums in sorted(answered.items()):
        times = "once" if sums.answers == 1 else f"{sums.answers} times"
        paid = "a price that is not known" if sums.usd is None else f"${sums.usd:.4f}"
        cost = f", {paid}" if engine is Engine.CLOUD else ""
        yield f"{sums.model} ({engine}) answered {times}: {sums.tokens} tokens, {sums.seconds:.0f} s{cost}"


def _given_again(config: Config, answered: Mapping[Engine, Sums]) -> Iterator[str]:
    """The line about recorded answers."""
    for sums in answered.values():
        times = "once" if sums.answers == 1 else f"{sums.answers} times"
        yield f"{config.replay}: a recorded answer of {sums.model} was given {times}; no model was asked"


def without_limit(*sources: Source | None) -> Iterator[str]:
    """A line for each model that --max-cost cannot limit."""
    for source in sources:
        if source is not None and source.price(Usage()) is None:
            name = source.description.model
            yield f"{name}: its price is not known; --max-cost does not limit it"


def withheld_by(sources: Iterable[Source]) -> Iterator[str]:
    """A line for each file whose secrets were replaced before anything of it was sent."""
    kinds: dict[str, dict[str, None]] = {}
    for source in sources:
        for one in source.withheld():
            if one.what == "secret":  # a file that is refused is told as the question that was not asked
                kinds.setdefault(one.path, {})[one.why] = None
    for path, found in sorted(kinds.items()):
        yield f"secrets replaced in what was sent about {path}: {', '.join(found)}"


class _Past:
    """What the ledger tells of earlier runs; a broken one tells nothing, and that is said."""

    def __init__(self, ledger: SqliteLedger, told: Consultation) -> None:
        self.ledger: SqliteLedger | None = ledger
        try:
            ledger.outcomes("", "")
        except StoreError as problem:
            told.notes.append(f"without what earlier runs tell: {problem.message}")
            self.ledger = None

    def of(self, project: str, module: str) -> Mapping[str, Past]:
        return self.ledger.outcomes(project, module) if self.ledger is not None else {}


def _wanted(config: Config) -> tuple[Engine, ...]:
    """Engines that the settings let us ask."""
    if config.force_cloud:
        return (Engine.CLOUD,)
    if config.engine == "auto":
        return (Engine.LOCAL,) if config.local_only else (Engine.LOCAL, Engine.CLOUD)
    return () if config.engine == "native" else (Engine(config.engine),)


def sources_for(
    config: Config,
    wanted: Sequence[Engine],
    told: Consultation,
    *,
    root: Path,
    jobs: int,
    environ: Mapping[str, str],
    ask: Ask | None,
) -> Iterator[tuple[Engine, Source]]:
    """The models of these engines that can be had; of the others `told` hears why not."""
    there = set_up(config, environ)
    by_name = config.force_cloud or config.engine != "auto"
    for engine in wanted:
        if engine not in there.names:
            if by_name:
                why = next(
                    (text for text in there.missing if text.startswith(f"{engine}: ")), f"{engine}: none is set up"
                )
                told.unavailable.append(_missing(engine, why.partition(": ")[2]))
            continue
        try:
            if engine is Engine.LOCAL:
                yield engine, _local(config, environ, jobs)
                told.notes += _about_card(config)
            else:
                yield engine, _cloud(config, root, environ, ask)
        except ProviderError as problem:
            if by_name:
                told.unavailable.append(problem)
            else:
                told.notes.append(f"{engine} model left out: {problem.message}")


def _about_card(config: Config) -> Iterator[str]:
    """The line about layers for a graphics card that cannot go there."""
    if config.local_gpu_layers > 0 and not config.local_url and config.replay is None and not offloads():
        yield (
            f"local.gpu-layers = {config.local_gpu_layers} does nothing: "
            "this llama-cpp-python was built without support for graphics cards"
        )


def _missing(engine: Engine, why: str) -> ProviderError:
    if engine is Engine.CLOUD:
        return ProviderError(f"no cloud model was asked: {why}", hint="docs: routing", slug="no-cloud")
    return ProviderError(
        f"no local model was asked: {why}",
        hint="`qeforge models list`, then `pull` or `import` one; or set local.url",
        slug="no-model",
    )


def _local(config: Config, environ: Mapping[str, str], jobs: int) -> Source:
    if config.replay is not None:
        return replayed(config.replay)
    source = _model(config, environ, jobs)
    return source if config.record is None else recorded(source, config.record)


def _model(config: Config, environ: Mapping[str, str], jobs: int) -> Source:
    if config.local_url:
        allowed = config.local_allow_private and not config.local_only
        place = place_of(config.local_url, allow_private=allowed)
        server = Server(config.local_url, config.local_model, allow_private=allowed)
        server.require()
        about = Description(
            name="server",
            model=config.local_model or "server's model",
            place=place,
            context=_CONTEXT,
            detail=config.local_url,
        )
        return Source(
            description=about,
            open=lambda: server,
            circuit=Breaker(),
        )
    path = ModelStore(data_dir(environ) / MODELS).path_of(config.local_model)
    name = config.local_model if config.local_model and not Path(config.local_model).is_file() else path.stem
    context = read_header(path).context  # so that a broken file is told before any work begins
    about = Description(name="llama", model=name, place=Place.PROCESS, context=context, detail=str(path))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = max(1, cores - jobs + 1)  # whoever asks waits; the other modules' judges keep their cores
    learned = learned_by(environ, path, name)
    return Source(
        description=replace(about, detail=f"{path}{', ' + learned.told if learned.told else ''}"),
        open=lambda: Llama(
            path,
            threads=lambda: threads,
            name=name,
            layers_on_gpu=config.local_gpu_layers,
            adapter=learned.adapter,
        ),
        circuit=Breaker(),
    )


def _cloud(config: Config, root: Path, environ: Mapping[str, str], ask: Ask | None) -> Source:
    key = Key.take()
    gate = Redactor(root, never_send=config.privacy_never_send, known=(key.reveal(), *secrets_of(environ)))
    models = [config.cloud_model, *([config.cloud_escalation] if config.cloud_escalation else [])]
    described = [Cloud(model, key=key, at_once=_AT_ONCE).describe() for model in models]
    where = f"{described[0].model} at {described[0].detail}"
    obtain(root, where=where, data_dir=data_dir(environ), yes=config.yes, ask=ask)
    circuit = Breaker()

    def source(about: Description, stronger: Source | None) -> Source:
        def price(usage: Usage) -> float | None:
            return cost(about.model, usage)

        return Source(
            description=about,
            open=lambda: Cloud(about.model, key=key, at_once=_AT_ONCE),
            circuit=circuit,
            check=gate.check,
            withheld=lambda: gate.withheld,
            worst=lambda prompt, tokens: worst(prompt, about.model, tokens),
            price=price,
            at_once=_AT_ONCE,
            stronger=stronger,
        )

    stronger = source(described[1], None) if len(described) > 1 else None
    return source(described[0], stronger)
