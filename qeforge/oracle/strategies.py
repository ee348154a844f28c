"""Hypothesis strategies for a parameter: from its type, and from the values that were tried, broad ones first."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from qeforge.domain.facts import ANY, TypeRef
from qeforge.domain.properties import Strategy

_MARKS, _LETTERS = 8, 6
"""Characters of an alphabet that was taken from values: signs, and letters or digits."""

_LARGE = 1000
_MOST_LEVELS, _MOST_COMBINATIONS = 5, 200
_LISTS = {"list": "lists", "set": "sets", "frozenset": "frozensets"}

Admits = Callable[[object], bool]


def probing_values(kind: TypeRef) -> tuple[object, ...]:
    """Values at the far ends of what a broad strategy draws, to be tried before it is."""
    match kind.name:
        case "int":
            return (2**70, -(2**70), -1, 0)
        case "float":
            return (1e300, -1e300, 0.0)
        case "str":
            return ("", "\x00", "½ İß")
        case "list":
            return ([],)
        case _:
            return ()


def kind_of(declared: TypeRef, hinted: Sequence[TypeRef], accepted: Sequence[object]) -> TypeRef:
    """The type to draw values of.

    Args:
        declared: as the signature has it.
        hinted: what else the code says, strongest first.
        accepted: values that were taken without an exception.
    """
    for known in (declared, *hinted):
        plain = _drawable(known, accepted)
        if plain is not None:
            return plain
    return _seen_type(accepted)


def strategies(
    kind: TypeRef, accepted: Sequence[object], refused: Sequence[object] = (), patterns: Sequence[str] = ()
) -> tuple[Strategy, ...]:
    """Strategies for values of a type, from the broadest to the narrowest; none for a type that is not known how to
    be drawn.

    Args:
        kind: as `kind_of` gives it.
        accepted: values that were taken without an exception.
        refused: values with which a call raised.
        patterns: regular expressions that the code matches it against.
    """
    mine = [value for value in accepted if _is_of(kind, value)]
    match kind.name:
        case "bool":
            found = [_drawing("st.booleans()", lambda v: isinstance(v, bool))]
        case "int":
            found = _numbers("st.integers", int, mine, refused, "")
        case "float":
            found = _numbers("st.floats", float, mine, refused, "allow_nan=False, allow_infinity=False")
        case "str":
            found = _texts(mine, refused, patterns)
        case "bytes":
            found = [_drawing("st.binary()", lambda v: isinstance(v, bytes))]
        case "literal":
            found = [_drawing(f"st.sampled_from([{', '.join(kind.values)}])", lambda v: repr(v) in kind.values)]
        case "list" | "set" | "frozenset":
            found = _collections(kind, mine, refused, patterns)
        case "tuple":
            found = _tuples(kind, mine)
        case "dict":
            found = _dicts(kind, mine)
        case "union":
            found = _unions(kind, mine, patterns)
        case "None":
            found = [_drawing("st.none()", lambda v: v is None)]
        case _:
            found = []
    return tuple(found[:_MOST_LEVELS])


def combinations(levels: Sequence[Sequence[Strategy]]) -> list[tuple[Strategy, ...]]:
    """One strategy for each parameter, in every combination, the broadest first."""
    ranked = itertools.product(*(list(enumerate(level)) for level in levels))
    chosen = sorted(itertools.islice(ranked, _MOST_COMBINATIONS), key=lambda c: sum(place for place, _ in c))
    return [tuple(strategy for _, strategy in one) for one in chosen]


def _drawing(source: str, admits: Admits) -> Strategy:
    return Strategy(source=source, admits=admits)


# -- types ------------------------------------------------------------------------------------------------------

_PLAIN = frozenset({"bool", "int", "float", "str", "bytes", "literal", "None"})


def _drawable(kind: TypeRef, accepted: Sequence[object]) -> TypeRef | None:
    """The type with its parameters made certain; None where nothing of it can be drawn."""
    name = _ABSTRACT.get(kind.name, kind.name)
    if name in _PLAIN:
        return TypeRef(name, (), kind.values)
    if name in ("list", "set", "frozenset"):
        inner = [item for value in accepted if isinstance(value, list | set | frozenset | tuple) for item in value]
        element = kind_of(kind.args[0] if kind.args else ANY, (), inner)
        return TypeRef(name, (element,)) if element != ANY else None
    if name == "tuple":
        if len(kind.args) == 2 and kind.args[1].name == "...":
            return TypeRef("tuple", (kind_of(kind.args[0], (), ()), kind.args[1]))
        parts = tuple(kind_of(part, (), ()) for part in kind.args)
        return TypeRef("tuple", parts) if parts and ANY not in parts else None
    if name == "dict":
        pairs = [pair for value in accepted if isinstance(value, dict) for pair in value.items()]
        given = kind.args if len(kind.args) == 2 else (ANY, ANY)
        key, value = (kind_of(part, (), [pair[at] for pair in pairs]) for at, part in enumerate(given))
        return TypeRef("dict", (key, value)) if ANY not in (key, value) else None
    if name == "union":
        members = [_drawable(part, accepted) for part in kind.args]
        known = tuple(part for part in members if part is not None)
        return TypeRef("union", known) if known and len(known) == len(members) else None
    return None


_ABSTRACT = {
    "collections.abc.Sequence": "list",
    "collections.abc.Iterable": "list",
    "collections.abc.Collection": "list",
    "collections.abc.MutableSequence": "list",
    "collections.abc.Mapping": "dict",
    "collections.abc.MutableMapping": "dict",
    "collections.abc.Set": "set",
    "typing.Sequence": "list",
    "typing.Iterable": "list",
    "typing.Mapping": "dict",
}


def _seen_type(values: Sequence[object]) -> TypeRef:
    """The most frequent type among values, the earlier where there are several; `Any` without any."""
    counts = Counter(type(value).__name__ for value in values if value is not None)
    for name, _ in counts.most_common():
        mine = [value for value in values if type(value).__name__ == name]
        if name == "tuple":
            lengths = {len(value) for value in mine if isinstance(value, tuple)}
            columns = [[v[at] for v in mine if isinstance(v, tuple)] for at in range(min(lengths))]
            found = TypeRef("tuple", tuple(_seen_type(column) for column in columns))
            if len(lengths) == 1 and found.args and ANY not in found.args:
                return found
            continue
        plain = _drawable(TypeRef(name), mine)
        if plain is not None:
            return plain
    return ANY


def _is_of(kind: TypeRef, value: object) -> bool:
    match kind.name:
        case "union":
            return any(_is_of(part, value) for part in kind.args)
        case "literal":
            return repr(value) in kind.values
        case "None":
            return value is None
        case name:
            return type(value).__name__ == name


# -- strategies -------------------------------------------------------------------------------------------------


def _numbers(
    maker: str, kind: type[int] | type[float], accepted: Sequence[object], refused: Sequence[object], always: str
) -> list[Strategy]:
    """Without bounds; where something was refused, from zero on, or within what was accepted; and small."""
    good = sorted({v for v in accepted if type(v) is kind and isinstance(v, int | float)})
    bad = sorted({v for v in refused if type(v) is kind and isinstance(v, int | float)} - set(good))
    ranges: list[tuple[float | None, float | None]] = [(None, None)]
    low = next((v for v in good if all(v > r for r in bad)), None)
    high = next((v for v in reversed(good) if all(v < r for r in bad)), None)
    if bad and low is not None:
        ranges += [(0, None), (low, None), (low, low + _LARGE)]
    if bad and high is not None and (low is None or low < high):
        ranges += [(None, high), (0, high)] if high > 0 else [(None, high)]
    ranges += [(-_LARGE, _LARGE), (0, 10)] if bad else [(0, 10)]
    return [_within(maker, kind, low, high, always) for low, high in dict.fromkeys(ranges)]


def _within(maker: str, kind: type[int] | type[float], low: float | None, high: float | None, always: str) -> Strategy:
    bounds = [f"min_value={low!r}"] if low is not None else []
    bounds += [f"max_value={high!r}"] if high is not None else []
    if low is None or high is None:  # between two bounds there is neither nan nor infinity
        bounds.append(always)
    source = f"{maker}({', '.join(filter(None, bounds))})"

    def admits(value: object) -> bool:
        if type(value) is not kind or not isinstance(value, int | float) or not math.isfinite(value):
            return False
        return (low is None or value >= low) and (high is None or value <= high)

    return _drawing(source, admits)


def _texts(accepted: Sequence[object], refused: Sequence[object], patterns: Sequence[str]) -> list[Strategy]:
    texts = [value for value in accepted if isinstance(value, str)]
    found = [_drawing("st.text()", lambda v: isinstance(v, str))]
    if "" in refused:
        found.append(_drawing("st.text(min_size=1)", lambda v: isinstance(v, str) and v != ""))
    alphabet = _alphabet(texts)
    if len(alphabet) > 1:
        found.append(
            _drawing(
                f"st.text(alphabet={alphabet!r})",
                lambda v: isinstance(v, str) and set(v) <= set(alphabet),
            )
        )
    for pattern in patterns[:2]:
        compiled = _compiled(pattern)
        if compiled is not None:
            found.append(
                _drawing(
                    f"st.from_regex({pattern!r}, fullmatch=True)",
                    lambda v, known=compiled: isinstance(v, str) and known.fullmatch(v) is not None,  # type: ignore[misc]
                )
            )
    return found


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _alphabet(texts: Sequence[str]) -> str:
    """The characters that short texts are made of, those in most of them first: a few letters, and the signs."""
    counts = Counter(
        char for text in texts if len(text) <= 40 for char in sorted(set(text)) if char in "\n\t" or char.isprintable()
    )
    ranked = sorted(counts, key=lambda char: (-counts[char], char))
    words = [char for char in ranked if char.isascii() and char.isalnum()][:_LETTERS]
    marks = [char for char in ranked if char not in words and not char.isalnum()][:_MARKS]
    return "".join(sorted(words)) + "".join(sorted(marks))


def _collections(
    kind: TypeRef, accepted: Sequence[object], refused: Sequence[object], patterns: Sequence[str]
) -> list[Strategy]:
    items = [item for value in accepted if isinstance(value, list | set | frozenset) for item in value]
    inner = strategies(kind.args[0], items, (), patterns)
    maker = _LISTS[kind.name]
    found = [_collection(maker, kind, element, "") for element in inner]
    if any(isinstance(value, list | set | frozenset) and not value for value in refused):
        found += [_collection(maker, kind, element, ", min_size=1") for element in inner]
    return found


def _collection(maker: str, kind: TypeRef, element: Strategy, size: str) -> Strategy:
    def admits(value: object) -> bool:
        if type(value).__name__ != kind.name or not isinstance(value, list | set | frozenset):
            return False
        return all(element.admits(item) for item in value) and (not size or len(value) > 0)

    return _drawing(f"st.{maker}({element.source}{size})", admits)


def _tuples(kind: TypeRef, accepted: Sequence[object]) -> list[Strategy]:
    given = [value for value in accepted if isinstance(value, tuple)]
    if len(kind.args) == 2 and kind.args[1].name == "...":
        inner = strategies(kind.args[0], [item for value in given for item in value])
        return [
            _drawing(
                f"st.lists({element.source}).map(tuple)",
                lambda v, known=element: isinstance(v, tuple) and all(map(known.admits, v)),  # type: ignore[misc]
            )
            for element in inner
        ]
    levels = [strategies(part, [v[at] for v in given if len(v) > at])[:2] for at, part in enumerate(kind.args)]
    if not all(levels):
        return []
    return [_tuple(parts) for parts in combinations(levels)]


def _tuple(parts: tuple[Strategy, ...]) -> Strategy:
    def admits(value: object) -> bool:
        if not isinstance(value, tuple) or len(value) != len(parts):
            return False
        return all(part.admits(item) for part, item in zip(parts, value, strict=True))

    return _drawing(f"st.tuples({', '.join(part.source for part in parts)})", admits)


def _dicts(kind: TypeRef, accepted: Sequence[object]) -> list[Strategy]:
    given = [value for value in accepted if isinstance(value, dict)]
    keys = strategies(kind.args[0], [key for value in given for key in value])[:3]
    values = strategies(kind.args[1], [inner for value in given for inner in value.values()])[:3]
    if not keys or not values:
        return []
    return [_dict(key, value) for key, value in combinations([keys, values])]


def _dict(key: Strategy, value: Strategy) -> Strategy:
    def admits(given: object) -> bool:
        return isinstance(given, dict) and all(key.admits(k) and value.admits(v) for k, v in given.items())

    return _drawing(f"st.dictionaries({key.source}, {value.source})", admits)


def _unions(kind: TypeRef, accepted: Sequence[object], patterns: Sequence[str]) -> list[Strategy]:
    parts = sorted(kind.args, key=lambda part: part.name != "None")
    levels = [strategies(part, accepted, (), patterns)[:3] for part in parts]
    if not all(levels):
        return []
    return [_union(chosen) for chosen in combinations(levels)]


def _union(parts: Iterable[Strategy]) -> Strategy:
    chosen = tuple(parts)
    return _drawing(
        " | ".join(part.source for part in chosen), lambda value: any(part.admits(value) for part in chosen)
    )
