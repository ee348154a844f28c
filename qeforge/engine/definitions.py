"""Functions and classes to hand over, for code that asks what kind of callable it was given."""

import ast

from qeforge.engine.value import Value

_KINDS: dict[str, tuple[str, str, str]] = {
    "isgeneratorfunction": ("count_up", "function", "def count_up(*args):\n    yield 1\n    yield 2"),
    "iscoroutinefunction": ("fetch", "function", "async def fetch(*args):\n    return 1"),
    "isasyncgenfunction": ("stream", "function", "async def stream(*args):\n    yield 1"),
    "isclass": ("Greeter", "type", "class Greeter:\n    def greet(self):\n        return 'hello'"),
}
"""Predicate → name, type and definition of what it is true of."""


def definitions(tree: ast.AST) -> list[Value]:
    """One thing for each predicate on callables that the code uses, in the order of the table."""
    used = {
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
    }
    return [
        Value(source=name, type_name=type_name, before=(text,))
        for predicate, (name, type_name, text) in _KINDS.items()
        if predicate in used
    ]
