"""What can be told of a target before anything ran that bears on who should be asked about it."""

import ast
import sys
from dataclasses import dataclass

from qeforge.analysis.complexity import cognitive
from qeforge.analysis.symbols import symbols_of
from qeforge.domain.target import SourceModule, Target

_EFFECTS = frozenset({
    *("open", "input", "os", "sys", "io", "pathlib", "shutil", "tempfile", "glob", "subprocess", "socket", "http"),
    *("urllib", "requests", "httpx", "time", "datetime", "random", "uuid", "secrets", "threading", "signal"),
})  # fmt: skip
"""Where calls lead that touch the world: files, network, programs, clock, chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Counts over the source of one target (see `domain.routing.Features`)."""

    lines: int
    cyclomatic: int
    cognitive: int
    imports: int
    effects: int
    typed: float


def shape_of(module: SourceModule, target: Target) -> Shape:
    """The shape of a target; a class without a constructor of its own has that of straight-line code."""
    symbols = symbols_of(module)
    node = symbols.function(target)
    inside = list(ast.walk(node)) if node is not None else []
    called = [symbols.dotted(each.func) or "" for each in inside if isinstance(each, ast.Call)]
    names = {symbols.imports[each.id] for each in inside if isinstance(each, ast.Name) and each.id in symbols.imports}
    own = {module.name.partition(".")[0], *sys.stdlib_module_names}
    told = [one for one in target.parameters if one.annotation is not None or one.default is not None]
    return Shape(
        lines=target.span.end_line - target.span.line + 1,
        cyclomatic=target.complexity,
        cognitive=cognitive(node) if node is not None else 0,
        imports=len({name.partition(".")[0] for name in names} - own),
        effects=sum(path.partition(".")[0] in _EFFECTS for path in called),
        typed=len(told) / len(target.parameters) if target.parameters else 1.0,
    )
