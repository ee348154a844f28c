"""Exchanges one value of a plan, or a literal inside one."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from qeforge.domain.facts import TypeRef
from qeforge.engine.plan import Plan
from qeforge.engine.value import Value

Values = Callable[[str, TypeRef], list[Value]]
"""Values of a type for a parameter of a name."""

PER_REPAIR = 3
"""Values tried for each argument that may be to blame."""


def retyped_inside(plan: Plan, culprits: set[str], kind: TypeRef, values: Values) -> Iterator[Plan]:
    """Plans with a literal one level down of another type: items, arguments of constructors, a lambda's
    result."""
    for index, value, tree in parsed(plan):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or node is tree.body or type(node.value).__name__ not in culprits:
                continue
            old = ast.unparse(node)
            for new in values("value", kind)[:1]:
                if (new.plain and not new.shared) or new.type_name in ("list", "dict"):
                    source = replaced(value.source, node, new.source)
                    changed = replace(
                        value,
                        source=source,
                        imports=(*value.imports, *new.imports),
                        fixtures=(*value.fixtures, *new.fixtures),
                    )
                    if old != new.source:
                        yield plan.with_value(index, changed)


def parsed(plan: Plan) -> Iterator[tuple[int, Value, ast.Expression]]:
    """The values of a plan that are expressions by themselves, each with its position in `Plan.values` and its tree."""
    for index, value in enumerate(plan.values()):
        try:
            yield index, value, ast.parse(value.source, mode="eval")
        except SyntaxError:
            continue


def replaced(source: str, node: ast.Constant, new: str) -> str:
    """A one-line source with one literal exchanged."""
    lines = source.splitlines()
    if node.lineno != node.end_lineno or len(lines) != 1:
        return source
    line = lines[0].encode()
    return (line[: node.col_offset] + new.encode() + line[node.end_col_offset :]).decode()
