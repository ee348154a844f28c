"""Learning, put together: the chosen model in both of its forms, examples from the store, snapshots on disk."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from qeforge.config import Config, data_dir, log_dir
from qeforge.domain.learning import Example, Runner, Shape
from qeforge.errors import QeforgeError, UsageError
from qeforge.learning import bench, consolidate, foreign, micro
from qeforge.learning.bench import NOTHING, Findings
from qeforge.learning.lesson import Lesson, Plan, Pupil
from qeforge.learning.libraries import LearningError
from qeforge.learning.snapshots import ADAPTER, Record, Snapshots, folder_of, identity_of
from qeforge.memory.examples import SqliteExamples
from qeforge.memory.store import NAME, Store
from qeforge.providers.gguf import count_parameters, read_header
from qeforge.providers.llama import Llama
from qeforge.providers.memory import available_memory
from qeforge.providers.store import ModelStore
from qeforge.wiring.rates import Examination, Rates, total
from qeforge.wiring.routing import MODELS

LEARNING = "learning"
"""Folder of what was learned, in the user's data folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a run uses of what a model has learned: `adapter` is asked before each question, so that what is learned
    meanwhile is used at once; `told` is in words, empty for nothing."""

    adapter: Callable[[], Path | None]
    told: str


def learned_by(environ: Mapping[str, str], path: Path, name: str) -> Learned:
    """What the model in a file has learned."""
    snapshots = Snapshots(folder_of(data_dir(environ) / LEARNING, name, identity_of(path)))

    def adapter() -> Path | None:
        active = snapshots.active()
        return snapshots.path(active, ADAPTER) if active else None

    active = snapshots.active()
    return Learned(adapter=adapter, told=f"with what it learned up to {active.name}" if active else "")


def pupil(config: Config, environ: Mapping[str, str]) -> Pupil:
    """The local model that is in use.

    Raises:
        ProviderError: there is none, or its file is broken.
        LearningError: it runs in a server, where it cannot be changed.
    """
    if config.local_url:
        raise LearningError(
            f"a model that a server runs cannot learn ({config.local_url})",
            hint="`qeforge models use` a file, and unset local.url",
            slug="server",
        )
    path = ModelStore(data_dir(environ) / MODELS).path_of(config.local_model)
    name = config.local_model if config.local_model and not Path(config.local_model).is_file() else path.stem
    header, identity = read_header(path), identity_of(path)
    shape = Shape(
        architecture=header.architecture,
        layers=header.layers,
        heads=header.heads,
        groups=header.groups,
        parameters=count_parameters(path),
    )

    @contextmanager
    def opened() -> Iterator[Runner]:
        with closing(Llama(path, threads=cores, name=name, layers_on_gpu=config.local_gpu_layers)) as runner:
            yield runner

    return Pupil(
        name=name,
        path=path,
        shape=shape,
        identity=identity,
        snapshots=Snapshots(folder_of(data_dir(environ) / LEARNING, name, identity)),
        open=opened,
    )


def examples(environ: Mapping[str, str]) -> list[Example]:
    """All that was kept, oldest first.

    Raises:
        StoreError: the store cannot be read.
    """
    return SqliteExamples(Store(data_dir(environ) / NAME)).all()


def plan(*, rank: int, steps: int, examples: int, seconds: float, seed: int, tell: Callable[[str], None]) -> Plan:
    """How much is to be done, on this machine."""
    return Plan(
        rank=rank,
        steps=steps,
        examples=examples,
        seconds=seconds,
        free=available_memory(),
        cores=cores(),
        tell=tell,
        seed=seed,
    )


def learn_micro(config: Config, environ: Mapping[str, str], much: Plan) -> Lesson:
    """A micro-adapter from the latest examples."""
    return micro.learn(pupil(config, environ), examples(environ), much)


def learn_base(config: Config, environ: Mapping[str, str], much: Plan, *, strength: float) -> Lesson:
    """A consolidation. Candidates are judged where it is done in a project with held-out targets."""
    given = examples(environ)
    examination = Examination(config, Path.cwd(), given)

    def valid(runner: Runner) -> float | None:
        assert isinstance(runner, Llama)
        rates = examination.hold(runner)
        return rates.validity if rates.questions else None

    rate = valid if examination.questions else None
    return consolidate.learn(pupil(config, environ), given, much, strength=strength, valid=rate)


def consolidate_when_due(config: Config, environ: Mapping[str, str]) -> str:
    """Begins a consolidation in a process of its own, where `learn.auto` is on and enough answers were accepted; a note
    about it, empty where nothing was begun. The process writes into `learn.log` in the log folder; where another one is
    learning already, it ends at once."""
    if not config.learn_auto or config.local_url:
        return ""
    try:
        if not consolidate.is_due(pupil(config, environ), examples(environ)):
            return ""
        log = log_dir(environ) / "learn.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            subprocess.Popen(
                [sys.executable, "-m", "qeforge.cli", "learn", "consolidate"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**environ},
                start_new_session=True,  # Ctrl-C in the terminal is not meant for it
            )
    except (QeforgeError, OSError) as problem:
        return f"learn.auto: {problem}"
    return (
        f"learn.auto: consolidating in the background; {log} tells how it goes, `qeforge learn status` what came of it"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Benched:
    """What learning brings: on examples, and on held-out targets of projects without and with the adapter in use; None
    where there are no such targets, there is no adapter, or Ctrl-C came before."""

    findings: Findings
    off: Rates | None
    on: Rates | None


def benched(
    config: Config,
    environ: Mapping[str, str],
    much: Plan,
    projects: Sequence[Path],
    *,
    seeds: int,
    held_out: int,
    longest: int,
) -> Benched:
    """Measures; nothing is kept. Says first how long training will take, runs the answers, and trains in the time that
    they left; both sides of a comparison are finished, however long they take. Ctrl-C leaves what is done.

    Args:
        config: the settings.
        environ: variables.
        much: how much training, and how long all of it may take.
        projects: folders whose held-out targets the model is asked about.
        seeds: how many, from the plan's on; 0 for no training.
        held_out, longest: as `bench.prepare` has them.

    Raises:
        LearningError: too little to learn from, or too little memory.
        KeyboardInterrupt: Ctrl-C before there was anything to tell.
    """
    began = much.clock()
    one, given = pupil(config, environ), examples(environ)
    active = one.snapshots.active()
    examinations = [found for folder in projects if (found := Examination(config, folder, given)).questions]
    exercise = bench.prepare(one, given, much, seeds=seeds, held_out=held_out, longest=longest) if seeds else None
    findings, off, on = NOTHING, None, None
    try:
        if active is None:
            much.tell("no adapter is in use: answers with and without one are not compared")
        elif not examinations:
            much.tell("no held-out target in these projects was asked about: answers are not compared")
        else:  # before training, because that may take all of the time
            asked = sum(len(each.questions) for each in examinations)
            much.tell(f"{asked} questions without the adapter and with it, which takes time of its own, come first")
            with closing(Llama(one.path, threads=cores, name=one.name, layers_on_gpu=config.local_gpu_layers)) as model:
                off = total([each.hold(model) for each in examinations])
                much.tell(f"without the adapter: {_words(off)}")
                model.set_adapter(one.snapshots.path(active, ADAPTER))
                on = total([each.hold(model) for each in examinations])
                much.tell(f"with adapter {active.name}: {_words(on)}")
        if exercise is not None:
            rest = replace(much, seconds=max(0.0, much.seconds - (much.clock() - began)))
            if off is not None and not rest.seconds:
                much.tell("the answers took all of the time: nothing is trained")
                findings = replace(NOTHING, cut=True)
            else:
                findings = bench.run(one, exercise, rest, seeds=range(much.seed, much.seed + seeds))
    except KeyboardInterrupt:
        if off is None:
            raise
        findings = replace(NOTHING, cut=True)
    return Benched(findings=findings, off=off, on=on)


def _words(rates: Rates) -> str:
    return (
        f"{rates.valid} of {rates.candidates} candidates valid ({rates.validity:.1%}), "
        f"{rates.reached} of {rates.goals} goals reached ({rates.reach:.1%}), {rates.questions} questions"
    )


def snapshots(config: Config, environ: Mapping[str, str]) -> Snapshots:
    """What the model in use has learned."""
    return pupil(config, environ).snapshots


def rolled_back(store: Snapshots, to: str | None) -> Record | None:
    """Uses a snapshot again, the one before where none is named; None for the bare model.

    Raises:
        UsageError: there is no such snapshot, or nothing to go back from.
    """
    with store.changing():
        active = store.active()
        if to is None and active is None:
            raise UsageError("the bare model is in use", hint="`qeforge learn history` lists snapshots")
        name = to if to is not None else active.parent if active else ""
        record = store.named(name)
        if name and record is None:
            raise UsageError(f"no snapshot {name!r}", hint="`qeforge learn history` lists them")
        store.use(name)
        return record


def exported(store: Snapshots, name: str, file: Path) -> Record:
    """Copies a snapshot's adapter into a file; the one in use where none is named.

    Raises:
        UsageError: there is no such snapshot.
        LearningError: the file cannot be written.
    """
    record = store.named(name) if name else store.active()
    if record is None:
        what = f"no snapshot {name!r}" if name else "no adapter is in use"
        raise UsageError(what, hint="`qeforge learn history` lists snapshots")
    try:
        shutil.copyfile(store.path(record, ADAPTER), file)
    except OSError as problem:
        raise LearningError(f"{file}: {problem.strerror}", slug="write") from problem
    return record


def imported(config: Config, environ: Mapping[str, str], file: Path, much: Plan) -> Lesson:
    """Takes an adapter from a file, if it is good for this model and these examples."""
    if not file.is_file():
        raise UsageError(f"{file}: no such file", hint="give a GGUF file", slug="no-such-path")
    return foreign.take(pupil(config, environ), examples(environ), file, much)


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
