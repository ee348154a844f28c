"""`qeforge memory`: what earlier runs left behind, to look at, hand on and erase."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from qeforge.cli import options
from qeforge.cli.outcome import ExitCode, Outcome, Problem
from qeforge.cli.session import begin
from qeforge.config import Config, load_config

app = typer.Typer(rich_markup_mode=None, help="What worked in earlier runs: look at it, hand it on, erase it.")

Project = Annotated[
    str | None,
    typer.Option("--project", metavar="NAME", help="Name or folder of a project; that of the current folder."),
]
Everywhere = Annotated[bool, typer.Option("--all", help="Of all projects.")]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=100_000, help="So many at most.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    project: Project = None,
    everywhere: Everywhere = False,
    kind: Annotated[
        Literal["call", "value", "construction", "fake"] | None,
        typer.Option("--kind", metavar="KIND", help="Only call, value, construction or fake patterns."),
    ] = None,
    limit: Limit = 100,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Print the patterns that are remembered of a project.

    A call pattern is the recipe of a test that was kept. The others are parts of such tests: a value is what one gave
    to a parameter, a construction how it made an object, a fake what stood in for something outside. Quality is the
    share of its uses in which a pattern was worth its run, begun at one of two.

    \b
    Examples:
      qeforge memory list
      qeforge memory list --project shop --kind call --json
    """
    begin(ctx)
    from qeforge.domain.pattern import PatternKind
    from qeforge.report.memory import patterns_data, patterns_table
    from qeforge.report.text import count
    from qeforge.wiring import memories

    wanted = None if kind is None else PatternKind(kind)
    rows = memories.list_patterns(os.environ, project=project, everywhere=everywhere, kind=wanted, count=limit)
    told = count(len(rows), "pattern") if rows else "nothing is remembered here; --all shows other projects"
    more = f"; --limit shows more than {limit}" if len(rows) == limit else ""
    return Outcome(data=patterns_data(rows), result=patterns_table(rows) if rows else "", summary=(told + more,))


@app.command("search")
def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="What it is about.", show_default=False)],
    project: Project = None,
    everywhere: Everywhere = False,
    limit: Limit = 20,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Print patterns whose targets are like some words, then those in which the words stand.

    \b
    Examples:
      qeforge memory search parse duration text
      qeforge memory search --all "luhn_valid"
    """
    begin(ctx)
    from qeforge.report.memory import patterns_data, patterns_table
    from qeforge.report.text import count
    from qeforge.wiring import memories

    text = " ".join(words)
    rows = memories.search(_config(), os.environ, text, project=project, everywhere=everywhere, count=limit)
    told = count(len(rows), "pattern") if rows else "nothing like it is remembered here; --all looks in other projects"
    return Outcome(data=patterns_data(rows), result=patterns_table(rows) if rows else "", summary=(told,))


@app.command("show")
def show(
    ctx: typer.Context,
    pattern: Annotated[str, typer.Argument(metavar="ID", help="A pattern's id, or its beginning.")],
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Print one pattern as code, with where it is from and what became of it.

    \b
    Example:
      qeforge memory show 3f1c
    """
    begin(ctx)
    from qeforge.report.memory import pattern_data, pattern_text, uses_data
    from qeforge.wiring import memories

    row, uses = memories.show(os.environ, pattern)
    return Outcome(data={**pattern_data(row), "outcomes": uses_data(uses)}, result=pattern_text(row, uses))


@app.command("cluster")
def cluster(
    ctx: typer.Context,
    project: Project = None,
    everywhere: Everywhere = False,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, max=96, help="So many groups at most.")] = 32,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Other beginnings may find other groups.")] = 0,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Print what is remembered in groups of targets that look alike.

    k-means++ over the vectors of their shapes, with as many groups as fit best (silhouette); small ones are merged.

    \b
    Examples:
      qeforge memory cluster
      qeforge memory cluster --all --most 8 --json
    """
    begin(ctx)
    from qeforge.report.memory import groups_data, groups_table
    from qeforge.report.text import count
    from qeforge.wiring import memories

    found = memories.clusters(_config(), os.environ, project=project, everywhere=everywhere, most=most, seed=seed)
    told = f"{count(len(found.groups), 'group')}, silhouette {found.silhouette:.2f}"
    if not found.groups:
        told = "nothing is remembered here; --all takes other projects, too"
    return Outcome(data=groups_data(found), result=groups_table(found) if found.groups else "", summary=(told,))


@app.command("stats")
def stats(
    ctx: typer.Context,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Print how much is remembered of which projects, how often it was worth its run, and where it is.

    \b
    Example:
      qeforge memory stats
    """
    begin(ctx)
    from qeforge.report.memory import stats_data, stats_lines, stats_table
    from qeforge.wiring import memories

    found = memories.stats(_config(), os.environ)
    table = stats_table(found) if found.projects else ""
    return Outcome(data=stats_data(found), result=table, summary=stats_lines(found))


@app.command("forget")
def forget(
    ctx: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Name or folder of a project.")],
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Erase everything that was derived from a project.

    Patterns, vectors, what became of them, suspects, examples to learn from, records of runs and cached outcomes; the
    bytes are overwritten. What models took stays in the account, without the names of project, modules and targets.
    Suites stay.

    \b
    Examples:
      qeforge memory forget shop
      qeforge memory forget ~/src/shop
    """
    begin(ctx)
    from qeforge.report.memory import forgotten_data, forgotten_lines
    from qeforge.wiring import memories

    done = memories.forget(os.environ, project)
    return Outcome(data=forgotten_data(done), summary=forgotten_lines(done))


@app.command("export")
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What to write; it must not exist.")],
    project: Project = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Write the patterns of a project into a file, for another machine or a colleague.

    One pattern a line, as JSON. Recipes are code of tests: read them before you hand them to others. Folders, and how
    patterns fared here, are not in it.

    \b
    Example:
      qeforge memory export shop-patterns.jsonl
    """
    begin(ctx)
    from qeforge.report.text import count
    from qeforge.wiring import memories

    number = memories.export(os.environ, file, project=project)
    return Outcome(
        data={"file": str(file), "patterns": number}, result=str(file), summary=(f"{count(number, 'pattern')} written",)
    )


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `memory export` wrote.", show_default=False)],
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="DIR", help="Folder of the project that they are for; the current folder's."),
    ] = None,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Remember the patterns in a file as those of a project.

    Each line is checked to be a recipe and refused if it is none; nothing in the file is run. What it offers later is
    run in the sandbox alone, as everything that is proposed. Exits 1 when a line was refused.

    \b
    Example:
      qeforge memory import shop-patterns.jsonl
    """
    begin(ctx)
    from qeforge.report.memory import imported_data, imported_lines
    from qeforge.wiring import memories

    done = memories.take_in(os.environ, file, into=into)
    refused = (
        (Problem(slug="refused", message=f"{file}: {len(done.refused)} of its lines are no patterns"),)
        if done.refused
        else ()
    )
    return Outcome(
        code=ExitCode.UNMET if refused else ExitCode.DONE,
        data=imported_data(done),
        summary=imported_lines(done),
        problems=refused,
    )


@app.command("backup")
def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What to write; it must not exist.")],
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Copy the whole database, whoever writes to it meanwhile.

    All but adapters is in it; `qeforge learn export` copies those.

    \b
    Example:
      qeforge memory backup ~/memory-2026.db
    """
    begin(ctx)
    from qeforge.wiring import memories

    size = memories.backup(os.environ, file)
    return Outcome(data={"file": str(file), "bytes": size}, result=str(file), summary=(f"{size:,} bytes written",))


@app.command("restore")
def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `memory backup` wrote.", show_default=False)],
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Put a copy in the place of the database; the former one is kept beside it.

    \b
    Example:
      qeforge memory restore ~/memory-2026.db
    """
    begin(ctx)
    from qeforge.wiring import memories

    former = memories.restore(os.environ, file)
    told = f"the former one is {former}" if former else "there was none before"
    return Outcome(data={"file": str(file), "former": str(former) if former else None}, summary=(f"restored; {told}",))


@app.command("vacuum")
def vacuum(
    ctx: typer.Context,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Make the database as small as what is in it, and leave nothing of what was removed.

    \b
    Example:
      qeforge memory vacuum
    """
    begin(ctx)
    from qeforge.wiring import memories

    before, after = memories.vacuum(os.environ)
    return Outcome(data={"before": before, "after": after}, summary=(f"{before:,} bytes before, {after:,} after",))


@app.command("verify")
def verify(
    ctx: typer.Context,
    json_output: options.JsonOutput = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> Outcome:
    """Check the database, every recipe in it, and the index. Exits 3 when something is wrong.

    \b
    Example:
      qeforge memory verify
    """
    begin(ctx)
    from qeforge.wiring import memories

    wrong = memories.verify(_config(), os.environ)
    hint = "`qeforge memory restore FILE` puts a backup in its place"
    return Outcome(
        code=ExitCode.UNAVAILABLE if wrong else ExitCode.DONE,
        data={"problems": wrong},
        problems=tuple(Problem(slug="store-damaged", message=each, hint=hint) for each in wrong),
        summary=() if wrong else ("all is well",),
    )


def _config() -> Config:
    """The settings in force here, which name the embedder."""
    return load_config({}, start=Path.cwd(), environ=os.environ, paths=[Path.cwd()])
