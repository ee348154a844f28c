"""Parameters as the source states them."""

import ast

from qeforge.analysis.syntax import FunctionNode
from qeforge.domain.target import Parameter, ParameterKind


def text(node: ast.expr | None) -> str | None:
    """Source text of an expression, laid out in one way; None for none."""
    return None if node is None else ast.unparse(node)


def parameters(node: FunctionNode, *, bound: bool) -> tuple[Parameter, ...]:
    """All parameters in order; `bound` leaves out the first positional one (`self`, `cls`)."""
    arguments = node.args
    positional = [
        *((a, ParameterKind.POSITIONAL_ONLY) for a in arguments.posonlyargs),
        *((a, ParameterKind.POSITIONAL) for a in arguments.args),
    ]
    missing = len(positional) - len(arguments.defaults)
    defaults: list[ast.expr | None] = [*[None] * missing, *arguments.defaults]
    found = [_parameter(a, kind, default) for (a, kind), default in zip(positional, defaults, strict=True)]
    if bound:
        del found[:1]
    if arguments.vararg:
        found.append(_parameter(arguments.vararg, ParameterKind.VAR_POSITIONAL, None))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(_parameter(argument, ParameterKind.KEYWORD_ONLY, default))
    if arguments.kwarg:
        found.append(_parameter(arguments.kwarg, ParameterKind.VAR_KEYWORD, None))
    return tuple(found)


def _parameter(argument: ast.arg, kind: ParameterKind, default: ast.expr | None) -> Parameter:
    return Parameter(name=argument.arg, kind=kind, annotation=text(argument.annotation), default=text(default))
