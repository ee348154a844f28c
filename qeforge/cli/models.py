"""`qeforge models`: local models, from the hub or from a file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qeforge.cli import options
from qeforge.cli.outcome import ExitCode, Outcome, Problem
from qeforge.cli.session import Session, begin, configure
from qeforge.cli.transfer import transfer
from qeforge.errors import QeforgeError, UsageError

if TYPE_CHECKING:  # loaded by the commands that need them, not at start
    from qeforge.cli.model_rows import Row
    from qeforge.providers.catalogue import Entry
    from qeforge.providers.store import ModelStore

app = typer.Typer(rich_markup_mode=None, help="Get, check and choose local models.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model, as `models list` names it.")]
MaybeName = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="The model, as `models list` names it; the chosen one.", show_default=False),
]


@app.command("list")
def list_(
    ctx: typer.Context,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Print the models that can be had, and those that are here.

    Size on disk, licence, the memory that one takes with 4096 tokens of context, and its speed on this machine once
    `models bench` measured it. Nothing is looked up elsewhere.

    \b
    Example:
      qeforge models list
    """
    begin(ctx)
    from qeforge.cli.model_rows import HEADS, machine_memory
    from qeforge.report.table import plain_table

    store = _store()
    rows = _rows(store)
    return Outcome(
        data={
            "folder": str(store.folder),
            "chosen": store.chosen() or None,
            "machine_memory": machine_memory(),
            "models": [row.data for row in rows],
        },
        result=plain_table(HEADS, (row.cells for row in rows)),
    )


@app.command("pull")
def pull(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept the licence without being asked.")] = False,
    local_only: Annotated[
        bool, typer.Option("--local-only", help="Nothing may leave the machine; contradicts pull.")
    ] = False,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_progress: options.NoProgress = False,
) -> Outcome:
    """Download a model from the hub, once its licence was accepted.

    Prints the file's path. A download that was cut off is gone on with. The file's SHA-256 has to be the published
    one; if it is not, the file is removed. The first model becomes the chosen one.

    \b
    Examples:
      qeforge models pull qwen2.5-coder-1.5b
      qeforge models pull qwen2.5-coder-0.5b --yes
    """
    session = begin(ctx)
    config = configure(ctx, Path.cwd())
    from qeforge.providers.catalogue import entry_named
    from qeforge.wiring.stored import hub

    entry, store = entry_named(name), _store()
    there = store.shelf().models.get(name)
    if there is not None and store.intact(there):
        return _done(store, name, f"{name} is here already")
    source = hub(os.environ, config)
    source.check(entry)
    if not _agreed(entry, session, yes=yes):
        return Outcome(code=ExitCode.UNMET, problems=(Problem(slug="declined", message=f"{name}: not downloaded"),))
    with transfer(session.terminal, name) as progress:
        store.pull(entry, source.fetch, progress)
    return _done(store, name, f"{name}: downloaded, its SHA-256 is the published one")


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A GGUF file on this machine.", show_default=False)],
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What to call it. [default: the catalogue's or the file's]")
    ] = "",
    sha256: Annotated[
        str, typer.Option("--sha256", metavar="HEX", help="The checksum that it has to have, from whom you trust.")
    ] = "",
    copy: Annotated[bool, typer.Option("--copy", help="Copy the file, also where a hard link would do.")] = False,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_progress: options.NoProgress = False,
) -> Outcome:
    """Take a GGUF file that is already on this machine.

    A hard link where that is possible, else a copy; FILE stays where it is. A file of the catalogue is known by its
    SHA-256 and counts as verified, as does one that --sha256 vouches for. The first model becomes the chosen one.

    \b
    Examples:
      qeforge models import /media/usb/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf
      qeforge models import mine.gguf --name mine
    """
    session = begin(ctx)
    store = _store()
    with transfer(session.terminal, file.name) as progress:
        one, linked = store.add(file, progress, name=name, sha256=sha256, copy=copy)
    how = "hard link; do not change the file that it shares" if linked else "copy"
    trust = "" if one.verified else "; unverified: nobody has published its SHA-256 here"
    return _done(store, one.name, f"{one.name}: imported ({how}){trust}")


@app.command("verify")
def verify(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The model; all of them.", show_default=False)
    ] = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Take the SHA-256 of models again.

    Exits 3 when a file is not what it was, or is gone; it is not used then. An unverified model is compared with what
    was imported.

    \b
    Examples:
      qeforge models verify
      qeforge models verify qwen2.5-coder-1.5b
    """
    session = begin(ctx)
    store = _store()
    problems = []
    names = [name] if name else list(store.shelf().models)
    for each in names:
        try:
            one = store.verify(each)
        except UsageError:
            raise
        except QeforgeError as problem:
            problems.append(Problem.of(problem))
        else:
            session.terminal.say(f"{each}: " + ("verified" if one.verified else "as imported, unverified"))
    return Outcome(
        code=ExitCode.UNAVAILABLE if problems else ExitCode.DONE,
        data={"models": [row.data for row in _rows(store) if row.name in names]},
        problems=tuple(problems),
        summary=() if names else ("no model is on this machine",),
    )


@app.command("remove")
def remove(
    ctx: typer.Context,
    name: Name,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Delete a model from this machine, or what an unfinished download has left of it.

    A file that was imported stays where it came from.

    \b
    Example:
      qeforge models remove mistral-7b
    """
    begin(ctx)
    from qeforge.cli.model_rows import size

    store = _store()
    was_chosen = store.chosen() == name
    freed = store.remove(name)
    note = ("no model is chosen now; `qeforge models use` chooses one",) if was_chosen else ()
    return Outcome(data={"name": name, "bytes": freed}, summary=(f"{name}: removed, {size(freed)}", *note))


@app.command("use")
def use(
    ctx: typer.Context,
    name: Name,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Choose the model that is used where a project does not say which.

    The choice is kept with the models, in your own data folder; `local.model` in a project comes before it.

    \b
    Example:
      qeforge models use qwen2.5-coder-0.5b
    """
    begin(ctx)
    config = configure(ctx, Path.cwd())
    store = _store()
    store.choose(name)
    here = config.local_model
    note = (f"here, local.model = {here} comes before it ({config.origins['local_model']})",) if here else ()
    done = _done(store, name, f"{name} is the chosen model")
    return Outcome(data=done.data, summary=(*done.summary, *note))


@app.command("bench")
def bench(
    ctx: typer.Context,
    name: MaybeName = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Measure how fast a model is on this machine, and keep the figure for `models list`.

    Loads it with all cores, asks a question of the usual length, and times 64 tokens of the answer.

    \b
    Examples:
      qeforge models bench
      qeforge models bench qwen2.5-coder-0.5b
    """
    begin(ctx)
    config = configure(ctx, Path.cwd())
    import datetime
    from contextlib import closing
    from dataclasses import asdict

    from qeforge.providers.bench import measure
    from qeforge.wiring.stored import opened

    store = _store()
    path = store.path_of(name or "")
    one = store.stored(name or store.chosen())
    with closing(opened(path, config)) as model:
        detail = model.describe().detail
        speed = measure(model, date=datetime.datetime.now(datetime.UTC).date().isoformat())
    store.measured(one.name, speed)
    told = f"{one.name}: {speed.answer:g} tokens/s of an answer, {speed.question:g} of a question ({detail})"
    return Outcome(data={"name": one.name, "speed": asdict(speed), "detail": detail}, summary=(told,))


# -- parts ------------------------------------------------------------------------------------------------------


def _store() -> "ModelStore":
    from qeforge.wiring.stored import model_store  # everything heavy hangs on it

    return model_store(os.environ)


def _rows(store: "ModelStore") -> list["Row"]:
    """The catalogue's models in its order, then the others by name."""
    from qeforge.cli.model_rows import Row, machine_memory
    from qeforge.providers.catalogue import catalogue

    shelf, known, memory = store.shelf(), catalogue(), machine_memory() or 0
    rows = []
    for name in (*known, *sorted(shelf.models.keys() - known.keys())):
        entry, stored = known.get(name), shelf.models.get(name)
        rows.append(
            Row(
                name=name,
                entry=entry,
                stored=stored,
                path=store.folder / stored.file if stored else None,
                intact=stored is not None and store.intact(stored),
                chosen=name == shelf.chosen,
                partial=store.partial(entry) if entry else 0,
                memory=memory,
            )
        )
    return rows


def _done(store: "ModelStore", name: str, told: str) -> Outcome:
    (row,) = (row for row in _rows(store) if row.name == name)
    note = ("it is the one in use",) if row.chosen else (f"`qeforge models use {name}` chooses it",)
    return Outcome(data=row.data, result=str(row.path), summary=("; ".join((told, *note)),))


def _agreed(entry: "Entry", session: Session, *, yes: bool) -> bool:
    """Whether the licence is accepted, once it was shown."""
    from qeforge.cli.model_rows import size

    licence = f"{entry.licence} ({entry.licence_url})" + (f"; {entry.terms}" if entry.terms else "")
    session.terminal.say(f"{entry.name}: {size(entry.bytes)} from {entry.repo}, needs {size(entry.memory)} of memory")
    session.terminal.say(f"licence: {licence}")
    if yes:
        return True
    ask = session.terminal.asker()
    if ask is None:
        raise UsageError(
            f"{entry.name}: its licence has to be accepted, and nobody can be asked here: {licence}",
            hint="--yes accepts it",
            slug="needs-yes",
        )
    return ask(f"Download it under {licence}?")
