"""A recipe of one target made into a candidate for another one that looks like it."""

import ast
import sys
from collections.abc import Sequence
from dataclasses import replace

from qeforge.codegen.syntax import UNREADABLE, expression, names_in, statements
from qeforge.domain.candidate import Candidate
from qeforge.domain.pattern import Pattern, PatternKind
from qeforge.domain.recipe import Given, Ingredient, Recipe
from qeforge.domain.target import Kind, Parameter, ParameterKind, Target
from qeforge.memory.calls import Called, is_whole, needed, read_call, roles_of

PROPOSER = "memory"

_FREE = (Kind.FUNCTION, Kind.STATIC_METHOD, Kind.CLASS_METHOD)
_STANDARD = frozenset(
    ("capsys", "capfd", "caplog", "monkeypatch", "recwarn", "tmp_path", "tmp_path_factory")
)  # fixtures that every project has


def same(pattern: Pattern) -> Candidate:
    """What was kept, as it was."""
    return Candidate(
        target=pattern.target,
        act=pattern.act,
        arrange=pattern.arrange,
        imports=pattern.imports,
        fixtures=pattern.fixtures,
        proposer=PROPOSER,
    )


def adapted(pattern: Pattern, target: Target, *, project: str) -> Candidate | None:
    """The recipe with the target's name, its values in the parameters of the same name, else in those at the same
    place; None where it would not be a call of the target any more.

    Of a method, recipes of other methods of its class are taken, on the object as it was built there; of anything else
    those whose call needs no object. From another project only what uses the standard library alone.

    Args:
        pattern: a call.
        target: what to call instead.
        project: the target's.
    """
    if pattern.kind is not PatternKind.CALL or not is_python(pattern):
        return None
    origin = pattern.target.partition(":")[2]
    called = read_call(pattern.act, origin.rpartition(".")[2], pattern.roles)
    if called is None:
        return None
    if target.kind is Kind.METHOD:
        function = _beside(pattern, called, target)
        binding = ""
    elif target.kind in _FREE and not isinstance(called.call.func, ast.Attribute):
        function = ast.parse(target.qualname, mode="eval").body
        binding = f"from {target.module} import {target.qualname.partition('.')[0]}"
    else:
        return None
    arguments = _arguments(called, pattern.roles, target)
    if function is None or arguments is None:
        return None
    called.call.func, called.call.args, called.call.keywords = function, *arguments
    act = ast.unparse(called.act)
    words = {*names_in([called.act]), *names_in([node for line in pattern.arrange for node in statements(line)])}
    rest = needed(pattern.imports, words)
    if pattern.project != project and not is_portable(rest, pattern.fixtures):
        return None
    imports = tuple(dict.fromkeys((*([binding] if binding else []), *rest)))
    nodes = [*(node for line in pattern.arrange for node in statements(line)), *statements(act)]
    if not is_whole(nodes, (*imports, *(f"import {name}" for name in pattern.fixtures))):
        return None
    return replace(same(pattern), target=target.id, act=act, imports=imports)


def is_python(pattern: Pattern) -> bool:
    """Whether all of it parses: what others wrote into the store is not trusted."""
    try:
        for part in (*pattern.imports, *pattern.arrange, pattern.act):
            statements(part)
    except UNREADABLE:
        return False
    return pattern.kind is PatternKind.CALL or expression(pattern.act) is not None


def value_recipe(pattern: Pattern, role: str) -> Recipe:
    """A remembered value as the native engine reads calls: what somebody once gave to a parameter of that name."""
    value = Ingredient(source=pattern.act, imports=pattern.imports)
    return Recipe(target=pattern.target, arguments=(Given(name=role, value=value, keyword=True),))


def is_portable(imports: Sequence[str], fixtures: Sequence[str]) -> bool:
    """Whether any project can run what needs these: they come with Python and with pytest."""
    for line in imports:
        for node in statements(line):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if not all(name.partition(".")[0] in sys.stdlib_module_names for name in names):
                return False
    return set(fixtures) <= _STANDARD


def _beside(pattern: Pattern, called: Called, target: Target) -> ast.expr | None:
    """The method on the object that another method of the same class was called on."""
    module, _, qualname = pattern.target.partition(":")
    if module != target.module or qualname.rpartition(".")[0] != (target.owner or ""):
        return None
    function = called.call.func
    if not isinstance(function, ast.Attribute):
        return None
    return ast.Attribute(value=function.value, attr=target.name, ctx=ast.Load())


def _arguments(called: Called, roles: Sequence[str], target: Target) -> tuple[list[ast.expr], list[ast.keyword]] | None:
    """The arguments of the new call; None when one that it needs has no value."""
    left = {given.role: given.value for given in called.given}
    chosen: dict[str, ast.expr] = {}
    for parameter in target.parameters:
        if parameter.name in left:
            chosen[parameter.name] = left.pop(parameter.name)
    by_place = list(zip(roles_of(target), roles, strict=False))
    for wanted, role in by_place:
        if wanted not in chosen and role in left and not wanted.startswith("*"):
            chosen[wanted] = left.pop(role)
    if any(parameter.required and parameter.name not in chosen for parameter in target.parameters) or not (
        chosen or not called.given
    ):
        return None
    return _written(target.parameters, chosen)


def _written(parameters: Sequence[Parameter], chosen: dict[str, ast.expr]) -> tuple[list[ast.expr], list[ast.keyword]]:
    """By place as long as no parameter was left out before, by name from there on."""
    args: list[ast.expr] = []
    keywords: list[ast.keyword] = []
    gap = False
    for parameter in parameters:
        value = chosen.get(parameter.name)
        if value is None or parameter.kind in (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD):
            gap = True
        elif gap or parameter.kind is ParameterKind.KEYWORD_ONLY:
            keywords.append(ast.keyword(arg=parameter.name, value=value))
        else:
            args.append(value)
    return args, keywords
