"""Keys added to mappings, also to those that a JSON text describes."""

import ast
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from qeforge.engine.tweak import substitute
from qeforge.engine.value import Value

_FILLERS: tuple[Any, ...] = (1, "abc", {}, [1])
_MOST = 12


def with_key(value: Value, key: str, *, beside: Sequence[Any] | None = None) -> Iterator[Value]:
    """The value with `key` added to a mapping inside it, once for each mapping and each filler.

    Args:
        beside: the keys that the mapping has, where they are known.
    """
    yield from islice(_in_displays(value, key, beside), _MOST)
    for filler in _FILLERS:
        for position in range(4):
            yield from substitute(value, partial(_in_json, key, filler, position, beside))


def _fits(keys: Sequence[Any], beside: Sequence[Any] | None) -> bool:
    return beside is None or list(keys) == list(beside)


def _in_displays(value: Value, key: str, beside: Sequence[Any] | None) -> Iterator[Value]:
    try:
        tree = ast.parse(value.source, mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return
    displays = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    for node in displays:
        keys = [each.value for each in node.keys if isinstance(each, ast.Constant)]
        if key in keys or not _fits(keys, beside):
            continue
        for filler in _FILLERS:
            node.keys.append(ast.Constant(value=key))
            node.values.append(ast.parse(repr(filler), mode="eval").body)
            yield replace(value, source=ast.unparse(tree))
            node.keys.pop()
            node.values.pop()


def _in_json(key: str, filler: Any, position: int, beside: Sequence[Any] | None, old: Any) -> Any:
    """A JSON text with the key added to its mapping of that number, outermost first; `...` where there is none."""
    if not isinstance(old, str) or "{" not in old:
        return ...
    try:
        data = json.loads(old)
    except ValueError:
        return ...
    objects = [each for each in _objects(data) if key not in each and _fits(list(each), beside)]
    if position >= len(objects):
        return ...
    objects[position][key] = filler
    return json.dumps(data)


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
        for inner in data.values():
            yield from _objects(inner)
    elif isinstance(data, list):
        for inner in data:
            yield from _objects(inner)
