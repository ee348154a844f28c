"""Inputs for which a mutant makes a difference, by what the mutant changes.

Each strategy takes a plan that reaches the mutant and yields plans one purposeful step away: operands that are equal or
one apart for a comparison, the constant itself for a text, more items for a loop.
"""

import ast
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice, zip_longest
from typing import Any, TypeVar

from qeforge.domain.observation import Operand
from qeforge.domain.survivor import Difference, Sighting
from qeforge.engine import operands, patterns
from qeforge.engine.plan import Plan
from qeforge.engine.tweak import Constant, substitute
from qeforge.engine.value import Value, of

_OPERANDS = 8
_REGEX = re.compile(r"[\\\[\](){}^$*+?|]")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
_LONGEST = 600
_FILLERS: dict[type, Any] = {str: "a", bytes: b"a", list: [1], tuple: (1,)}
_T = TypeVar("_T")
_NOTHING: Any = object()
_STEPS = (0, 1, -1)
_OTHER_NUMBERS = (2, 3, 5, -7, 10)


def aims(plan: Plan, sighting: Sighting, text: str, rng: random.Random) -> Iterator[Plan]:
    """Plans that should infect, likeliest first; strategies take turns.

    Args:
        plan: reaches the mutant.
        sighting: of the mutant, with operands if there are any.
        text: the lines that the mutant is on.
        rng: decides among equals.
    """
    mutant = sighting.mutant
    seen = sighting.operands[:_OPERANDS]
    tries: list[Iterator[Plan]] = []
    match mutant.operator:
        case "comparison":
            tries = [*(_boundary(plan, operand) for operand in seen), *_turned(plan, seen, rng)]
            tries.append(with_numbers(plan, _beside(_NUMBER.findall(text))))
        case "number":
            tries = [*(_boundary(plan, operand) for operand in seen)]
            tries += [with_numbers(plan, _beside([mutant.original])), _numbers(plan), longer(plan), _shorter(plan)]
        case "string":
            tries = [_with_text(plan, read(mutant.original), rng), *_turned(plan, seen, rng), longer(plan)]
        case "arithmetic" | "augmented-assignment" | "unary":
            tries = [_numbers(plan), longer(plan), *(_boundary(plan, operand) for operand in seen)]
            tries += _turned(plan, seen, rng)
        case "default" | "truth-value":
            tries = [_without_optional(plan), _flags(plan)]
        case "boolean" | "negated-condition" | "conditional-arm":
            tries = [*_turned(plan, seen, rng), *(_boundary(plan, operand) for operand in seen), _flags(plan)]
            tries.append(_without_optional(plan))
        case _:
            tries = [longer(plan), _numbers(plan), *_turned(plan, seen, rng), _without_optional(plan)]
    return turns(tries)


def texts_for(differences: Sequence[Difference], rng: random.Random) -> list[str]:
    """Texts that entries of a table are about: those that it names, and those that its patterns match; of the entry as
    it was, as the mutant has it, and of what stands beside it."""
    found: dict[str, None] = {}
    for difference in differences:
        for source in dict.fromkeys((difference.without, difference.mutated)):
            text = (
                read(source.removeprefix("re.compile(").partition(", ")[0])
                if source.startswith("re.")
                else read(source)
            )
            if isinstance(text, str) and text:
                found.update(dict.fromkeys(about(text, rng)))
        key = re.search(r"\[('.*'|\".*\")\](?:[\[.{].*)?$", difference.name)
        named = read(key.group(1)) if key else None
        if isinstance(named, str):
            found[named] = None
    return list(found)


def about(text: str, rng: random.Random) -> list[str]:
    """Texts in which a constant of the code would matter."""
    if not _REGEX.search(text):
        return [text]
    made = patterns.matching(text, rng, count=3)
    cased = [each.capitalize() for each in made[:1]] + [each.upper() for each in made[:1]]
    return [*made, *(f"a{each}b" for each in made[:1]), *cased]


def numbers_for(differences: Sequence[Difference]) -> list[int | float]:
    """Numbers that a changed constant may tell from others: itself, what the mutant has, and one beside each."""
    return _beside([source for difference in differences for source in (difference.without, difference.mutated)])


def _beside(sources: Sequence[str]) -> list[int | float]:
    """The numbers among the sources, and one more and one less."""
    numbers = [value for value in map(read, sources) if _is_number(value)]
    return list(dict.fromkeys(number + step for number in numbers for step in _STEPS))


def with_texts(plan: Plan, texts: Sequence[str]) -> Iterator[Plan]:
    """The plan with each of the texts in the place of each text in it."""
    places = [index for index, value in enumerate(plan.values()) if value.type_name == "str"]
    for text in texts:
        for index in places:
            yield put(plan, index, of(text))


def with_numbers(plan: Plan, numbers: Sequence[int | float]) -> Iterator[Plan]:
    """The plan with each of the numbers as a number in it, and as the length of something in it."""
    for number in numbers:
        for index, value in enumerate(plan.values()):
            if value.type_name in ("int", "float"):
                yield put(plan, index, of(number))
                continue
            inside = re.finditer(r"\d+", value.source) if value.type_name == "str" else ()
            for found in islice(inside, 3):
                yield put(
                    plan,
                    index,
                    replace(value, source=f"{value.source[: found.start()]}{number}{value.source[found.end() :]}"),
                )
            if isinstance(number, int) and 0 <= number <= _LONGEST:
                sized = _sized(read(value.source), number)
                if sized is not _NOTHING:
                    yield put(plan, index, of(sized))


def turns(tries: Sequence[Iterator[_T]]) -> Iterator[_T]:
    """One of each in turn until all are used up."""
    for row in zip_longest(*tries, fillvalue=_NOTHING):
        yield from (item for item in row if item is not _NOTHING)


def read(source: str) -> Any:
    """The value of a literal; a value that equals no other for all else."""
    try:
        return ast.literal_eval(source.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return _NOTHING


def put(plan: Plan, index: int, value: Value) -> Plan:
    """The plan with another value at one place, counted as `Plan.values` does."""
    places = iter(range(len(plan.values())))
    return plan.map_values(lambda old: value if next(places) == index else old)


# -- strategies -------------------------------------------------------------------------------------------------------


def _boundary(plan: Plan, operand: Operand) -> Iterator[Plan]:
    """The two sides of a comparison equal, and one apart."""
    left, right = read(operand.left), read(operand.right)
    if operand.operator not in ("<", "=="):
        return
    if _is_number(left) and _is_number(right):
        for step in _STEPS:
            yield from _moved(plan, left, right + step)
            yield from _moved(plan, right, left + step)
    elif isinstance(left, str) and isinstance(right, str):
        for seen, other in ((left, right), (right, left)):
            for wanted in (other, other + "a", other[:-1], "!", "~"):
                yield from _exchanged(plan, lambda old, s=seen, w=wanted: w if old == s else ...)  # type: ignore[misc]


def _moved(plan: Plan, seen: int | float, wanted: int | float) -> Iterator[Plan]:
    """The input changed so that a number that was met comes out as another, if it stands in it, is the length of
    something, or grows with a number."""
    if seen == wanted:
        return
    step = wanted - seen

    def changed(old: Any) -> Any:
        if _is_number(old):
            return wanted if old == seen else old + step
        if isinstance(old, str | bytes) and len(old) == seen and isinstance(wanted, int) and 0 <= wanted <= _LONGEST:
            return _sized(old, wanted)
        if isinstance(old, str) and re.search(number := rf"(?<!\w){re.escape(str(seen))}(?!\w)", old):
            return re.sub(number, str(wanted), old, count=1)
        return ...

    yield from _exchanged(plan, changed)
    for index, value in enumerate(plan.values()):
        held = read(value.source) if value.type_name in ("list", "tuple") else None
        if isinstance(held, list | tuple) and len(held) == seen and isinstance(wanted, int) and 0 <= wanted <= _LONGEST:
            yield put(plan, index, of(_sized(held, wanted)))
    if isinstance(seen, int) and isinstance(wanted, int) and 0 <= wanted <= _LONGEST:
        yield from _exchanged(plan, lambda old: _with_part(old, seen, wanted) if isinstance(old, str) else ...)
        yield from _exchanged(plan, lambda old: _grown(old, wanted - seen))


def _grown(old: Constant, step: int) -> Any:
    return _sized(old, len(old) + step) if isinstance(old, str) and 0 <= len(old) + step <= _LONGEST else ...


def _with_part(text: str, length: int, wanted: int) -> Any:
    """The text with a piece of one length, between two signs or one sign and an end, brought to another."""
    for sign in dict.fromkeys(each for each in text if not each.isalnum()):
        parts = text.split(sign)
        for index, part in enumerate(parts):
            if len(part) == length:
                return sign.join([*parts[:index], _sized(part, wanted), *parts[index + 1 :]])
    return ...


def _sized(held: Any, length: int) -> Any:
    """A sequence of that length made of what is in it."""
    if not isinstance(held, str | bytes | list | tuple):
        return _NOTHING
    filler: Any = held or _FILLERS[type(held)]
    if length <= len(held):
        return held[:length]
    middle = len(held) // 2
    more = filler[middle : middle + 1] * (length - len(held))  # inside, so that what it begins and ends with stays
    return held[:middle] + more + held[middle:]


def _turned(plan: Plan, seen: Sequence[Operand], rng: random.Random) -> list[Iterator[Plan]]:
    """Each predicate on its own the other way."""
    return [islice(operands.redirect(plan, operand, rng), 6) for operand in seen]


def _numbers(plan: Plan) -> Iterator[Plan]:
    """Numbers that no operator leaves alone."""
    for number in _OTHER_NUMBERS:
        yield from _exchanged(plan, lambda old, n=number: n if _is_number(old) and old != n else ...)  # type: ignore[misc]


def longer(plan: Plan) -> Iterator[Plan]:
    """More items, and different ones."""

    def longer_text(old: Constant) -> Any:
        return f"{old}{old[::-1]}z" if isinstance(old, str) and 0 < len(old) <= 100 else ...

    for index, value in enumerate(plan.values()):
        held = read(value.source) if value.type_name in ("list", "tuple") else None
        if isinstance(held, list | tuple):
            for more in ([*held, *held], [*held, *held[::-1], *held], [1, 2, 3, 4, 5]):
                yield put(plan, index, of(type(held)(more)))
    yield from _exchanged(plan, longer_text)
    yield from _exchanged(plan, lambda old: f"{old} {old}" if isinstance(old, str) and 0 < len(old) <= 100 else ...)


def _shorter(plan: Plan) -> Iterator[Plan]:
    yield from _exchanged(plan, lambda old: old[:1] if isinstance(old, str) and len(old) > 1 else ...)
    yield from _exchanged(plan, lambda old: old[:-1] if isinstance(old, str) and len(old) > 1 else ...)


def _with_text(plan: Plan, text: Any, rng: random.Random) -> Iterator[Plan]:
    """The constant in the input: alone, in front, behind, inside, twice."""
    if not isinstance(text, str):
        return
    if not text:
        yield from longer(plan)
        return
    for piece in about(text, rng):
        changes: tuple[Callable[[str], str], ...] = (
            lambda old, p=piece: p,  # type: ignore[misc]
            lambda old, p=piece: f"{old[: len(old) // 2]}{p}{old[len(old) // 2 :]}",  # type: ignore[misc]
            lambda old, p=piece: f"{p}{old}",  # type: ignore[misc]
            lambda old, p=piece: f"{old}{p}",  # type: ignore[misc]
            lambda old, p=piece: f"{old}{p}{old}{p}",  # type: ignore[misc]
        )
        for change in changes:
            yield from _exchanged(plan, lambda old, c=change: c(old) if isinstance(old, str) else ...)  # type: ignore[misc]


def _without_optional(plan: Plan) -> Iterator[Plan]:
    """Each argument that is passed by name left out, and all of them."""
    optional = [argument for argument in plan.arguments if argument.keyword]
    for dropped in chain(([each] for each in optional), [optional] if len(optional) > 1 else []):
        yield _with_arguments(plan, tuple(a for a in plan.arguments if a not in dropped))


def _flags(plan: Plan) -> Iterator[Plan]:
    """Each truth value the other way."""
    yield from _exchanged(plan, lambda old: not old if isinstance(old, bool) else ...)


def _with_arguments(plan: Plan, arguments: Any) -> Plan:
    return replace(plan, arguments=arguments, generation=plan.generation + 1)


def _exchanged(plan: Plan, change: Callable[[Constant], Any]) -> Iterator[Plan]:
    """One plan for each constant that the change does not leave alone."""
    for index, value in enumerate(plan.values()):
        for changed in substitute(value, change):
            yield put(plan, index, changed)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
