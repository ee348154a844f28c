"""Options of a call said by name: `naturalsize(300, False, True)` → `naturalsize(300, gnu=True)`.

Examples in documentation pass options by position. A reader of a test has no signature at hand. The judge sees whether
the call stays what it was: a wrapper may take its arguments by position alone.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from qeforge.codegen.signatures import called_name, find_call
from qeforge.codegen.syntax import is_constant, is_literal, statements
from qeforge.domain.candidate import Candidate
from qeforge.domain.observation import Facet, Observation
from qeforge.domain.protocols import Judge
from qeforge.domain.target import Parameter, ParameterKind, Target
from qeforge.domain.testcase import TestCase

_Needed = Mapping[str, Mapping[str, frozenset[Facet]]]

_TAKEN_BY_PLACE = (ParameterKind.POSITIONAL, ParameterKind.POSITIONAL_ONLY)
_MAY_DIFFER = frozenset({"seconds", "operands"})
"""What two looks at the same call may tell differently."""


def with_named_options(
    judge: Judge, cases: Sequence[TestCase], needed: _Needed, targets: Mapping[str, Target]
) -> tuple[tuple[TestCase, ...], dict[str, dict[str, frozenset[Facet]]]]:
    """The cases with their options named where that changes nothing, and what each has to kill under its new key.

    Args:
        judge: looks at the new spelling.
        cases: confirmed ones.
        needed: for each candidate's key, the mutants that it kills and the facets that show it.
        targets: by id.
    """
    offers: dict[int, Candidate] = {}
    for place, case in enumerate(cases):
        target = targets.get(case.candidate.target)
        act = named_options(case.candidate.act, target) if target is not None else ""
        if act:
            offers[place] = replace(case.candidate, act=act)
    spelled, duties = list(cases), {key: dict(kills) for key, kills in needed.items()}
    if offers:
        for (place, candidate), seen in zip(offers.items(), judge.observe(list(offers.values())), strict=True):
            case = cases[place]
            if _is_alike(case.observation, seen):
                spelled[place] = replace(case, candidate=candidate, observation=seen)
                duties[candidate.key] = {**duties.get(candidate.key, {}), **needed.get(case.candidate.key, {})}
    return tuple(spelled), duties


def named_options(act: str, target: Target) -> str:
    """The act with the options of its call of the target by name, and those left out that are the default anyway; empty
    where nothing is to be changed.

    An option is a flag, or a number or None for a parameter that has a default, behind the first argument. Whatever
    comes after it is said by name, too.
    """
    try:
        tree = statements(act)
    except SyntaxError:
        return ""
    call = find_call(tree, called_name(target))
    if call is None or any(isinstance(node, ast.Starred) for node in call.args):
        return ""
    takers = [parameter for parameter in target.parameters if parameter.kind in _TAKEN_BY_PLACE]
    if len(call.args) > len(takers):
        return ""
    pairs = list(zip(takers, call.args, strict=False))
    start = next((at for at, (one, node) in enumerate(pairs) if _is_option(one, node, first=at == 0)), None)
    if start is None or any(one.kind is ParameterKind.POSITIONAL_ONLY for one, _ in pairs[start:]):
        return ""
    named = [ast.keyword(arg=one.name, value=node) for one, node in pairs[start:] if not _is_default(one, node)]
    call.args, call.keywords = call.args[:start], [*named, *call.keywords]
    return "\n".join(map(ast.unparse, tree))


def _is_default(parameter: Parameter, value: ast.expr) -> bool:
    """Whether leaving it out passes the same. A default that can be changed is shared by all calls, and a name may
    stand for something else in the test."""
    return is_constant(value) and parameter.default == ast.unparse(value)


def _is_option(parameter: Parameter, value: ast.expr, *, first: bool) -> bool:
    match value:
        case ast.Constant(value=bool()):
            return not first or parameter.default is not None
        case ast.Constant(value=None | int() | float()) | ast.UnaryOp():
            return not first and parameter.default is not None and is_literal(value)
        case _:
            return False


def _is_alike(first: Observation, second: Observation) -> bool:
    """Whether both looks saw the same; the traceback of an exception begins in the test's own line, which differs."""
    for one in fields(first):
        before, after = getattr(first, one.name), getattr(second, one.name)
        if one.name in _MAY_DIFFER:
            continue
        if one.name == "raised" and before is not None and after is not None:
            before, after = replace(before, frames=()), replace(after, frames=())
        if before != after:
            return False
    return True
