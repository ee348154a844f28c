"""The statements before an expression that it depends on."""

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from qeforge.analysis.recipes.vocabulary import bound_names, free_names, root_name


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: the names it gives a value, those whose value it may change in place, and those it reads; `wide`
    where it may well change more than local objects."""

    statement: ast.stmt
    binds: frozenset[str]
    changes: frozenset[str]
    reads: frozenset[str]
    wide: bool = False

    @property
    def whole(self) -> bool:
        """Whether it does nothing but give names a value."""
        targets = self.statement.targets if isinstance(self.statement, ast.Assign) else []
        return bool(targets) and all(isinstance(target, ast.Name) for target in targets)

    @classmethod
    def of(cls, statement: ast.stmt) -> "Step":
        """What a statement does to names."""
        reads = frozenset(free_names(statement))
        return cls(statement, frozenset(bound_names(statement)), _changed(statement, reads), reads)


def _changed(statement: ast.stmt, reads: frozenset[str]) -> frozenset[str]:
    roots: list[str | None] = []
    match statement:
        case ast.Expr():
            roots = [root_name(statement.value)]
        case ast.Assign():
            roots = [root_name(place) for target in statement.targets for place in _places(target)]
        case ast.AugAssign() | ast.AnnAssign():
            roots = [root_name(statement.target)]
        case ast.For() | ast.While() | ast.If() | ast.With() | ast.Try() | ast.Delete():
            return reads
    return frozenset(root for root in roots if root)


def _places(target: ast.expr) -> Iterator[ast.expr]:
    """What an assignment assigns to, one by one."""
    match target:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _places(part)
        case ast.Starred(value=part):
            yield from _places(part)
        case _:
            yield target


def is_wide(statement: ast.stmt, local: Collection[str]) -> bool:
    """Whether a statement is likely to change more than the objects of local names: others are assigned to, or it is
    there for its effect."""
    match statement:
        case ast.Expr() | ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Delete():
            places = statement.targets if isinstance(statement, ast.Assign | ast.Delete) else []
            if isinstance(statement, ast.AugAssign | ast.AnnAssign):
                places = [statement.target]
            changed = (part for place in places for part in _places(place) if not isinstance(part, ast.Name))
            return any(root_name(part) not in local for part in changed)
        case ast.With() | ast.AsyncWith():
            return True
        case _:
            calls = (each.value for each in ast.walk(statement) if isinstance(each, ast.Expr))
            return any(isinstance(call, ast.Call) and root_name(call) not in (*local, "print") for call in calls)


def related(steps: Sequence[Step], expression: ast.expr) -> tuple[list[ast.stmt], frozenset[str]]:
    """All of `steps` that have to do with a value which the expression uses, however remotely, in order, wide ones with
    them; the local names that they and it mention. Hardly anything else can have changed what it gives."""
    version = {name: 0 for step in steps for name in step.binds}
    mentions: list[set[tuple[str, int]]] = []
    for step in steps:
        before = step.reads if step.whole else step.reads | step.changes
        names = {(name, version[name]) for name in before if name in version}
        if step.whole:
            version |= {name: version[name] + 1 for name in step.binds}
        mentions.append(names | {(name, version[name]) for name in step.binds})
    wanted = {(name, version[name]) for name in free_names(expression) if name in version}
    kept = {number for number, step in enumerate(steps) if step.wide}
    wanted.update(*(mentions[number] for number in kept))
    while fresh := [number for number, names in enumerate(mentions) if number not in kept and names & wanted]:
        kept.update(fresh)
        wanted.update(*(mentions[number] for number in fresh))
    return [steps[number].statement for number in sorted(kept)], frozenset(name for name, _ in wanted)


def needed(steps: Sequence[Step], expression: ast.expr) -> list[ast.stmt]:
    """Statements among `steps` that give or change a value which the expression uses, in order."""
    local = {name for step in steps for name in step.binds}
    wanted = set(free_names(expression)) & local
    kept: list[ast.stmt] = []
    for step in reversed(steps):
        if not wanted:
            break
        if wanted & (step.binds | step.changes):
            kept.append(step.statement)
            if step.whole:
                wanted -= step.binds  # what it was before does not matter
            wanted |= step.reads & local
    return kept[::-1]
