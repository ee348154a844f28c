"""After a KeyError or an IndexError: containers that have the item."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from qeforge.engine.plan import Plan
from qeforge.engine.repairs.places import at


def key_error(plan: Plan, message: str) -> Iterator[Plan]:
    """Dicts with the key; an environment variable where the key reads like the name of one."""
    try:
        key = ast.literal_eval(message)
    except (ValueError, SyntaxError):
        return
    for index, value in enumerate(plan.values()):
        try:
            tree = ast.parse(value.source, mode="eval")
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                for filler in ("'abc'", "1", "{}"):
                    node.keys.append(ast.Constant(value=key))
                    node.values.append(ast.parse(filler, mode="eval").body)
                    source = ast.unparse(tree)
                    node.keys.pop()
                    node.values.pop()
                    yield at(plan, index, replace(value, source=source))
    if isinstance(key, str):
        named = f'monkeypatch.setenv("{key}", "abc")'
        if re.fullmatch(r"[A-Z][A-Z0-9_]+", key) and named not in plan.world:
            yield replace(
                plan,
                world=(*plan.world, named),
                world_fixtures=(*plan.world_fixtures, "monkeypatch"),
                generation=plan.generation + 1,
            )


def index_error(plan: Plan) -> Iterator[Plan]:
    """Lists, tuples and strings with more in them."""
    for index, value in enumerate(plan.values()):
        try:
            tree = ast.parse(value.source, mode="eval")
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.List | ast.Tuple) and len(node.elts) < 8:
                filler = node.elts[-1] if node.elts else ast.Constant(value=1)
                node.elts.extend([filler, filler])
                source = ast.unparse(tree)
                del node.elts[-2:]
                yield at(plan, index, replace(value, source=source))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 8:
                old = node.value
                node.value = old + "abc"
                source = ast.unparse(tree)
                node.value = old
                yield at(plan, index, replace(value, source=source))
