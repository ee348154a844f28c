"""Small changes to the literals inside a value."""

import ast
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from qeforge.engine.value import Value

Constant = str | int | float | bytes | bool | None
_SIGNS = " -_.,:/@#1aA\n%=()"
_LONGEST = 400


def substitute(value: Value, change: Callable[[Constant], Any]) -> Iterator[Value]:
    """One new value for each constant that `change` maps to something else; `...` leaves it as it is."""
    tree = _parsed(value)
    if tree is None:
        return
    for node in _nodes(tree):
        old: Any = node.value
        new = change(old)
        if new is ... or (new == old and type(new) is type(old)):
            continue
        node.value = new
        source = _unparse(tree)
        node.value = old
        if source is not None:
            yield _like(value, source)


def tweak(value: Value, rng: random.Random, texts: Sequence[str]) -> Value:
    """A small random step: one constant changed, or one item of a container dropped, doubled, moved.

    Args:
        texts: pieces that strings are likely to need.
    """
    tree = None if value.fixtures else _parsed(value)  # the name of a test's own file means nothing
    if tree is None:
        return value
    nodes = _nodes(tree)
    holders = [n for n in ast.walk(tree) if isinstance(n, ast.List | ast.Tuple | ast.Dict | ast.Set)]
    if holders and (not nodes or rng.random() < 0.35):
        _reshape(rng.choice(holders), rng)
    elif nodes:
        node = rng.choice(nodes)
        node.value = _step(node.value, rng, texts)
    else:
        return value
    source = _unparse(tree)
    return value if source is None else _like(value, source)


def tweak_text(text: str, rng: random.Random, texts: Sequence[str]) -> str:
    """A string one step away."""
    spot = rng.randint(0, len(text))
    piece = rng.choice(texts) if texts and rng.random() < 0.6 else rng.choice(_SIGNS)
    match rng.randrange(9):
        case 0:
            return text[:spot] + piece + text[spot:]
        case 1:
            return text + piece
        case 2:
            return piece + text
        case 3:
            return text[:spot] + text[spot + 1 :]
        case 4:
            return piece
        case 5:
            return text[:spot] + piece + text[spot + 1 :]
        case 6:
            return rng.choice((text.upper(), text.lower(), text.title(), text.swapcase(), text.strip(), text[::-1]))
        case 7:
            return "".join(rng.choice(texts) if texts else piece for _ in range(rng.randint(2, 4)))
        case _:
            return text * 2


def _step(old: Any, rng: random.Random, texts: Sequence[str]) -> Any:
    match old:
        case bool():
            return not old
        case int():
            return rng.choice(
                (old + 1, old - 1, -old, old * 2, old // 2, 0, 1, old + 10, old * 10, 2 ** rng.randint(0, 16))
            )
        case float():
            return rng.choice((old + 1, old - 1, -old, old * 2, old / 2, 0.0, round(old), old + 0.5))
        case str():
            return tweak_text(old, rng, texts)[:_LONGEST]
        case bytes():
            return tweak_text(old.decode("latin-1"), rng, texts)[:_LONGEST].encode("utf-8", "replace")
        case _:
            return rng.choice((1, "a", 0, ""))


def _reshape(holder: ast.List | ast.Tuple | ast.Dict | ast.Set, rng: random.Random) -> None:
    if isinstance(holder, ast.Dict):
        if holder.keys:
            spot = rng.randrange(len(holder.keys))
            if rng.random() < 0.6:
                del holder.keys[spot], holder.values[spot]
            else:
                holder.values[spot] = rng.choice(holder.values)
        return
    items = holder.elts
    if not items:
        if not isinstance(holder, ast.Set):
            items.append(ast.Constant(value=rng.choice((1, "a", None))))
        return
    spot = rng.randrange(len(items))
    match rng.randrange(4):
        case 0 if len(items) > 1 or not isinstance(holder, ast.Set):
            del items[spot]
        case 1:
            items.append(items[spot])
        case 2:
            items.insert(0, items.pop(spot))
        case _:
            items[spot] = rng.choice(items)


def _parsed(value: Value) -> ast.Expression | None:
    if len(value.source) > 2_000:
        return None
    try:
        return ast.parse(value.source, mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return None


def _nodes(tree: ast.Expression) -> list[ast.Constant]:
    inside_strings = {id(n) for joined in ast.walk(tree) if isinstance(joined, ast.JoinedStr) for n in ast.walk(joined)}
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and id(node) not in inside_strings and node.value is not ...
    ]


def _unparse(tree: ast.Expression) -> str | None:
    try:
        source = ast.unparse(tree)
    except (ValueError, RecursionError):
        return None
    return source if len(source) <= 4 * _LONGEST else None


def _like(value: Value, source: str) -> Value:
    new = replace(value, source=source)
    if value.type_name in ("int", "float", "str", "bytes", "bool", "NoneType"):
        try:
            new = replace(new, type_name=type(ast.literal_eval(source)).__name__)
        except (ValueError, SyntaxError, MemoryError):
            return new
    return new
