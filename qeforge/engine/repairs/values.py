"""After a ValueError and its kin: texts that are well-formed, numbers that are in range, one of the values named."""

import random
import re
from collections.abc import Iterator

from qeforge.engine import patterns
from qeforge.engine.plan import Plan
from qeforge.engine.repairs.messages import examples_in
from qeforge.engine.value import literal, of

_UNPACK = re.compile(r"(?:not enough values to unpack|too many values to unpack) \(expected (?:at least )?(\d+)")


def value_error(plan: Plan, message: str, type_name: str, rng: random.Random) -> Iterator[Plan]:
    """Plans that may get past it."""
    wanted = list(examples_in(type_name, message))
    quoted: list[str] = re.findall(r"'([^']{1,40})'", message)
    for text in wanted:
        for index, value in enumerate(plan.values()):
            if value.type_name == "str":
                yield plan.with_value(index, of(text))
    if found := _UNPACK.search(message):
        size = int(found[1])
        for argument in plan.arguments:
            if argument.value.type_name in ("list", "tuple", "str"):
                inside = ", ".join(str(n + 1) for n in range(size))
                for source in (
                    f"({inside},)",
                    f"[({inside},)]",
                    repr(" ".join("abcdefgh"[:size])),
                    repr(",".join("abcdefgh"[:size])),
                    repr("=".join("abcdefgh"[:size])),
                ):
                    yield plan.with_argument(argument.name, literal(source))
        return
    yield from _one_of(plan, message, quoted)
    if re.search(r"must be (?:positive|greater|>|at least|non-negative|>=)|negative", message):
        for index, value in enumerate(plan.values()):
            if value.type_name in ("int", "float"):
                yield plan.with_value(index, of(10))
    if pattern := re.search(r"match(?:es)? (?:the )?(?:pattern|regex)[ :]*'?([^']+)'?", message):
        for text in patterns.matching(pattern[1], rng, count=2):
            for index, value in enumerate(plan.values()):
                if value.type_name == "str":
                    yield plan.with_value(index, of(text))


def _one_of(plan: Plan, message: str, quoted: list[str]) -> Iterator[Plan]:
    """`mode must be one of 'a', 'b'`: the quoted words are good values."""
    if not re.search(r"one of|must be|choose|valid|allowed|supported|expected|either|known|available", message):
        return
    for text in quoted[:5]:
        for index, value in enumerate(plan.values()):
            if value.type_name == "str" and value.source != repr(text):
                yield plan.with_value(index, of(text))


def hinted(plan: Plan, message: str) -> Iterator[Plan]:
    """Plans with a value that the text of an exception of any kind names."""
    yield from _one_of(plan, message, re.findall(r"'([^']{1,40})'", message))
