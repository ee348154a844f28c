"""What a model calls the input of a test: words for its name, as far as they can stand beside what was observed."""

import ast
import re
from collections.abc import Iterator

from qeforge.domain.testcase import TestCase

MOST_WORDS, LONGEST = 6, 40
"""Words of a scenario, and characters."""

_LONGEST_CODE = 300
"""Characters of a test that stays as a model wrote it because of what it is called; a longer one is better cut."""

_WORDS = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_FORETELLING = frozenset({
    "accept", "accepted", "accepts", "allowed", "bad", "bug", "correct", "correctly", "crash", "crashes", "error",
    "errors", "exception", "exit", "exits", "expected", "fail", "failed", "fails", "failure", "gives", "good",
    "incorrect", "invalid", "is", "ok", "pass", "passes", "produces", "raise", "raised", "raises", "raising", "reject",
    "rejected", "rejects", "result", "return", "returned", "returning", "returns", "should", "succeed", "succeeds",
    "success", "test", "tests", "valid", "works", "wrong", "yields",
})  # fmt: skip
"""Words that say what comes of an input, or judge it: that is observed, and said by us."""

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_CONSTANTS = {"none": None, "null": None, "true": True, "false": False}


def scenario_words(text: str) -> str:
    """Words that may stand in a name, of whatever somebody wrote; empty where there are none.

    Args:
        text: words joined by underscores, `test_` before them or not.
    """
    words = text.strip().removeprefix("test_")
    fine = len(words) <= LONGEST and words.count("_") < MOST_WORDS and _WORDS.fullmatch(words)
    return words if fine and not _FORETELLING & set(words.split("_")) else ""


def fits(case: TestCase, words: str) -> bool:
    """Whether nothing in the test contradicts the words: numbers and constants that they name have to be in its code,
    and so has something empty or negative where they speak of it.

    Args:
        case: a confirmed case.
        words: from `scenario_words`.
    """
    code = "\n".join((*case.candidate.arrange, case.candidate.act))
    if len(code) > _LONGEST_CODE:
        return False
    nodes = list(ast.walk(ast.parse(code)))
    return all(_holds(word, code, nodes) for word in words.split("_"))


def _holds(word: str, code: str, nodes: list[ast.AST]) -> bool:
    constants = list(_constants(nodes))
    if word in _CONSTANTS:
        return any(value is _CONSTANTS[word] for value in constants)
    if word in _NUMBERS:
        return any(type(value) is int and value == _NUMBERS.index(word) for value in constants)
    if any(map(str.isdigit, word)):
        return all(number in code for number in re.findall(r"\d+", word))
    if word in ("empty", "blank"):
        return any(isinstance(value, str | bytes) and not value.strip() for value in constants) or any(
            map(_is_empty, nodes)
        )
    if word in ("negative", "minus"):
        return "-" in code
    return True


def _constants(nodes: list[ast.AST]) -> Iterator[object]:
    return (node.value for node in nodes if isinstance(node, ast.Constant))


def _is_empty(node: ast.AST) -> bool:
    match node:
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id="list" | "tuple" | "dict" | "set" | "frozenset"), args=[], keywords=[]):
            return True
    return False
