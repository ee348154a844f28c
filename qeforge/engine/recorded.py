"""Reads what proxies recorded as evidence, and joins it with what the source says."""

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qeforge.analysis.evidence import Evidence
from qeforge.analysis.evidence.model import FLAGS, TEXTS, Strength, Trace
from qeforge.domain.facts import TypeRef

_DEEPEST = 12
_OF_TEXT = (
    *(".strip", ".lstrip", ".rstrip", ".split", ".rsplit", ".startswith", ".endswith", ".find", ".replace"),
    *(".partition", ".rpartition"),
)
"""Methods whose argument is of the type of what they are called on: text or bytes."""

_AFFIXES = {".startswith": "prefixes", ".endswith": "suffixes", ".find": "contains", ".partition": "contains"}


def recorded_evidence(root: str, node: Mapping[str, Any], kinds: Mapping[str, str]) -> Evidence:
    """What the record of one proxy says of the value that belongs in its place.

    Args:
        root: the name that the proxy was made under.
        node: its record, as the worker wrote it.
        kinds: types that were asked for, by the path of the proxy that was refused.
    """
    trace = Trace()
    _read(trace, root, node, kinds)
    return trace.freeze(_DEEPEST)


def _read(trace: Trace, path: str, node: Mapping[str, Any], kinds: Mapping[str, str]) -> None:
    """Writes what a proxy recorded at one place into a notebook."""
    if path in kinds:
        kind = kinds[path]
        trace.vote(Strength.GUARDED, TypeRef("list", (TypeRef("str"),)) if kind == "list[str]" else TypeRef(kind))
    flags = set(node.get("f", ()))
    for flag, name in (
        ("called", "called"), ("iterated", "iterated"), ("next", "iterated"), ("indexed", "indexed"),
        ("sliced", "indexed"), ("number", "numeric"), ("path", "path_like"), ("truth", "truth_tested"),
        ("entered", "entered"), ("entered async", "entered"), ("awaited", "awaited"),
    ):  # fmt: skip
        if flag in flags:
            trace.flag(name)
    if "bytes" in flags:
        trace.vote(Strength.USED, TypeRef("bytes"))
    if "text" in flags and len(flags) == 1 and not node.get("n"):
        trace.vote(Strength.HINTED, TypeRef("str"))
    if "len" in flags and not node.get("n"):
        trace.vote(Strength.USED, TypeRef("list"), TypeRef("str"))
    seen = node.get("s", {})
    for kind in ("equals", "ordered", "arithmetic"):
        for source in seen.get(kind, ()):
            type_name = _type_of(source)
            if type_name:
                trace.vote(Strength.COMPARED, TypeRef(type_name))
            if kind == "equals":
                trace.add("equals", source)
    trace.add("contains", *seen.get("contains", ()))
    shapes = node.get("c", ())
    if shapes and not any(keywords for _, keywords in shapes) and len({count for count, _ in shapes}) == 1:
        trace.arity = shapes[0][0]
    for step, inner in node.get("n", {}).items():
        below = f"{path}\0{step}"
        if step.startswith("."):
            _read(trace.attribute(step[1:]), below, inner, kinds)
            if step in _OF_TEXT:
                for source in inner.get("s", {}).get("argument", ()):
                    trace.vote(Strength.USED, TypeRef(_type_of(source)))
                    if step in _AFFIXES:
                        trace.add(_AFFIXES[step], source)
            if step in (".get", ".pop", ".setdefault"):
                for key in map(ast.literal_eval, inner.get("s", {}).get("argument", ())):
                    if isinstance(key, str):
                        _read(trace.key(key), f"{below}\0()", inner.get("n", {}).get("()", {}), kinds)
        elif step.startswith("["):
            _read(trace.key(step[1:]), below, inner, kinds)
        elif step == "each":
            _read(trace.each(), below, inner, kinds)
        elif step == "value":
            _read(trace.each_value(), below, inner, kinds)
        elif step == "()":
            _read(trace.outcome(), below, inner, kinds)


def _type_of(source: str) -> str:
    try:
        value = ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return ""
    return "" if value is None else type(value).__name__


def joined(one: Evidence | None, other: Evidence) -> Evidence:
    """All that both say; what was seen in a run comes first."""
    if one is None:
        return other
    both: dict[str, Any] = {name: getattr(one, name) or getattr(other, name) for name in FLAGS}
    for name in (*TEXTS, "types", "lengths", "passed_to"):
        both[name] = tuple(dict.fromkeys((*getattr(other, name), *getattr(one, name))))
    for name in ("attributes", "keys"):
        mine, theirs = getattr(one, name), getattr(other, name)
        both[name] = {
            key: joined(mine.get(key), theirs[key]) if key in theirs else mine[key] for key in {**theirs, **mine}
        }
    for name in ("element", "values", "result"):
        mine, theirs = getattr(one, name), getattr(other, name)
        both[name] = mine if theirs is None else joined(mine, theirs)
    arity = other.call_arity if other.called else one.call_arity
    return replace(one, **both, call_arity=arity)
