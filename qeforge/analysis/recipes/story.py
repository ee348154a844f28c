"""The statements before an expression that it depends on."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from qeforge.analysis.recipes.vocabulary import bound_names, free_names, root_name


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: the names it gives a value, those whose value it may change in place, and those it reads."""

    statement: ast.stmt
    binds: frozenset[str]
    changes: frozenset[str]
    reads: frozenset[str]

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
            roots = [root_name(target) for target in statement.targets]
        case ast.AugAssign() | ast.AnnAssign():
            roots = [root_name(statement.target)]
        case ast.For() | ast.While() | ast.If() | ast.With() | ast.Try() | ast.Delete():
            return reads
    return frozenset(root for root in roots if root)


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
