"""The flow of control."""

import ast
from collections.abc import Iterator

from qeforge.analysis.operators.base import Edit, Text, called_name

_NO_EFFECT = frozenset(
    {"print", "super.__init__", "warnings.warn", "gc.collect", "sys.stdout.flush", "sys.stderr.flush"}
)


class LoopControl:
    """Exchanges `break` and `continue`."""

    name = "loop-control"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per statement."""
        if isinstance(node, ast.Break):
            yield text.replace(node, "continue")
        elif isinstance(node, ast.Continue):
            yield text.replace(node, "break")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("for a in b: break", ("for a in b: continue",)),
            ("while a:\n    continue", ("while a:\n    break",)),
        )


class EmptyLoop:
    """Runs a `for` loop over nothing.

    Left out: asynchronous loops, where an empty list would only raise, and loops over a literal empty collection.
    """

    name = "empty-loop"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per loop."""
        if isinstance(node, ast.For) and not (isinstance(node.iter, ast.List | ast.Tuple) and not node.iter.elts):
            yield text.replace(node.iter, "[]")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (("for a in (b): pass", ("for a in ([]): pass",)), ("for a in b, c: pass", ("for a in []: pass",)))


class UncaughtException:
    """Makes a handler catch nothing.

    Left out: a bare `except`, and `except*`, where an empty tuple raises.
    """

    name = "uncaught-exception"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per handler with a type."""
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                if handler.type is not None:
                    yield text.replace(handler.type, "()")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("try: a\nexcept ValueError as e: b", ("try: a\nexcept () as e: b",)),
            ("try: a\nexcept (A, B): b", ("try: a\nexcept (): b",)),
            ("try: a\nexcept: b", ()),
        )


class ReturnNone:
    """Returns None, whatever was computed.

    Left out: `return`, `return None`, and `return False`, which another operator turns round.
    """

    name = "return-none"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per `return` with a value."""
        if isinstance(node, ast.Return) and node.value is not None:
            if isinstance(node.value, ast.Constant) and (
                node.value.value is None or isinstance(node.value.value, bool)
            ):
                return
            yield text.replace(node.value, "None")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("def f(): return a", ("def f(): return None",)),
            ("def f():\n    return (\n        a\n    )", ("def f():\n    return (\n        None\n    )",)),
            ("def f(): return None", ()),
        )


class DroppedCall:
    """Drops a call that is a statement of its own.

    Left out: warnings, flushes and other calls that nothing depends on.
    """

    name = "dropped-call"

    def edits(self, node: ast.AST, text: Text) -> Iterator[Edit]:
        """One edit per statement."""
        if isinstance(node, ast.Expr):
            call = node.value.value if isinstance(node.value, ast.Await) else node.value
            if isinstance(call, ast.Call) and called_name(call) not in _NO_EFFECT:
                yield text.replace(node, "pass")

    def examples(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before and after."""
        return (
            ("f(a)", ("pass",)),
            ("async def f(): await g()", ("async def f(): pass",)),
            ("a = f()", ()),
        )
