"""Argument lists for a call: the required only, then with each optional, with other values for all."""

from collections.abc import Callable, Iterable, Sequence

from qeforge.domain.facts import ParameterFact
from qeforge.domain.target import ParameterKind
from qeforge.engine.shapes import pick
from qeforge.engine.value import Value, literal

_MOST_OPTIONAL = 8


class Needs:
    """What a call must give to a parameter."""

    def __init__(self, parameter: ParameterFact) -> None:
        self.positional = parameter.kind in (ParameterKind.POSITIONAL, ParameterKind.POSITIONAL_ONLY)
        variadic = parameter.kind in (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD)
        self.required = not parameter.has_default and not variadic


def argument_rows(
    parameters: Sequence[ParameterFact], column: Callable[[ParameterFact, int], list[Value]]
) -> list[list[tuple[str, Value]]]:
    """Each row names the keyword of each value, empty for a positional one.

    Args:
        parameters: what the call takes.
        column: values for a parameter, the likeliest first, so many levels deeper than the call itself.
    """
    required = [p for p in parameters if Needs(p).required]
    optional = [p for p in parameters if p.has_default][:_MOST_OPTIONAL]
    columns = {p.name: [v for v in column(p, 0) if v.plain] or [literal("None")] for p in (*required, *optional)}

    def row(chosen: Iterable[ParameterFact], index: int) -> list[tuple[str, Value]]:
        return [
            ("" if Needs(p).positional and not p.has_default else p.name, pick(columns[p.name], index)) for p in chosen
        ]

    rows = [row(required, 0)]
    rows += [row([*required, p], 0) for p in optional] + [row([*required, p], 1) for p in optional]
    rows += [row(required, index) for index in range(1, 4)] if required else []
    rows += [row([*required, *optional], index) for index in range(2)] if optional else []
    for p in parameters:
        if p.kind is ParameterKind.VAR_POSITIONAL:
            items = [v for v in column(p, 1) if v.plain]
            rows.append([*row(required, 0), ("", items[0])])
    seen = {tuple((name, value.source) for name, value in r): r for r in reversed(rows)}
    return list(seen.values())[::-1]
