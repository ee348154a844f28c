"""The values that local names may have: constants assigned to them, defaults, members of constant collections."""

import ast
from collections.abc import Iterator

from qeforge.analysis.static import MISSING, StaticValues

MOST = 64
"""Values followed per name."""


class Choices:
    """Possible values of expressions inside one function.

    A name that is bound to anything unknown has no value, and hides a constant of the module with that name.
    """

    def __init__(self, static: StaticValues, owner: str | None) -> None:
        self.static = static
        self.owner = owner
        self._local: dict[str, tuple[object, ...]] = {}

    def forked(self) -> "Choices":
        """The same knowledge, to be changed on its own."""
        twin = Choices(self.static, self.owner)
        twin._local = dict(self._local)
        return twin

    def bind(self, target: ast.expr, values: tuple[object, ...]) -> None:
        """An assignment of one of `values`, none when nothing is known, to a target of any form."""
        match target:
            case ast.Name():
                self._local[target.id] = values[:MOST]
            case ast.Starred():
                self.bind(target.value, ())
            case ast.Tuple() | ast.List():
                rows = [v for v in values if isinstance(v, tuple | list) and len(v) == len(target.elts)]
                for position, inner in enumerate(target.elts):
                    self.bind(inner, tuple(row[position] for row in rows))
            case _:
                pass

    def values(self, node: ast.expr | None) -> tuple[object, ...]:
        """The values an expression may have; none when they are not known."""
        if node is None:
            return ()
        if isinstance(node, ast.Constant):
            return () if node.value is ... else (node.value,)
        if isinstance(node, ast.Name) and node.id in self._local:
            return self._local[node.id]
        found: list[object] = []
        for local in self._worlds(node):
            value = self.static.value(node, owner=self.owner, local=local)
            if value is not MISSING:
                found.append(value)
        return tuple(found) or self._members(node)

    def items(self, node: ast.expr) -> tuple[object, ...]:
        """What iterating over a constant collection gives."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
            table = next(iter(self.values(node.func.value)), None)
            if isinstance(table, dict) and node.func.attr in ("items", "values", "keys"):
                return tuple(getattr(table, node.func.attr)())[:MOST]
        collection = next(iter(self.values(node)), None)
        return tuple(collection)[:MOST] if isinstance(collection, dict | list | tuple | str) else ()

    def _members(self, node: ast.expr) -> tuple[object, ...]:
        """Whatever a constant table holds, when the key is not known."""
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            table = next(iter(self.values(node.value)), None)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            table = next(iter(self.values(node.func.value)), None)
            fallback = self.values(node.args[1]) if len(node.args) > 1 else ()
            if isinstance(table, dict):
                return (*(value for value in table.values() if value is not MISSING), *fallback)[:MOST]
        else:
            return ()
        if isinstance(table, dict):
            return tuple(value for value in table.values() if value is not MISSING)[:MOST]
        return tuple(table)[:MOST] if isinstance(table, list | tuple) else ()

    def _worlds(self, node: ast.expr) -> Iterator[dict[str, object]]:
        """Local values to evaluate `node` with: one name takes all of its values, others their first."""
        first = {name: values[0] if values else MISSING for name, values in self._local.items()}
        several = {name for name, values in self._local.items() if len(values) > 1}
        varied = None
        if several:
            varied = next((n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in several), None)
        if varied is None:
            yield first
        else:
            for value in self._local[varied]:
                yield {**first, varied: value}
