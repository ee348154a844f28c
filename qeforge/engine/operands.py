"""Puts the other side of a predicate back into the input.

When `word in STOPWORDS` or `kind == "csv"` was evaluated and failed, the value that would have satisfied it is known;
membership, string constants and regexes are most of what search misses (the untaken branches of published runs).
"""

import ast
import random
from collections.abc import Iterator
from typing import Any

from qeforge.domain.observation import Operand
from qeforge.engine import patterns
from qeforge.engine.plan import Plan
from qeforge.engine.tweak import Constant, substitute
from qeforge.engine.value import of

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
        case "<":
            for seen, other in ((left, right), (right, left)):
                if isinstance(other, int | float) and not isinstance(other, bool):
                    pairs += [(seen, other), (seen, other + 1), (seen, other - 1)]
                elif isinstance(other, str):
                    pairs += [(seen, other), (seen, other + "a")]
        case "in":
            if isinstance(right, str) and isinstance(left, str):
                pairs = [(right, right + left), (right, left), (right, right.replace(left, ""))] if left else []
                pairs += [(left, right[: max(1, len(right) // 2)])]
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
                pairs = [(right, key) for key in list(left)[:6]] if isinstance(left, dict) else [(right, 0)]
        case "isinstance":
            for name in operand.right.replace("builtins.", "").strip("()").split(","):
                if name.strip() in _BY_TYPE:
                    pairs.append((left, _BY_TYPE[name.strip()]))
        case "truth":
            pairs = [(left, _other(left))]
    return [(seen, wanted) for seen, wanted in pairs if wanted is not _NOTHING and seen is not _NOTHING]


def redirect(plan: Plan, operand: Operand, rng: random.Random) -> Iterator[Plan]:
    """Plans in which the operand's predicate has a chance to go the other way."""
    for seen, wanted in satisfying(operand, rng):
        hit = False
        for index, value in enumerate(plan.values()):
            for changed in substitute(value, lambda old, s=seen, w=wanted: _exchange(old, s, w)):  # type: ignore[misc]
                hit = True
                yield _with_value(plan, index, changed)
            if (
                isinstance(seen, list | dict | tuple)
                and value.type_name == type(seen).__name__
                and _read(value.source) == seen
            ):
                hit = True
                yield _with_value(plan, index, of(wanted))
        if not hit and not isinstance(wanted, list | tuple | dict | set | frozenset):
            for index, value in enumerate(plan.values()):
                if value.type_name == type(wanted).__name__ and value.source != repr(wanted):
                    yield _with_value(plan, index, of(wanted))


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


def _with_value(plan: Plan, index: int, value: Any) -> Plan:
    position = -1

    def change(old: Any) -> Any:
        nonlocal position
        position += 1
        return value if position == index else old

    return plan.map_values(change)


class _Nothing:
    """No literal could be read."""


_NOTHING = _Nothing()


def _read(source: str) -> Any:
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
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
