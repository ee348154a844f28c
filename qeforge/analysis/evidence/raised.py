"""The exceptions that a callable raises by its own `raise` statements."""

import ast

from qeforge.analysis.symbols import FunctionNode, symbols_of
from qeforge.domain.target import SourceModule, Target


def raised_types(module: SourceModule, target: Target) -> tuple[str, ...]:
    """Names of the exceptions raised directly in `target`, in source order, each once.

    Builtin names are bare, imported ones dotted by their import, own classes `module.Class`. A bare `raise` counts for
    the types its handler catches. What nested functions raise is theirs.
    """
    symbols = symbols_of(module)
    node = symbols.function(target)
    if node is None:
        return ()
    found: dict[str, None] = {}
    for statement, handled in _raises(node):
        for expression in handled if statement.exc is None else [statement.exc]:
            called = expression.func if isinstance(expression, ast.Call) else expression
            path = symbols.dotted(called)
            if path is None or (statement.exc is not None and path.partition(".")[0].islower() and "." not in path):
                continue  # a variable: its type is anybody's guess
            found[f"{symbols.module}.{path}" if path in symbols.classes else path] = None
    return tuple(found)


def _raises(node: FunctionNode) -> list[tuple[ast.Raise, list[ast.expr]]]:
    found: list[tuple[ast.Raise, list[ast.expr]]] = []
    stack: list[tuple[ast.AST, list[ast.expr]]] = [(statement, []) for statement in reversed(node.body)]
    while stack:
        current, handled = stack.pop()
        if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(current, ast.Raise):
            found.append((current, handled))
        if isinstance(current, ast.ExceptHandler):
            caught = current.type
            handled = list(caught.elts) if isinstance(caught, ast.Tuple) else [caught] if caught else []
        stack.extend((child, handled) for child in reversed(list(ast.iter_child_nodes(current))))
    return found
