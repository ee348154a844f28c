"""`qeforge learn`: adapters that a local model learns on this machine from its own accepted answers."""

import datetime
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qeforge.cli import options
from qeforge.cli.outcome import ExitCode, Outcome, Problem
from qeforge.cli.session import begin
from qeforge.config import Config, load_config

if TYPE_CHECKING:  # loaded by the commands that need them, not at start
    from qeforge.learning.lesson import Lesson
    from qeforge.learning.snapshots import Record, Snapshots

app = typer.Typer(rich_markup_mode=None, help="Let the local model learn from its accepted answers.")

Seconds = Annotated[
    float,
    typer.Option("--max-time", metavar="SECONDS", min=1, help="After so long no step is begun any more."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Of where training begins.")]


@app.command("micro")
def micro(
    ctx: typer.Context,
    rank: Annotated[int, typer.Option("--rank", min=1, max=2, help="Of the adapter.")] = 2,
    steps: Annotated[int, typer.Option("--steps", min=1, max=10, help="Of training at most.")] = 10,
    max_time: Seconds = 900.0,
    seed: Seed = 0,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Train a small adapter on the latest accepted answers, and use it from then on.

    The result is kept only if it passes four checks in llama.cpp, the last of which is that the loss on held-out
    targets falls. Exits 1 when it does not; what was in use before still is. A run that is under way uses a new
    adapter from its next question on. Needs the extra `learn`.

    \b
    Examples:
      qeforge learn micro
      qeforge learn micro --steps 5 --max-time 300
    """
    session = begin(ctx)
    from qeforge.learning.micro import EXAMPLES
    from qeforge.wiring import learning

    much = learning.plan(
        rank=rank, steps=steps, examples=EXAMPLES, seconds=max_time, seed=seed, tell=session.terminal.say
    )
    return _told(learning.learn_micro(_config(), os.environ, much))


@app.command("consolidate")
def consolidate(
    ctx: typer.Context,
    rank: Annotated[int, typer.Option("--rank", min=4, max=16, help="Of the adapter.")] = 8,
    steps: Annotated[int, typer.Option("--steps", min=1, max=200, help="Of training at most.")] = 24,
    strength: Annotated[
        float, typer.Option("--lambda", metavar="X", min=0, help="Strength of the penalty of EWC++.")
    ] = 0.5,
    max_time: Seconds = 3600.0,
    seed: Seed = 0,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Fold what was learned into one adapter that forgets no earlier project.

    Trains on examples of all projects, and holds what earlier ones depend on in its place (EWC++). The result is kept
    only if held-out loss falls and is no higher than with what is in use, every earlier project keeps 95% of its score,
    and no smaller share of the answers is valid. Exits 1 when not; what was in use before still is. Needs the extra
    `learn`.

    \b
    Example:
      qeforge learn consolidate --rank 8
    """
    session = begin(ctx)
    from qeforge.learning.consolidate import EXAMPLES
    from qeforge.wiring import learning

    much = learning.plan(
        rank=rank, steps=steps, examples=EXAMPLES, seconds=max_time, seed=seed, tell=session.terminal.say
    )
    return _told(learning.learn_base(_config(), os.environ, much, strength=strength))


@app.command("status")
def status(
    ctx: typer.Context,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Say what the chosen model has learned, and what there is to learn from.

    \b
    Example:
      qeforge learn status
    """
    begin(ctx)
    from qeforge.learning.data import split
    from qeforge.wiring import learning

    one, found = learning.pupil(_config(), os.environ), learning.examples(os.environ)
    active, parts = one.snapshots.active(), split(found)
    projects = sorted({example.project for example in found})
    data = {
        "model": one.name,
        "folder": str(one.snapshots.folder),
        "active": asdict(active) if active else None,
        "snapshots": len(one.snapshots.records()),
        "examples": len(found),
        "train": len(parts.train),
        "held_out": len(parts.held_out),
        "projects": projects,
    }
    used = f"adapter {active.name} ({active.kind}), {_loss(active)}" if active else "no adapter"
    lines = [
        f"{one.name}: {used}",
        f"snapshots: {data['snapshots']} in {one.snapshots.folder}",
        f"answers judged: {len(found)} in {len(projects)} project(s); accepted: {len(parts.train)} to train on, "
        f"{len(parts.held_out)} held out",
    ]
    return Outcome(data=data, result="\n".join(lines))


@app.command("history")
def history(
    ctx: typer.Context,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """List the snapshots of the chosen model, oldest first; the one in use is marked.

    \b
    Example:
      qeforge learn history
    """
    begin(ctx)
    from qeforge.report.table import plain_table
    from qeforge.wiring import learning

    store = learning.snapshots(_config(), os.environ)
    active, records = store.active(), store.records()
    rows = [
        (
            ("* " if active is not None and record.name == active.name else "  ") + record.name,
            record.kind,
            datetime.datetime.fromtimestamp(record.at).strftime("%Y-%m-%d %H:%M"),
            record.parent or "-",
            str(record.rank),
            f"{record.steps}",
            f"{record.seconds:.0f} s",
            _loss(record),
        )
        for record in records
    ]
    heads = ("snapshot", "kind", "at", "from", "rank", "steps", "time", "held-out loss")
    return Outcome(
        data={"active": active.name if active else None, "snapshots": [asdict(record) for record in records]},
        result=plain_table(heads, rows) if rows else "",
        summary=() if rows else ("nothing was learned yet",),
    )


@app.command("rollback")
def rollback(
    ctx: typer.Context,
    to: Annotated[
        str | None, typer.Argument(metavar="[SNAPSHOT]", help="The snapshot; the one before.", show_default=False)
    ] = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Use an earlier snapshot again.

    Nothing is deleted: the same command goes forward again. Before the first snapshot lies the bare model.

    \b
    Examples:
      qeforge learn rollback
      qeforge learn rollback 0003
    """
    begin(ctx)
    from qeforge.wiring import learning

    store = learning.snapshots(_config(), os.environ)
    return _using(store, learning.rolled_back(store, to))


@app.command("off")
def off(
    ctx: typer.Context,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Use the bare model from now on. Snapshots stay; `learn rollback SNAPSHOT` uses one again.

    \b
    Example:
      qeforge learn off
    """
    begin(ctx)
    from qeforge.wiring import learning

    store = learning.snapshots(_config(), os.environ)
    with store.changing():
        store.use("")
    return _using(store, None)


@app.command("export")
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The GGUF file to write.", show_default=False)],
    snapshot: Annotated[
        str, typer.Option("--snapshot", metavar="SNAPSHOT", help="Which one. [default: the one in use]")
    ] = "",
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Write an adapter as a GGUF file that llama.cpp loads.

    It has numbers only, no code; but what a model was trained on can sometimes be guessed from what it says.

    \b
    Example:
      qeforge learn export shop.gguf
    """
    begin(ctx)
    from qeforge.wiring import learning

    record = learning.exported(learning.snapshots(_config(), os.environ), snapshot, file)
    told = f"{file}: snapshot {record.name} for {record.model}"
    return Outcome(data={"file": str(file), "snapshot": asdict(record)}, summary=(told,))


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A GGUF file with an adapter.", show_default=False)],
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Take an adapter that somebody else trained for the same model, if it is any good here.

    It has to fit the model file, be put on and taken off again without a trace, and lower the loss on this machine's
    own held-out targets. Exits 1 when it does not. Needs the extra `learn`.

    \b
    Example:
      qeforge learn import shop.gguf
    """
    session = begin(ctx)
    from qeforge.wiring import learning

    much = learning.plan(rank=1, steps=1, examples=1, seconds=600.0, seed=0, tell=session.terminal.say)
    return _told(learning.imported(_config(), os.environ, file, much))


@app.command("bench")
def bench(
    ctx: typer.Context,
    projects: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FOLDER]...",
            help="Projects with held-out targets to ask about. [default: the one here]",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", min=0, metavar="N", help="How often training is done; 0 compares answers alone.")
    ] = 3,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="The first of the seeds.")] = 0,
    rank: Annotated[int, typer.Option("--rank", min=1, max=16, help="Of the adapters.")] = 2,
    steps: Annotated[int, typer.Option("--steps", min=1, max=50, help="Of training for each project.")] = 10,
    examples: Annotated[
        int, typer.Option("--examples", min=1, metavar="N", help="To train on, of each project: its latest.")
    ] = 8,
    held_out: Annotated[
        int, typer.Option("--held-out", min=1, metavar="N", help="To judge by, of each project: its latest.")
    ] = 4,
    longest: Annotated[
        int, typer.Option("--longest", min=64, max=1536, metavar="TOKENS", help="Longer examples are left out.")
    ] = 1536,
    max_time: Seconds = 3600.0,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Measure what learning does with the answers that are here; nothing is kept.

    Says first how long training will take. Prints the held-out loss after each step; with two projects or more, what of
    the earlier ones is left after the last (the mean probability of their held-out tokens) without a penalty, under
    penalties of several strengths, and with replay; and, with an adapter in use, what the model's answers about
    held-out targets are worth with it and without, by execution: this comes before training, which has the time that is
    left. Needs the extra `learn`.

    \b
    Examples:
      qeforge learn bench --seeds 3
      qeforge learn bench --steps 4 --longest 400 --max-time 1800 ../shop ../textkit
    """
    session = begin(ctx)
    from qeforge.cli.learn_report import data_of, tables_of
    from qeforge.wiring import learning

    much = learning.plan(
        rank=rank, steps=steps, examples=examples, seconds=max_time, seed=seed, tell=session.terminal.say
    )
    found = learning.benched(
        _config(), os.environ, much, projects or [Path.cwd()], seeds=seeds, held_out=held_out, longest=longest
    )
    cut = ("ended early: some of it is missing; --max-time gives it longer",) if found.findings.cut else ()
    return Outcome(data=data_of(found), result=tables_of(found), summary=cut)


# -- parts ------------------------------------------------------------------------------------------------------


def _config() -> Config:
    """The settings in force here, which alone name the model; `--max-time` of a run is not that of these commands."""
    return load_config({}, start=Path.cwd(), environ=os.environ, paths=[Path.cwd()])


def _told(lesson: "Lesson") -> Outcome:
    record = lesson.record
    data = {"kept": lesson.kept, "why": lesson.why, "snapshot": asdict(record)}
    told = f"{record.steps} steps, {record.seconds:.0f} s, {_loss(record)}"
    if lesson.kept:
        return Outcome(data=data, summary=(f"{record.name} is in use: {told}",))
    problem = Problem(slug="not-better", message=f"not kept: {lesson.why}", hint="what was in use before still is")
    return Outcome(code=ExitCode.UNMET, data=data, problems=(problem,), summary=(told,))


def _using(store: "Snapshots", record: "Record | None") -> Outcome:
    told = f"{record.name} is in use, {_loss(record)}" if record else "the bare model is in use"
    return Outcome(data={"active": asdict(record) if record else None, "folder": str(store.folder)}, summary=(told,))


def _loss(record: "Record") -> str:
    return f"held-out loss {record.before:.4f} → {record.after:.4f}"
