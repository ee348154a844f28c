"""Puts the other side of a predicate back into the input.

When `word in STOPWORDS` or `kind == "csv"` was evaluated and failed, the value that would have satisfied it is known;
membership, string constants and regexes are most of what search misses (the untaken branches of published runs).
"""

import ast
import datetime
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from qeforge.domain.observation import Operand
from qeforge.engine import nested, patterns
from qeforge.engine.origins import Clues, missing, rewritten, rewritten_bytes
from qeforge.engine.plan import Plan
from qeforge.engine.tweak import Constant, substitute
from qeforge.engine.value import Value, of

_PER_PAIR = 6
_LONGEST_LIST = 60
_MOMENTS: dict[str, Any] = {
    f"datetime.{kind.__name__}": kind for kind in (datetime.date, datetime.datetime, datetime.time, datetime.timedelta)
}

_BY_TYPE: dict[str, Any] = {
    "str": "abc",
    "int": 1,
    "float": 1.5,
    "bool": True,
    "list": [1, 2],
    "dict": {"a": 1},
    "tuple": (1, 2),
    "bytes": b"abc",
    "NoneType": None,
    "set": {1, 2},
}


def satisfying(operand: Operand, rng: random.Random) -> list[tuple[Constant, Any]]:
    """Pairs (what was seen, what to put there instead) that could turn the predicate around."""
    left, right = _read(operand.left), _read(operand.right)
    pairs: list[tuple[Any, Any]] = []
    match operand.operator:
        case "==":
            pairs = [(left, right), (right, left)]
            if left == right:
                pairs = [(left, _other(left))]
            elif isinstance(left, str) and isinstance(right, str) and left and left == right[::-1]:
                pairs.append((left, left + right))  # reads the same both ways
        case "<":
            for seen, other in ((left, right), (right, left)):
                if isinstance(other, int | float) and not isinstance(other, bool):
                    pairs += [(seen, other), (seen, other + 1), (seen, other - 1)]
                elif isinstance(other, str):
                    pairs += [(seen, other), (seen, other + "a"), (seen, other[:-1])]
                elif isinstance(other, tuple | list):
                    pairs.append((seen, other))
                elif isinstance(other, datetime.date):
                    day = datetime.timedelta(days=1)
                    pairs += [(seen, other), (seen, other - day), (seen, other + day)]
                elif isinstance(other, datetime.time):
                    pairs.append((seen, other))
        case "in":
            if isinstance(right, str) and isinstance(left, str):
                pairs = [(right, right + left), (right, left), (right, right.replace(left, ""))] if left else []
                pairs += [(left, right[:1]), (left, right[-1:])] if len(left) == 1 else []
                pairs += [(left, right[: max(1, len(right) // 2)])]
            elif isinstance(right, bytes) and isinstance(left, bytes):
                pairs = [(right, right + left), (right, right.replace(left, b""))] if left else []
            elif isinstance(right, dict | list | tuple | set | frozenset):
                pairs = [(left, item) for item in list(right)[:8]]
                if left in _listed(right):
                    pairs.append((left, _other(left)))
        case "startswith" if isinstance(left, str):
            for piece in (right,) if isinstance(right, str) else right if isinstance(right, tuple) else ():
                pairs += [(left, f"{piece}{left}"), (left, left.removeprefix(piece))]
        case "endswith" if isinstance(left, str):
            for piece in (right,) if isinstance(right, str) else right if isinstance(right, tuple) else ():
                pairs += [(left, f"{left}{piece}"), (left, left.removesuffix(piece))]
        case "startswith" | "endswith" if isinstance(left, bytes) and isinstance(right, bytes):
            pairs = [(left, right + left if operand.operator == "startswith" else left + right)]
        case "match" if isinstance(left, str):
            pairs = [(right, text) for text in patterns.matching(left, rng, count=4)]
            if isinstance(right, str):
                pairs += [
                    (right, miss)
                    for text, miss in [(t, m) for _, t in pairs[:1] for m in patterns.near_misses(t, rng)]
                    if text
                ]
        case "getitem":
            if isinstance(left, dict | list | tuple):
                pairs = [(right, key) for key in list(left)[:6]]
        case "isinstance":
            for name in operand.right.replace("builtins.", "").strip("()").split(","):
                if name.strip() in _BY_TYPE:
                    pairs.append((left, _BY_TYPE[name.strip()]))
        case "truth":
            pairs = [(left, _other(left))]
    return [(seen, wanted) for seen, wanted in pairs if wanted is not _NOTHING and seen is not _NOTHING]


def redirect(plan: Plan, operand: Operand, rng: random.Random, clues: Clues | None = None) -> Iterator[Plan]:
    """Plans in which the operand's predicate has a chance to go the other way.

    Args:
        plan: what was run.
        operand: the two values that met.
        rng: decides among equals.
        clues: what is known of the texts that are read; with them a value is also looked for in what it may have been
            made from: a length, a number, a piece, a date.
    """
    hits = 0
    if operand.operator == "getitem" and clues is not None:
        yield from _with_member(plan, operand, clues, deep=False)
    for seen, wanted in satisfying(operand, rng):
        hit = False
        for new in _as_item(plan, seen, wanted):
            hit = True
            yield new
        for new in _put_in_place(plan, seen, wanted):
            hit = True
            yield new
        if clues is not None:
            for new in _undone(plan, seen, wanted, clues):
                hit = True
                yield new
        if not hit and not isinstance(wanted, list | tuple | dict | set | frozenset):
            for index, value in enumerate(plan.values()):
                if value.type_name == type(wanted).__name__ and value.source != repr(wanted):
                    yield plan.with_value(index, of(wanted))
        hits += hit
    if operand.operator in ("getitem", "in") and clues is not None and not hits:
        yield from _with_member(plan, operand, clues, deep=True)


def _as_item(plan: Plan, seen: Any, wanted: Any) -> Iterator[Plan]:
    """A character was compared with a longer text: a list of texts was meant where the input has one text."""
    if not isinstance(seen, str) or not isinstance(wanted, str) or len(seen) != 1 or len(wanted) < 2:
        return

    def listed(old: Constant) -> Any:
        return [wanted] if isinstance(old, str) and len(old) > 1 and seen in old else ...

    for index, value in enumerate(plan.values()):
        for changed in substitute(value, listed):
            yield plan.with_value(index, changed)


def _put_in_place(plan: Plan, seen: Any, wanted: Any) -> Iterator[Plan]:
    """What was seen, found as it is in the input."""
    for index, value in enumerate(plan.values()):
        for changed in substitute(value, lambda old: _exchange(old, seen, wanted)):
            yield plan.with_value(index, changed)
        if (
            isinstance(seen, list | dict | tuple)
            and value.type_name == type(seen).__name__
            and _read(value.source) == seen
        ):
            yield plan.with_value(index, of(wanted))


def _undone(plan: Plan, seen: Any, wanted: Any, clues: Clues) -> Iterator[Plan]:
    """What was seen, made from a part of the input: that part made anew."""
    for index, value in enumerate(plan.values()):
        near: dict[tuple[type, Constant], list[Any]] = {}
        for rank in range(_PER_PAIR):
            for changed in substitute(value, lambda old, n=rank, near=near: _ranked(near, n, old, seen, wanted, clues)):  # type: ignore[misc]
                yield plan.with_value(index, changed)
            if not any(len(texts) > rank + 1 for texts in near.values()):
                break
        if type(seen) is int and type(wanted) is int:
            for changed in _of_length(value, seen, wanted):
                yield plan.with_value(index, changed)


def _ranked(
    known: dict[tuple[type, Constant], list[Any]], rank: int, old: Constant, seen: Any, wanted: Any, clues: Clues
) -> Any:
    """The replacement of that rank; `...` when there are fewer."""
    key = (type(old), old)
    if key not in known:
        known[key] = _nearby(old, seen, wanted, clues)
    return known[key][rank] if rank < len(known[key]) else ...


def _nearby(old: Constant, seen: Any, wanted: Any, clues: Clues) -> list[Any]:
    if isinstance(old, str):
        texts = dict.fromkeys(rewritten(old, seen, wanted, clues))
        return [text for text in islice(texts, _PER_PAIR) if text != old]
    if isinstance(old, bytes):
        return list(islice(dict.fromkeys(rewritten_bytes(old, seen, wanted)), _PER_PAIR))
    if type(old) in (int, float) and type(seen) in (int, float) and type(wanted) in (int, float) and old != seen:
        assert isinstance(old, int | float)
        try:
            moved, scaled = old + wanted - seen, old * wanted / seen if seen else ...
        except (OverflowError, ValueError):
            return []
        if isinstance(old, int) and isinstance(scaled, float):
            scaled = int(scaled) if scaled == scaled and abs(scaled) < 1e15 else ...
        return [moved, scaled]
    return []


def _of_length(value: Value, seen: int, wanted: int) -> Iterator[Value]:
    """Displays with as many items as wanted."""
    if not 0 <= wanted <= _LONGEST_LIST:
        return
    try:
        tree = ast.parse(value.source, mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.List | ast.Tuple) and len(node.elts) == seen != wanted:
            held = node.elts
            node.elts = (held + (held[-1:] or [ast.Constant(value=1)]) * max(0, wanted - seen))[:wanted]
            yield replace(value, source=ast.unparse(tree))
            node.elts = held


def _with_member(plan: Plan, operand: Operand, clues: Clues, *, deep: bool) -> Iterator[Plan]:
    """A mapping or a collection that holds what was looked for in it."""
    left, right = _read(operand.left), _read(operand.right)
    key, holder = (right, left) if operand.operator == "getitem" else (left, right)
    if not isinstance(key, str) or isinstance(holder, str | bytes) or not key:
        return
    keys = list(holder) if isinstance(holder, list | tuple | dict) else None
    for index, value in enumerate(plan.values()):
        for changed in nested.with_key(value, key, beside=keys):
            yield plan.with_value(index, changed)
    if not deep:
        return
    for index, value in enumerate(plan.values()):
        old = _read(value.source) if value.type_name == "str" else None
        for text in missing(old, key, clues) if isinstance(old, str) else ():
            yield plan.with_value(index, of(text))


def _exchange(old: Constant, seen: Any, wanted: Any) -> Any:
    if type(old) is type(seen) and old == seen:
        return wanted
    if isinstance(old, str) and isinstance(seen, str) and isinstance(wanted, str):
        if len(seen) > 1 and seen in old:
            return old.replace(seen, wanted, 1)
        if old and old.strip().lower() == seen.strip().lower():
            return wanted
    if isinstance(old, str) and isinstance(seen, int | float) and not isinstance(seen, bool) and str(seen) in old:
        return old.replace(str(seen), str(wanted), 1)
    if isinstance(old, str) and isinstance(seen, bytes) and isinstance(wanted, bytes) and old.encode() == seen:
        return wanted.decode("utf-8", "replace")
    return ...


class _Nothing:
    """No literal could be read."""


_NOTHING = _Nothing()


def _read(source: str) -> Any:
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return _moment(source)


def _moment(source: str) -> Any:
    """A date or a time from the source of the call that makes it."""
    kind = _MOMENTS.get(source.partition("(")[0])
    if kind is None:
        return _NOTHING
    try:
        node = ast.parse(source, mode="eval").body
        if not isinstance(node, ast.Call):
            return _NOTHING
        given = {each.arg: ast.literal_eval(each.value) for each in node.keywords if each.arg}
        return kind(*map(ast.literal_eval, node.args), **given)
    except (ValueError, SyntaxError, TypeError, OverflowError):
        return _NOTHING


def _listed(container: Any) -> list[Any]:
    return list(container)


def _other(value: Any) -> Any:
    """Something of the same type that differs, and whose truth differs where it can."""
    match value:
        case bool():
            return not value
        case int():
            return 0 if value else 1
        case float():
            return 0.0 if value else 1.5
        case str():
            return "" if value else "a"
        case bytes():
            return b"" if value else b"a"
        case None:
            return 1
        case list():
            return [] if value else [1]
        case dict():
            return {} if value else {"a": 1}
        case tuple():
            return () if value else (1,)
        case _:
            return _NOTHING
