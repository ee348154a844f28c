"""Which target's call runs a line."""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from qeforge.analysis.names import import_aliases
from qeforge.analysis.scopes import definitions
from qeforge.analysis.syntax import first_line, is_docstring, last_line
from qeforge.analysis.targets import implementation_of
from qeforge.domain.observation import Arc
from qeforge.domain.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Lines and the targets that they belong to.

    Args:
        owners: target id by first line of a statement; lines at module level are left out.
        entries: target id by the line its code object starts at, decorators included.
        starts: first statements of the module and of every function.
        handlers: from each `try` to its `except` clauses, a move that coverage.py does not list.
    """

    owners: Mapping[int, str] = field(default_factory=dict)
    entries: Mapping[int, str] = field(default_factory=dict)
    starts: frozenset[int] = frozenset()
    handlers: frozenset[Arc] = frozenset()


def ownership_of(tree: ast.Module, targets: Iterable[Target], first: Callable[[int], int]) -> Ownership:
    """Who owns what. `first` gives the first line of the statement that a line is part of."""
    ids = {target.qualname: target.id for target in targets}
    aliases = import_aliases(tree)
    owners: dict[int, str] = {}
    entries: dict[int, str] = {}
    starts = {first(line) for line in _body_start(tree.body)}
    for definition in definitions(tree):
        node = definition.node
        if isinstance(node, ast.ClassDef):
            continue
        body = [] if isinstance(node, ast.Lambda) else node.body
        start = first_line(node.body[0]) if not isinstance(node, ast.Lambda) else node.lineno
        starts.update(first(line) for line in _body_start(body))
        owner = _nearest(implementation_of(definition, aliases) or definition.qualname, ids)
        if owner is None:
            continue
        entries[first_line(node)] = owner
        for line in range(first(start), last_line(node) + 1):
            owners[line] = owner
    return Ownership(owners=owners, entries=entries, starts=frozenset(starts), handlers=_handlers(tree, first))


def _nearest(qualname: str, ids: Mapping[str, str]) -> str | None:
    while qualname and qualname not in ids:
        qualname = qualname.rpartition(".")[0]
    return ids.get(qualname)


def _body_start(body: list[ast.stmt]) -> list[int]:
    """The line of the first statement that runs, none for an empty body."""
    return [first_line(node) for node in body if not is_docstring(node)][:1]


def _handlers(tree: ast.Module, first: Callable[[int], int]) -> frozenset[Arc]:
    tries = (node for node in ast.walk(tree) if isinstance(node, ast.Try | ast.TryStar))
    return frozenset((first(node.lineno), first(h.lineno)) for node in tries for h in node.handlers)
