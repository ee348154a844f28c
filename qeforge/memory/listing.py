"""Looking at what is remembered."""

import sqlite3
from collections.abc import Sequence

from qeforge.domain.pattern import PatternKind
from qeforge.domain.remembered import MemoryStats, PatternRow, ProjectSum, Use
from qeforge.errors import UsageError
from qeforge.memory.patterns import COLUMNS, JOINED, PatternStore, pattern_of
from qeforge.memory.upkeep import size_of


def projects(memory: PatternStore) -> list[ProjectSum]:
    """Every project of which something is remembered, by name."""
    rows = memory.store.rows(
        "select root, name, at, (select count(*) from target where target.project = project.id) as targets, "
        "(select count(*) from pattern join target on target.id = pattern.target where target.project = project.id) "
        "as patterns, (select count(*) from outcome join pattern on pattern.id = outcome.pattern join target on "
        "target.id = pattern.target where target.project = project.id) as tried, "
        "(select count(*) from outcome join pattern on pattern.id = outcome.pattern join target on target.id = "
        "pattern.target where target.project = project.id and (outcome.goals > 0 or outcome.kept)) as won "
        "from project order by name, root"
    )
    return [ProjectSum(**dict(row)) for row in rows]


def named(memory: PatternStore, name: str) -> list[ProjectSum]:
    """The projects of that name, or in that folder.

    Raises:
        UsageError: there is none, or several, none of which is meant by its folder.
    """
    known = projects(memory)
    found = [one for one in known if one.root == name] or [one for one in known if one.name == name]
    if len(found) > 1:
        folders = ", ".join(one.root for one in found)
        raise UsageError(f"{name}: several projects: {folders}", hint="give the folder", slug="ambiguous")
    if not found:
        names = ", ".join(sorted({one.name for one in known})) or "none"
        raise UsageError(
            f"{name}: nothing is remembered of such a project", hint=f"known: {names}", slug="no-such-project"
        )
    return found


def listed(
    memory: PatternStore, *, project: str | None, kind: PatternKind | None = None, count: int
) -> list[PatternRow]:
    """Patterns by target, best first.

    Args:
        memory: what is remembered.
        project: only of the project with that folder; None for all.
        kind: only of that kind; None for all.
        count: so many at most.
    """
    wanted = None if kind is None else str(kind)
    rows = memory.store.rows(
        f"select {COLUMNS}, project.name as project {JOINED} where (? is null or project.root = ?) "
        "and (? is null or pattern.kind = ?) "
        "order by project.name, target.name, pattern.kind, pattern.quality desc, pattern.digest limit ?",
        *(project, project, wanted, wanted, count),
    )
    return [_row(row) for row in rows]


def found(memory: PatternStore, words: str, *, project: str | None, count: int) -> list[PatternRow]:
    """Patterns whose shape is like these words, then those in which the words stand."""
    near = memory.near(words, count, project=project)
    names = {one.root: one.name for one in projects(memory)}
    rows = [PatternRow(pattern=one, project=names[one.project], similarity=like) for one, like in near]
    known = {row.pattern.id for row in rows}
    literal = memory.store.rows(
        f"select {COLUMNS}, project.name as project {JOINED} where (? is null or project.root = ?) and "
        "(instr(lower(target.name), lower(?)) or instr(lower(pattern.act), lower(?))) "
        "order by pattern.quality desc, pattern.digest limit ?",
        *(project, project, words, words, count),
    )
    rows += [row for row in map(_row, literal) if row.pattern.id not in known]
    return rows[:count]


def shown(memory: PatternStore, beginning: str) -> tuple[PatternRow, Sequence[Use]]:
    """The pattern whose id begins so, and every use of it, the latest first.

    Raises:
        UsageError: there is none, or more than one.
    """
    rows = memory.store.rows(
        f"select pattern.id as number, {COLUMNS}, project.name as project {JOINED} "
        "where substr(pattern.digest, 1, ?) = ? limit 2",
        *(len(beginning), beginning),
    )
    if len(rows) != 1 or not beginning:
        what = "begins more than one id" if rows else "no such pattern"
        raise UsageError(f"{beginning}: {what}", hint="`qeforge memory list` shows them", slug="no-such-pattern")
    uses = memory.store.rows(
        "select at, target, goals, kept from outcome where pattern = ? order by at desc, id desc", rows[0]["number"]
    )
    return _row(rows[0]), [Use(at=u["at"], target=u["target"], goals=u["goals"], kept=bool(u["kept"])) for u in uses]


def stats(memory: PatternStore) -> MemoryStats:
    """Counts and sizes."""
    store = memory.store
    version = store.rows("pragma user_version")
    kinds = store.rows("select kind, count(*) as number from pattern group by kind order by kind")
    embedders = store.rows("select embedder, count(*) as number from vector group by embedder order by embedder")
    return MemoryStats(
        path=store.path,
        size=size_of(store.path),
        version=version[0][0] if version else 0,
        projects=tuple(projects(memory)),
        kinds={row["kind"]: row["number"] for row in kinds},
        embedders={row["embedder"]: row["number"] for row in embedders},
        indexed=memory.indexed,
    )


def _row(row: sqlite3.Row) -> PatternRow:
    return PatternRow(pattern=pattern_of(row), project=row["project"])
