"""Candidates compiled: import statements, arrange, act."""

import ast
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

FILENAME = "<candidate>"


class Program(NamedTuple):
    """One candidate, ready to run. `expression` tells that the act's value is the result."""

    text: str
    imports: CodeType
    arrange: CodeType | None
    act: CodeType
    expression: bool
    fixtures: tuple[str, ...]


@lru_cache(maxsize=512)
def _imports(text: str) -> CodeType:
    return compile(text, FILENAME, "exec", dont_inherit=True)


@lru_cache(maxsize=4_096)
def compile_program(imports: str, arrange: str, act: str, fixtures: tuple[str, ...]) -> Program:
    """Compile a candidate. Raises one of `FAILURES`."""
    expression = True
    try:
        code = compile(act, FILENAME, "eval", dont_inherit=True)
    except SyntaxError:
        expression = False
        code = compile(act, FILENAME, "exec", dont_inherit=True)
    return Program(
        text=f"{arrange}\n{act}",
        imports=_imports(imports),
        arrange=compile(arrange, FILENAME, "exec", dont_inherit=True) if arrange else None,
        act=code,
        expression=expression,
        fixtures=fixtures,
    )


FAILURES = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
"""What compiling raises for a text that is no Python."""


def imported_modules(imports: str) -> list[str]:
    """Dotted names of the modules that import statements name; [] when they do not parse."""
    try:
        tree = ast.parse(imports)
    except (SyntaxError, ValueError):
        return []
    names: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return names
