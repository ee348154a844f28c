"""Arrangement that several tests repeat: classes and functions move to the file, objects into fixtures."""

import ast
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qeforge.codegen.syntax import BUILTINS, bound_names, is_value, names_in
from qeforge.codegen.tables import TestFunction

_SHARED = 2
"""Tests that must define the same class or function before it moves out of them."""

REPEATED = 3
"""Tests that must share an arrangement before it moves out of them."""

PYTEST_FIXTURES = frozenset({
    "cache", "capfd", "capfdbinary", "caplog", "capsys", "capsysbinary", "monkeypatch", "pytestconfig", "recwarn",
    "request", "tmp_path", "tmp_path_factory", "tmpdir",
})  # fmt: skip
_BY_PHASE = frozenset({"capfd", "caplog", "capsys"})
"""These tell apart what happens in a fixture and in the test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """A fixture of the file: `name` returns `value`, given the fixtures in `needs`."""

    name: str
    value: ast.expr
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """A class or function that tests share."""

    name: str
    node: ast.stmt


def extract_helpers(functions: Sequence[TestFunction], taken: Collection[str] = ()) -> list[Helper]:
    """Moves classes and functions that two tests or more define alike out of them.

    Args:
        functions: the tests of a file; their drafts are changed.
        taken: names that the module level of the file binds otherwise.
    """
    uses: Counter[tuple[str, str]] = Counter()
    for function in functions:
        uses.update({(node.name, ast.unparse(node)) for node in _definitions(function)})
    found: dict[str, Helper] = {}
    for (name, source), count in sorted(uses.items(), key=lambda item: (-item[1], item[0])):
        if count < _SHARED or name in found or name in taken or name.lower().startswith("test"):
            continue
        found[name] = Helper(name=name, node=ast.parse(source).body[0])
        for function in functions:
            same = [node for node in _definitions(function) if ast.unparse(node) == source]
            function.draft.arrange = [node for node in function.draft.arrange if node not in same]
    return list(found.values())


def _definitions(function: TestFunction) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Those in the arrangement that use nothing of the test around them."""
    draft = function.draft
    columns = function.table.columns if function.table else []
    found = []
    for node in draft.arrange:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            others = [other for other in draft.everything() if other is not node]
            if not set(names_in([node])) & {*bound_names(others), *columns, *draft.fixtures}:
                found.append(node)
    return found


def extract_fixtures(functions: Sequence[TestFunction], taken: Collection[str] = ()) -> list[Fixture]:
    """Moves assignments that stand first in three tests or more into fixtures, in place of them.

    Args:
        functions: the tests of a file; their drafts are changed.
        taken: names that the module level of the file binds: imports, other fixtures.
    """
    found: list[Fixture] = []
    while True:
        best = _most_repeated(functions, {*taken, *(fixture.name for fixture in found)})
        if best is None:
            return found
        name, source = best
        users = [(function, node) for function in functions if (node := _find(function, name, source))]
        given = {fixture.name for fixture in found} | PYTEST_FIXTURES | set(users[0][0].draft.fixtures)
        used = set(names_in([users[0][1].value]))
        needs = tuple(sorted(used & given & set(users[0][0].draft.fixtures)))
        found.append(Fixture(name=name, value=users[0][1].value, needs=needs))
        for function, node in users:
            draft = function.draft
            draft.arrange = [other for other in draft.arrange if other is not node]
            later = set(names_in(draft.everything()))
            draft.fixtures = [f for f in draft.fixtures if f not in needs or f in later or f == "monkeypatch"]
            draft.fixtures.append(name)


def _most_repeated(functions: Sequence[TestFunction], taken: set[str]) -> tuple[str, str] | None:
    counts: Counter[tuple[str, str]] = Counter()
    for function in functions:
        counts.update({(name, ast.unparse(node.value)) for name, node in _candidates(function) if name not in taken})
    good = [pair for pair, count in counts.items() if count >= REPEATED]
    return min(good, key=lambda pair: (-counts[pair], pair), default=None)


def _find(function: TestFunction, name: str, source: str) -> ast.Assign | None:
    for found, node in _candidates(function):
        if found == name and ast.unparse(node.value) == source:
            return node
    return None


def _candidates(function: TestFunction) -> list[tuple[str, ast.Assign]]:
    """Assignments before which nothing happens, of something built from imports and fixtures alone."""
    draft = function.draft
    if _BY_PHASE & set(draft.fixtures):
        return []
    local = bound_names(draft.everything()) | set(function.table.columns if function.table else ())
    foreign = draft.foreign
    found = []
    for index, node in enumerate(draft.arrange):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case _:
                break
        if is_value(value, foreign):
            continue
        rest = [*draft.arrange[:index], *draft.arrange[index + 1 :], *draft.act, *draft.checks]
        alone = not set(names_in([value])) & local and name not in bound_names(rest)
        if alone and name not in BUILTINS | PYTEST_FIXTURES and not _has_scope(value):
            found.append((name, node))
    return found


def _has_scope(node: ast.expr) -> bool:
    """Whether there are names of its own in it, so that reading its names tells nothing."""
    scopes = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.NamedExpr
    return any(isinstance(inner, scopes) for inner in ast.walk(node))
