"""Operands that meet in predicates, and that noting them changes nothing else."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from qeforge.domain.observation import Arc, Observation, Operand
from qeforge.execution.judge import ForkJudge
from tests.execution.judging import candidate, judging

MODULE = """
    import os, re

    WORD = re.compile("w+")
    TABLE = {"a": 1, "b": 2}

    def compares(a, b): return a == b, a != "x", a is None, 1 < len(a) <= 5
    def contains(a, b): return a in b or a not in ("p", "q")
    def strings(t): return t.startswith(("ab", "x")), t.endswith("z"), t.find("mid"), t.removeprefix("pre")
    def patterns(t): return bool(re.match("a+b", t)), bool(WORD.search(t)), re.sub("x", "y", t), re.fullmatch(WORD, t)
    def kinds(v): return isinstance(v, (int, dict))
    def keys(d, k): return d.get(k), TABLE.get(k, 0), TABLE["a"]
    def missing(k): return TABLE[k]
    def environment(): return os.environ.get("HOST"), os.getenv("PORT", "1")
    def truth(v):
        if v:
            return "yes"
        while not v:
            v = [1]
        return v and "no"
    def cases(v):
        match v:
            case "start" | "stop":
                return 1
            case 7:
                return 2
        return 3
    def nested(items): return [item for item in items if item > 2], (lambda q: q == 9)(3)
    class Shop:
        limit = 3
        def __init__(self, n):
            super().__init__()
            self.__n = n
        @property
        def full(self): return self.__n >= self.limit
    def noisy(n):
        for i in range(n):
            if i == -1:
                return
    def default(a, b=1 == 1): return a if a == b else None
    def fails(a):
        if a > 3:
            raise ValueError(a)
"""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkJudge]:
    with judging(tmp_path_factory.mktemp("captured"), MODULE) as opened:
        yield opened


def look(judge: ForkJudge, act: str) -> Observation:
    [observation] = judge.run([candidate(act, imports=("from sample import *",))], capture=True)
    return observation


def operands(observation: Observation) -> set[tuple[str, str, str]]:
    return {(operand.operator, operand.left, operand.right) for operand in observation.operands}


@pytest.mark.parametrize(
    "act, expected",
    [
        ("compares('k', 'm')", {("==", "'k'", "'m'"), ("==", "'k'", "'x'"), ("==", "'k'", "None"), ("<", "1", "1")}),
        ("contains('k', ['m'])", {("in", "'k'", "['m']"), ("in", "'k'", "('p', 'q')")}),
        (
            "strings('t')",
            {("startswith", "'t'", affix) for affix in ("'ab'", "'x'", "'pre'")}
            | {("endswith", "'t'", "'z'"), ("in", "'mid'", "'t'")},
        ),
        ("patterns('t')", {("match", "'a+b'", "'t'"), ("match", "'w+'", "'t'"), ("match", "'x'", "'t'")}),
        ("kinds('t')", {("isinstance", "'t'", "int"), ("isinstance", "'t'", "dict")}),
        ("keys({'q': 1}, 'k')", {("getitem", "['q']", "'k'"), ("getitem", "['a', 'b']", "'k'")}),
        ("missing('k')", {("getitem", "['a', 'b']", "'k'")}),
        ("environment()", {("getitem", "os.environ", "'HOST'"), ("getitem", "os.environ", "'PORT'")}),
        ("truth([])", {("truth", "[]", ""), ("truth", "[1]", "")}),
        ("cases('go')", {("==", "'go'", "'start'"), ("==", "'go'", "'stop'"), ("==", "'go'", "7")}),
        ("nested([1])", {("<", "1", "2"), ("==", "3", "9")}),
        ("Shop(2).full", {("<", "2", "3")}),
        ("fails(4)", {("<", "4", "3")}),
    ],
)  # fmt: skip
def test_both_sides_are_noted(judge: ForkJudge, act: str, expected: set[tuple[str, str, str]]) -> None:
    assert operands(look(judge, act)) == expected


def test_the_line_is_noted(judge: ForkJudge) -> None:
    assert look(judge, "kinds(1)").operands[0] == Operand(line=10, operator="isinstance", left="1", right="int")


def between_lines(arcs: frozenset[Arc]) -> frozenset[Arc]:
    """Without those from a line to itself, which coverage.py leaves out, too: noting gives a line more parts."""
    return frozenset((first, last) for first, last in arcs if first != last)


@pytest.mark.parametrize(
    "act",
    [
        "compares('k', 'm')", "contains('k', ['m'])", "strings('t')", "patterns('t')", "keys({}, 1)", "missing('k')",
        "truth([])", "cases('stop')", "nested([3])", "Shop(9).full", "default(1)", "fails(4)", "compares(1, 2)",
        "strings(None)", "missing([])", "kinds(1, 2)",
    ],
)  # fmt: skip
def test_noting_changes_nothing_else(judge: ForkJudge, act: str) -> None:
    [plain] = judge.run([candidate(act, imports=("from sample import *",))])
    captured = look(judge, act)

    assert (captured.outcome, captured.result) == (plain.outcome, plain.result)
    assert between_lines(captured.arcs) == between_lines(plain.arcs)
    if plain.raised is not None and captured.raised is not None:
        assert captured.raised.type_name == plain.raised.type_name
        assert captured.raised.message == plain.raised.message
        assert captured.raised.frames == plain.raised.frames


def test_there_is_an_end_to_what_is_noted(judge: ForkJudge) -> None:
    assert len(look(judge, "noisy(10_000)").operands) == 200


def test_it_ends_with_the_request(judge: ForkJudge, tmp_path: Path) -> None:
    look(judge, "kinds(1)")
    [after] = judge.run([candidate("kinds(1)", imports=("from sample import *",))])

    assert after.operands == ()
    assert dataclasses.replace(after, seconds=0.0).outcome == "returned"
