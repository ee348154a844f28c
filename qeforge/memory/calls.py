"""Reading and rewriting the one call that a recipe is about."""

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qeforge.codegen.syntax import BUILTINS, UNREADABLE, bound_names, expression, names_in, statements
from qeforge.domain.candidate import Candidate
from qeforge.domain.target import Kind, ParameterKind, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An argument of a call: the parameter that it is for, and whether it is passed by name."""

    role: str
    value: ast.expr
    keyword: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """An act, the call of the target in it, and that call's arguments."""

    act: ast.expr
    call: ast.Call
    given: tuple[Given, ...]


def plain(source: str) -> str:
    """Code without layout and comments: what does the same reads the same."""
    return "\n".join(map(ast.unparse, statements(source)))


def plain_key(candidate: Candidate) -> str:
    """Equal for candidates that do the same, however they are laid out."""
    try:
        return plain("\n".join((*candidate.imports, *candidate.arrange, candidate.act)))
    except UNREADABLE:  # somebody's who offers no Python; it is nobody else's
        return candidate.key


def called_name(target: Target) -> str:
    """The word before the bracket: a constructor goes by its class."""
    if target.kind is Kind.CONSTRUCTOR:
        return (target.owner or target.qualname).rpartition(".")[2]
    return target.name


def roles_of(target: Target) -> tuple[str, ...]:
    """Names of what a call can fill, in order; `*` before the one that takes any number of arguments."""
    stars = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}
    return tuple(stars.get(each.kind, "") + each.name for each in target.parameters)


def read_call(act: str, name: str, roles: Sequence[str]) -> Called | None:
    """The call of `name` in an act; None when there is not exactly one, or it cannot be told what is for whom.

    Args:
        act: of a candidate.
        name: the word before the bracket (`called_name`).
        roles: of what is called (`roles_of`).
    """
    tree = expression(act)
    if tree is None:
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _last(node.func) == name]
    if len(calls) != 1:
        return None
    given: list[Given] = []
    for place, value in enumerate(calls[0].args):
        role = _at(place, roles)
        if role is None or isinstance(value, ast.Starred):
            return None
        given.append(Given(role=role, value=value))
    for keyword in calls[0].keywords:
        if keyword.arg is None:
            return None
        given.append(Given(role=keyword.arg, value=keyword.value, keyword=True))
    return Called(act=tree, call=calls[0], given=tuple(given))


def needed(imports: Sequence[str], names: Collection[str]) -> tuple[str, ...]:
    """Of the import statements, what binds one of the names; the rest of a statement is left out."""
    found: list[str] = []
    for line in imports:
        for node in statements(line):
            if isinstance(node, ast.Import | ast.ImportFrom):
                kept = [one for one in node.names if (one.asname or one.name).partition(".")[0] in names]
                if kept:
                    node.names = kept
                    found.append(ast.unparse(node))
    return tuple(dict.fromkeys(found))


def is_whole(nodes: Sequence[ast.AST], imports: Sequence[str]) -> bool:
    """Whether code stands for itself: each name in it is a builtin, imported, or bound in it."""
    bound = bound_names([*nodes, *(node for line in imports for node in statements(line))])
    return all(name in BUILTINS or name in bound for name in names_in(nodes))


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _at(place: int, roles: Sequence[str]) -> str | None:
    for number, role in enumerate(roles):
        if role.startswith("**"):
            return None
        if role.startswith("*"):
            return role
        if number == place:
            return role
    return None
