"""Texts that a regular expression matches, and near misses."""

import importlib
import random
import re
import warnings
from collections.abc import Iterator, Mapping
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
_LONGEST_TEXT = 200
_MOST_GROUPS = 12


class _Maker:
    """Walks a parsed pattern; groups are remembered for back references.

    Args:
        spread: repetitions at most above the fewest.
        full: take every optional part, and the alternative of this number wherever there is a choice; None leaves both
            to chance.
        forced: texts of groups by their numbers.
        behind: write what the pattern wants to see behind it.
    """

    def __init__(
        self,
        rng: random.Random,
        spread: int,
        full: int | None = None,
        forced: Mapping[int, str] | None = None,
        behind: bool = False,
    ) -> None:
        self.rng = rng
        self.spread = spread
        self.full = full
        self.forced = forced or {}
        self.behind = behind
        self.groups: dict[int, str] = {}
        self.ahead: list[str] = []

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
                return self.sequence(self._branch(branches), depth + 1)
            case sre.SUBPATTERN, (group, _, _, body):
                text = self.forced[group] if group in self.forced else self.sequence(body, depth + 1)
                if group is not None:
                    self.groups[group] = text
                return text
            case ((sre.MAX_REPEAT | sre.MIN_REPEAT | sre.POSSESSIVE_REPEAT), (low, high, body)):
                most = min(int(high), int(low) + self.spread)
                count = self.rng.randint(int(low), max(int(low), most))
                if (self.full is not None or (self.forced and int(low) == 0)) and int(high) > 0:
                    count = max(count, 1)
                return "".join(self.sequence(body, depth + 1) for _ in range(count))
            case sre.ATOMIC_GROUP, body:
                return self.sequence(body, depth + 1)
            case sre.GROUPREF, int(group):
                return self.groups.get(group, "")
            case sre.GROUPREF_EXISTS, (group, yes, no):
                chosen = yes if group in self.groups else no
                return self.sequence(chosen, depth + 1) if chosen else ""
            case sre.ASSERT, (-1, body):  # what must stand before may be there already
                return self.sequence(body, depth + 1) if self.behind else ""
            case sre.ASSERT, (_, body):
                self.ahead.append(self.sequence(body, depth + 1))
                return ""
            case _:  # anchors and refusals take no room
                return ""

    def _branch(self, branches: list[Any]) -> Any:
        forced = [branch for branch in branches if self.forced and self.forced.keys() & set(_groups_in(branch))]
        if forced:
            return forced[0]
        return self.rng.choice(branches) if self.full is None else branches[self.full % len(branches)]

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
    read = _read(pattern, flags)
    if read is None:
        return []
    compiled, tree = read
    found: set[str] = set()
    for attempt in range(count * 8):
        maker = _Maker(rng, spread=min(attempt // 4, _LONGEST_REPEAT), behind=attempt % 2 == 1)
        text = _checked(compiled, maker.sequence(tree), maker)
        if text is not None:
            found.add(text)
        if len(found) >= count:
            break
    return sorted(found, key=lambda text: (len(text), text))


def varied(pattern: str, rng: random.Random, *, count: int = 6, flags: int = 0) -> list[str]:
    """Texts in which the pattern is found with every optional part present, one for each alternative; empty for an
    invalid pattern."""
    read = _read(pattern, flags)
    if read is None:
        return []
    compiled, tree = read
    found: dict[str, None] = {}
    for choice in range(count):
        maker = _Maker(rng, spread=1, full=choice)
        text = _checked(compiled, maker.sequence(tree), maker)
        if text is not None:
            found[text] = None
    return list(found)


def with_group(pattern: str, wanted: str, rng: random.Random, *, flags: int = 0) -> list[str]:
    """Texts that the pattern matches with a group that holds `wanted`, one for each group that may; empty for an
    invalid pattern."""
    read = _read(pattern, flags)
    if read is None:
        return []
    compiled, tree = read
    found: dict[str, None] = {}
    for group in range(1, min(compiled.groups, _MOST_GROUPS) + 1):
        for _ in range(3):
            maker = _Maker(rng, spread=1, forced={group: wanted})
            text = maker.sequence(tree)
            match = compiled.search(text) if len(text) <= _LONGEST_TEXT else None
            if match is not None and match.group(group) == wanted:
                found[text] = None
                break
    return list(found)


def _read(pattern: str, flags: int) -> tuple["re.Pattern[str]", Any] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern, flags), parser.parse(pattern, flags)
    except (re.error, ValueError, OverflowError, RecursionError):
        return None


def _checked(compiled: "re.Pattern[str]", text: str, maker: _Maker) -> str | None:
    """The text, or one that has room for what looking ahead asked for; None when the pattern is found in neither."""
    ahead = "".join(maker.ahead)
    tries = [text]
    if ahead:
        tries += [text + ahead, ahead + text, ahead, (ahead + text)[: len(text)]]
        tries += [ahead + text[: max(0, len(text) - len(ahead))]]
    return next((each for each in tries if len(each) <= _LONGEST_TEXT and compiled.search(each)), None)


def _groups_in(tree: Any) -> Iterator[int]:
    """Numbers of the groups inside a parsed pattern."""
    for op, argument in tree:
        if op is sre.SUBPATTERN:
            if argument[0] is not None:
                yield argument[0]
            yield from _groups_in(argument[3])
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            yield from _groups_in(argument[2])
        elif op is sre.BRANCH:
            for branch in argument[1]:
                yield from _groups_in(branch)
        elif op is sre.ATOMIC_GROUP:
            yield from _groups_in(argument)


def near_misses(text: str, rng: random.Random) -> list[str]:
    """Texts one small step away: a character less, more, or another one."""
    if not text:
        return ["a"]
    spot = rng.randrange(len(text))
    swapped = "#" if text[spot].isalnum() else "a"
    less, other = text[:spot] + text[spot + 1 :], text[:spot] + swapped + text[spot + 1 :]
    return list(dict.fromkeys((less, other, text + "!", " " + text, text + "é")))
