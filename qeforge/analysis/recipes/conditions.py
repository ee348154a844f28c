"""What a docstring says of one argument ("if `n` is negative"), as arguments of which that is true."""

import re
from collections.abc import Callable, Mapping, Sequence, Set

Kinds = Set[str]
"""Bare names of the types that a parameter may have; empty where nothing is known."""

LONGEST = 1_000
"""Items or characters of an argument that is to be too long."""

_NUMBERS = frozenset({"int", "float"})
_EMPTY = {
    "str": "''",
    "bytes": "b''",
    "list": "[]",
    "tuple": "()",
    "dict": "{}",
    "set": "set()",
    **dict.fromkeys(("Sequence", "Iterable", "Collection"), "[]"),
    "Mapping": "{}",
}
_ROLE = re.compile(r":[\w:]+:`~?([^`]*)`")
_GIVEN = (
    r"(?:the |an? |its )?(?:(?:given|specified|supplied|provided|passed) )?(?:(?:value|argument|parameter)(?: of)? )?"
)
_NOUN = r"(?:it|(?:the |an? )?(?:given |input )?(?:value|argument|parameter|input|number|string|text|list))"
_WHEN = r"(?:(?:raised |thrown )?(?:if|when|whenever|in case) )"
_IS = r"(?:is|was|are) "
_NUMBER = r"(?P<bound>-?\d+(?:\.\d+)?|zero|one)"
_LESS = r"(?:less than|smaller than|lower than|below|under|<)"
_MORE = r"(?:greater than|more than|larger than|bigger than|higher than|above|over|>)"
_NOT = r"(?:is not|isn't|was not|are not|not) "
_ITEMS = r"(?: (?:characters?|chars|items?|elements?|entries|letters?|bytes?))?"

Offer = Callable[[re.Match[str], Kinds, str], Sequence[str]]
"""From the words found, the types and the exception's name to arguments, as source."""


def offending(text: str, parameters: Mapping[str, Kinds], exception: str) -> tuple[str, tuple[str, ...]] | None:
    """The parameter that a condition speaks of, and arguments of which it is true; None where the text is not one of
    the few clear ones about one parameter, or the type leaves open what such an argument is.

    Args:
        text: what stands behind the exception's name.
        parameters: of the function, by name.
        exception: its bare name: a missing key is something else to a `KeyError` than to a `ValueError`.
    """
    plain = " ".join(_ROLE.sub(r"\1", text).replace("`", "").replace("*", "").split()).rstrip(".")
    found = _split(plain, tuple(parameters))
    if found is None:
        return None
    name, rest = found
    for pattern, offer in _CONDITIONS:
        match = pattern.fullmatch(rest)
        if match is not None:
            values = tuple(offer(match, parameters[name], exception))
            return (name, values) if values else None
    return None


def _split(text: str, names: Sequence[str]) -> tuple[str, str] | None:
    """The parameter and what is said of it."""
    if not names:
        return None
    listed = "|".join(map(re.escape, names))
    quoted = rf"['\"]?(?P<name>{listed})['\"]?(?: (?:argument|parameter|value))?"
    for pattern in (rf"{_WHEN}{_GIVEN}{quoted} (?P<rest>.+)", rf"{_WHEN}(?:there is )?(?P<rest>no such) {quoted}"):
        found = re.fullmatch(pattern, text, re.IGNORECASE)
        if found is not None:
            name = next((one for one in names if one == found["name"]), None)
            return (name, found["rest"]) if name is not None else None
    found = re.fullmatch(rf"{_WHEN}(?:{_NOUN} )?(?P<rest>.+)", text, re.IGNORECASE)
    return (names[0], found["rest"]) if found is not None and len(names) == 1 else None


def _number(text: str) -> float:
    return {"zero": 0.0, "one": 1.0}.get(text.lower(), 0.0) if text.isalpha() else float(text)


def _written(value: float, kinds: Kinds) -> list[str]:
    """A number as its parameter wants it; nothing where that is no number, or not this one."""
    if kinds and not kinds & _NUMBERS:
        return []
    value = float(value)
    whole = value.is_integer()
    if "int" in kinds or not kinds:
        return [str(int(value))] if whole else ([repr(value)] if not kinds or "float" in kinds else [])
    return [repr(value)]


def _numbers(*values: float) -> Offer:
    return lambda match, kinds, exception: [source for value in values for source in _written(value, kinds)]


def _bounded(step: int) -> Offer:
    return lambda match, kinds, exception: _written(_number(match["bound"]) + step, kinds)


def _at_bound(step: int) -> Offer:
    """What is equal to the bound, and what is beyond it."""

    def offer(match: re.Match[str], kinds: Kinds, exception: str) -> list[str]:
        bound = _number(match["bound"])
        return [*_written(bound, kinds), *_written(bound + step, kinds)]

    return offer


def _outside(match: re.Match[str], kinds: Kinds, exception: str) -> list[str]:
    low, high = float(match["low"]), float(match["high"])
    return [*_written(low - 1, kinds), *_written(high + 1, kinds)] if low < high else []


def _empty(match: re.Match[str], kinds: Kinds, exception: str) -> list[str]:
    known = [_EMPTY[kind] for kind in sorted(kinds) if kind in _EMPTY]
    return known[:1] if len(known) == len(kinds - {"None"}) else []


def _none_or_empty(match: re.Match[str], kinds: Kinds, exception: str) -> list[str]:
    return ["None", *_empty(match, kinds, exception)]


def _blank(match: re.Match[str], kinds: Kinds, exception: str) -> list[str]:
    return ["'   '"] if kinds == {"str"} else []


def _unknown(match: re.Match[str], kinds: Kinds, exception: str) -> list[str]:
    return ["'no_such_name'"] if "str" in kinds or (not kinds and exception in ("KeyError", "LookupError")) else []


def _missing(match: re.Match[str], kinds: Kinds, exception: str) -> list[str]:
    """To a `ValueError` a missing name may well be an empty one."""
    return _unknown(match, kinds, exception) if exception in ("KeyError", "LookupError", "FileNotFoundError") else []


def _of_length(step: int) -> Offer:
    def offer(match: re.Match[str], kinds: Kinds, exception: str) -> list[str]:
        bound = _number(match["bound"])
        length = int(bound) + step
        if not bound.is_integer() or not 0 <= length <= LONGEST:
            return []
        item = {"str": "'a'", "bytes": "b'a'", "list": "[0]", "tuple": "(0,)"}.get("".join(sorted(kinds)))
        return [f"{item} * {length}"] if item is not None else []

    return offer


def _fixed(*sources: str) -> Offer:
    return lambda match, kinds, exception: sources


def _condition(words: str, offer: Offer) -> tuple[re.Pattern[str], Offer]:
    return re.compile(words, re.IGNORECASE), offer


_MAYBE_IS = f"(?:{_IS})?"
_CONDITIONS: tuple[tuple[re.Pattern[str], Offer], ...] = (
    _condition(rf"{_MAYBE_IS}(?:a )?negative(?: number| integer)?", _numbers(-1)),
    _condition(rf"{_NOT}(?:an? )?non-?negative(?: number| integer| int)?", _numbers(-1)),
    _condition(rf"{_MAYBE_IS}(?:zero or negative|negative or zero|non-?positive)", _numbers(0, -1)),
    _condition(rf"{_NOT}(?:an? )?(?:strictly )?positive(?: number| integer| int)?", _numbers(0, -1)),
    _condition(rf"(?:{_MAYBE_IS}|equals |(?:is )?equal to |== )(?:zero|0)", _numbers(0)),
    _condition(rf"{_MAYBE_IS}{_LESS} {_NUMBER}", _bounded(-1)),
    _condition(rf"(?:{_MAYBE_IS}{_MORE}|exceeds) {_NUMBER}", _bounded(1)),
    _condition(rf"(?:{_MAYBE_IS}(?:less|smaller) than or equal to|<=|{_NOT}(?:greater|more|larger) than) {_NUMBER}",
               _at_bound(-1)),
    _condition(rf"(?:{_MAYBE_IS}(?:greater|larger|more) than or equal to|>=|{_NOT}(?:less|smaller) than) {_NUMBER}",
               _at_bound(1)),
    _condition(rf"(?:{_NOT}(?:between|in the range|in range|within|in)|{_MAYBE_IS}outside(?: of)?(?: the range)?)"
               r" [\[(]?(?P<low>-?\d+(?:\.\d+)?)(?: and | to |, ?|\.\.\.?|-)(?P<high>\d+(?:\.\d+)?)[\])]?", _outside),
    _condition(rf"{_MAYBE_IS}(?:an? )?empty(?: string| list| dict| sequence)?", _empty),
    _condition(rf"{_MAYBE_IS}(?:none or empty|empty or none)", _none_or_empty),
    _condition(rf"{_MAYBE_IS}(?:blank|only whitespace|all whitespace)", _blank),
    _condition(rf"{_MAYBE_IS}none", _fixed("None")),
    _condition(rf"{_NOT}(?:an? )?(?:string|str|text)", _fixed("1")),
    _condition(rf"{_NOT}(?:an? )?(?:integer|int|float|number|numeric)", _fixed("'abc'")),
    _condition(rf"{_NOT}(?:an? )?(?:list|tuple|dict|dictionary|mapping|set|sequence|iterable|callable|function)",
               _fixed("1")),
    _condition(rf"(?:{_MAYBE_IS}(?:unknown|unsupported|unrecogni[sz]ed|not (?:known|found|supported|registered))"
               r"|does not exist|doesn't exist|no such)", _unknown),
    _condition(rf"{_MAYBE_IS}missing", _missing),
    _condition(rf"(?:{_MAYBE_IS}longer than|has more than|contains more than) {_NUMBER}{_ITEMS}", _of_length(1)),
    _condition(rf"(?:{_MAYBE_IS}shorter than|has (?:less|fewer) than|contains (?:less|fewer) than) {_NUMBER}{_ITEMS}",
               _of_length(-1)),
)  # fmt: skip
