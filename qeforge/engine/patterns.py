"""Texts that a regular expression matches, and near misses."""

import importlib
import random
import re
import warnings
from typing import Any

sre: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")

_ALPHABET = "abcxyz019 _-.ABZ@/:"
_CATEGORY = {
    sre.CATEGORY_DIGIT: "0123456789",
    sre.CATEGORY_NOT_DIGIT: "ab_ -",
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_NOT_SPACE: "ab1_-",
    sre.CATEGORY_WORD: "abz019_",
    sre.CATEGORY_NOT_WORD: " -.@",
}
_LONGEST_REPEAT = 4
_DEPTH = 40


class _Maker:
    """Walks a parsed pattern; groups are remembered for back references."""

    def __init__(self, rng: random.Random, spread: int) -> None:
        self.rng = rng
        self.spread = spread
        self.groups: dict[int, str] = {}

    def sequence(self, items: Any, depth: int = 0) -> str:
        if depth > _DEPTH:
            return ""
        return "".join(self.item(op, argument, depth) for op, argument in items)

    def item(self, op: Any, argument: Any, depth: int) -> str:
        match op, argument:
            case sre.LITERAL, int(code):
                return chr(code)
            case sre.NOT_LITERAL, int(code):
                return self.rng.choice([c for c in _ALPHABET if ord(c) != code])
            case sre.ANY, _:
                return self.rng.choice("abc1")
            case sre.IN, list(choices):
                return self.one_of(choices)
            case sre.BRANCH, (_, list(branches)):
                return self.sequence(self.rng.choice(branches), depth + 1)
            case sre.SUBPATTERN, (group, _, _, body):
                text = self.sequence(body, depth + 1)
                if group is not None:
                    self.groups[group] = text
                return text
            case ((sre.MAX_REPEAT | sre.MIN_REPEAT | sre.POSSESSIVE_REPEAT), (low, high, body)):
                most = min(int(high), int(low) + self.spread)
                count = self.rng.randint(int(low), max(int(low), most))
                return "".join(self.sequence(body, depth + 1) for _ in range(count))
            case sre.ATOMIC_GROUP, body:
                return self.sequence(body, depth + 1)
            case sre.GROUPREF, int(group):
                return self.groups.get(group, "")
            case sre.GROUPREF_EXISTS, (group, yes, no):
                chosen = yes if group in self.groups else no
                return self.sequence(chosen, depth + 1) if chosen else ""
            case _:  # anchors and assertions take no room
                return ""

    def one_of(self, choices: list[tuple[Any, Any]]) -> str:
        if choices and choices[0][0] is sre.NEGATE:
            barred = {c for c in map(chr, range(32, 127)) if self.in_set(c, choices[1:])}
            allowed = [c for c in _ALPHABET if c not in barred] or [
                c for c in map(chr, range(32, 1024)) if not self.in_set(c, choices[1:])
            ]
            return self.rng.choice(allowed) if allowed else ""
        op, argument = self.rng.choice(choices)
        match op, argument:
            case sre.LITERAL, int(code):
                return chr(code)
            case sre.RANGE, (int(low), int(high)):
                return chr(self.rng.randint(low, min(high, low + 60)))
            case sre.CATEGORY, category:
                return self.rng.choice(_CATEGORY.get(category, "a"))
            case _:
                return ""

    @staticmethod
    def in_set(char: str, choices: list[tuple[Any, Any]]) -> bool:
        for op, argument in choices:
            match op, argument:
                case sre.LITERAL, int(code) if ord(char) == code:
                    return True
                case sre.RANGE, (int(low), int(high)) if low <= ord(char) <= high:
                    return True
                case sre.CATEGORY, category if char in _CATEGORY.get(category, ""):
                    return True
        return False


def matching(pattern: str, rng: random.Random, *, count: int = 4, flags: int = 0) -> list[str]:
    """Up to `count` different texts in which the pattern is found, shortest first; empty for an invalid pattern."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(pattern, flags)
            tree = parser.parse(pattern, flags)
    except (re.error, ValueError, OverflowError, RecursionError):
        return []
    found: set[str] = set()
    for attempt in range(count * 8):
        text = _Maker(rng, spread=min(attempt // 4, _LONGEST_REPEAT)).sequence(tree)
        if len(text) <= 200 and compiled.search(text):
            found.add(text)
        if len(found) >= count:
            break
    return sorted(found, key=lambda text: (len(text), text))


def near_misses(text: str, rng: random.Random) -> list[str]:
    """Texts one small step away: a character less, more, or another one."""
    if not text:
        return ["a"]
    spot = rng.randrange(len(text))
    swapped = "#" if text[spot].isalnum() else "a"
    return list(
        dict.fromkeys(
            (text[:spot] + text[spot + 1 :], text[:spot] + swapped + text[spot + 1 :], text + "!", " " + text)
        )
    )
