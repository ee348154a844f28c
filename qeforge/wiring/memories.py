"""What `qeforge memory` does: looking at what is remembered, taking it away, handing it on."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from qeforge.analysis.project import find_project
from qeforge.config import Config, cache_dir, data_dir
from qeforge.domain.pattern import PatternKind
from qeforge.domain.remembered import Forgotten, Groups, Imported, MemoryStats, PatternRow, Use
from qeforge.errors import QeforgeError, UnavailableError, UsageError
from qeforge.memory import exchange, listing, upkeep
from qeforge.memory.forgetting import forget as forget_rows
from qeforge.memory.grouping import grouped
from qeforge.memory.indexes import discard
from qeforge.memory.store import StoreError
from qeforge.refinement import record
from qeforge.refinement.cache import Cache
from qeforge.wiring.memory import patterns_in, patterns_without_vectors, project_key


def here() -> str:
    """The project of the current folder."""
    return project_key(find_project(Path.cwd()).root)


def list_patterns(
    environ: Mapping[str, str], *, project: str | None, everywhere: bool, kind: PatternKind | None, count: int
) -> list[PatternRow]:
    """Patterns of a project (by its name or folder; None for that of the current folder), or of all.

    Raises:
        UsageError: there is no such project.
        StoreError: what is remembered cannot be read.
    """
    memory = patterns_without_vectors(environ)
    root = None if everywhere else _root(environ, project)
    return listing.listed(memory, project=root, kind=kind, count=count)


def search(
    config: Config, environ: Mapping[str, str], words: str, *, project: str | None, everywhere: bool, count: int
) -> list[PatternRow]:
    """Patterns that are like some words, by the embedder in the settings, or in which they stand.

    Raises:
        UsageError, StoreError: as above.
        ConfigError, UnavailableError: there is no such embedder.
    """
    root = None if everywhere else _root(environ, project)
    return listing.found(patterns_in(environ, config), words, project=root, count=count)


def show(environ: Mapping[str, str], beginning: str) -> tuple[PatternRow, Sequence[Use]]:
    """One pattern, and what became of it.

    Raises:
        UsageError: no pattern's id begins so, or several do.
        StoreError: as above.
    """
    return listing.shown(patterns_without_vectors(environ), beginning)


def stats(config: Config, environ: Mapping[str, str]) -> MemoryStats:
    """Counts and sizes; where the embedder in the settings is not to be had, without those of its index.

    Raises:
        ConfigError: the embedder's settings cannot be meant.
        StoreError: as above.
    """
    try:
        return listing.stats(patterns_in(environ, config))
    except StoreError:
        raise
    except UnavailableError:
        return listing.stats(patterns_without_vectors(environ))


def clusters(
    config: Config, environ: Mapping[str, str], *, project: str | None, everywhere: bool, most: int, seed: int
) -> Groups:
    """Patterns of a project, or of all, in groups of targets that look alike to the embedder in the settings.

    Raises:
        UsageError, StoreError: as above.
        ConfigError, UnavailableError: there is no such embedder.
    """
    root = None if everywhere else _root(environ, project)
    return grouped(patterns_in(environ, config), project=root, most=most, seed=seed)


def forget(environ: Mapping[str, str], project: str) -> Forgotten:
    """Removes everything that was derived from a project: from the database, the index, the cache and the records.

    Args:
        environ: says where they are.
        project: its name or its folder, also one of which only other things than patterns are kept.

    Raises:
        UsageError: nothing is remembered of such a project, or of several.
        StoreError: the database cannot be written, or another process is reading it.
    """
    memory = patterns_without_vectors(environ)
    root = _folder_or_name(environ, project)
    cached = Cache(cache_dir(environ)).forget(Path(root))
    try:
        records = record.forget(root)
    except OSError as problem:
        raise StoreError(f"records of {root}: {problem.strerror}") from problem
    removed = forget_rows(memory, root)  # its name is in the database, so that it can be said again until here
    discard(data_dir(environ))  # what was taken out of an index may still stand in its file
    upkeep.vacuum(memory.store)
    if not any((removed.patterns, removed.targets, removed.suspects, removed.calls, removed.examples, cached, records)):
        raise UsageError(f"{root}: nothing is remembered of it", slug="no-such-project")
    return Forgotten(
        roots=(root,),
        patterns=removed.patterns,
        targets=removed.targets,
        suspects=removed.suspects,
        calls=removed.calls,
        examples=removed.examples,
        records=records,
        cached=cached,
        copies=upkeep.copies_beside(memory.store.path),
    )


def export(environ: Mapping[str, str], target: Path, *, project: str | None) -> int:
    """Writes the patterns of a project into a file; how many.

    Raises:
        UsageError: there is such a file, no such project, or nothing remembered of it.
        WriteError: the file cannot be written.
        StoreError: as above.
    """
    memory, root = patterns_without_vectors(environ), _root(environ, project)
    text = exchange.exported(memory, project=root)
    number = text.count("\n") - 1
    if not number:
        raise UsageError(f"{root}: nothing is remembered of it", hint="qeforge generate", slug="nothing-remembered")
    exchange.write(text, target)
    return number


def take_in(environ: Mapping[str, str], source: Path, *, into: Path | None) -> Imported:
    """Remembers the patterns in a file as those of the project that a folder is in (None for the current folder). Their
    vectors are made when somebody looks for them.

    Raises:
        UsageError: the file is no export, or there is no such folder.
        StoreError: the database cannot be written.
    """
    if into is not None and not into.is_dir():
        raise UsageError(f"{into}: no such folder", slug="no-such-path")
    root = here() if into is None else project_key(find_project(into).root)
    return exchange.take_in(patterns_without_vectors(environ), source, project=root, at=time.time())


def backup(environ: Mapping[str, str], target: Path) -> int:
    """Copies the database; bytes of the copy.

    Raises:
        UsageError: there is such a file, or nothing to copy.
        StoreError: it cannot be copied.
    """
    return upkeep.backup(patterns_without_vectors(environ).store, target)


def restore(environ: Mapping[str, str], source: Path) -> Path | None:
    """Puts a copy in the place of the database; where the former one is kept.

    Raises:
        UsageError: the file is no such copy.
        StoreError: it cannot be put there.
    """
    kept = upkeep.restore(patterns_without_vectors(environ).store, source)
    discard(data_dir(environ))  # its keys may stand for other shapes in the copy
    return kept


def vacuum(environ: Mapping[str, str]) -> tuple[int, int]:
    """Makes the database small, and the index anew; bytes before and after.

    Raises:
        StoreError: it cannot be done now.
    """
    discard(data_dir(environ))
    return upkeep.vacuum(patterns_without_vectors(environ).store)


def verify(config: Config, environ: Mapping[str, str]) -> list[str]:
    """What is wrong with what is remembered; nothing, when all is well.

    Raises:
        StoreError: the database cannot be opened.
    """
    memory = patterns_without_vectors(environ)
    return [*upkeep.problems(memory.store), *_index_problems(config, environ)]


def _index_problems(config: Config, environ: Mapping[str, str]) -> Iterator[str]:
    """An index that cannot be opened; what is stale or damaged is made anew when it is, from the database."""
    try:
        memory = patterns_in(environ, config)
        indexed, known = memory.indexed, memory.vectors
        if indexed is not None and indexed != known:
            yield f"the index holds {indexed} shapes of {known}; `qeforge memory vacuum` makes it anew"
    except StoreError:
        raise
    except QeforgeError as problem:
        yield f"the index cannot be used: {problem.message}"
    except Exception as problem:  # whatever the index's library says
        yield f"the index cannot be used: {problem}"


def _root(environ: Mapping[str, str], project: str | None) -> str:
    return here() if project is None else listing.named(patterns_without_vectors(environ), project)[0].root


def _folder_or_name(environ: Mapping[str, str], project: str) -> str:
    memory = patterns_without_vectors(environ)
    path = Path(project)
    is_path = path.name != project
    folder = project_key(find_project(path).root) if path.is_dir() else None
    others = [one for one in listing.projects(memory) if one.name == project and one.root != folder]
    if folder is not None and (is_path or not others):
        return folder
    if folder is not None:
        raise UsageError(
            f"{project}: a folder here, and a project that is remembered",
            hint=f"say which by its path: ./{project}, or {others[0].root}",
            slug="ambiguous",
        )
    return listing.named(memory, project)[0].root
