"""Options of a call by name instead of by place. Pure."""

import ast
from collections.abc import Sequence

from qeforge.codegen.signatures import called_name, find_call
from qeforge.codegen.syntax import UNREADABLE, is_constant, is_literal, statements
from qeforge.domain.target import Parameter, ParameterKind, Target

_TAKEN_BY_PLACE = (ParameterKind.POSITIONAL, ParameterKind.POSITIONAL_ONLY)


def named_options(act: str, target: Target) -> str:
    """The act with the options of its call of the target by name, and those left out that are the default anyway; empty
    where nothing is to be changed.

    An option is a flag, or a number or None for a parameter that has a default, behind the first argument. Whatever
    comes after it is said by name, too.
    """
    try:
        return _named(statements(act), target)
    except UNREADABLE:
        return ""


def _named(tree: Sequence[ast.stmt], target: Target) -> str:
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
