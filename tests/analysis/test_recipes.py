import ast
import textwrap
from pathlib import Path

import pytest

from qeforge.analysis.recipes import call_recipes, doctest_candidates, test_candidates
from qeforge.analysis.recipes.suites import MOST
from qeforge.analysis.recipes.vocabulary import free_names
from qeforge.domain.candidate import Candidate, Claim
from qeforge.domain.recipe import Recipe
from tests.analysis.modules import module_of

test_candidates.__test__ = False  # type: ignore[attr-defined]

QUEUE = '''
"""Queues.

>>> double(2)
4
"""
from decimal import Decimal
import math

class Queue:
    """First in, first out.

    >>> q = Queue(limit=2)
    >>> q.push("a")
    >>> q.push("b")
    >>> q.pop()
    'a'
    >>> q.size
    1
    >>> q.push("c"); q.push("d")
    Traceback (most recent call last):
        ...
    OverflowError: full
    """

    def __init__(self, limit=10):
        self.items = []
        self.limit = limit

    def push(self, item):
        if len(self.items) >= self.limit:
            raise OverflowError("full")
        self.items.append(item)

    def pop(self):
        return self.items.pop(0)

    @property
    def size(self):
        return len(self.items)

    @classmethod
    def of(cls, *items):
        return cls()

    def __add__(self, other):
        return self

def double(x):
    """Doubles.

    >>> double(Decimal("1.5"))
    Decimal('3.0')
    >>> double("ab")  # doctest: +ELLIPSIS
    'ab...'
    >>> result = double(3)
    >>> result
    6
    >>> print(double(4))
    8
    >>> double(math.inf)  # returns inf
    >>> double(True)  # returns 2
    >>> double([1])  # doctest: +SKIP
    [1, 1]
    >>> import itertools as it
    >>> list(it.islice([double(5)], 1))
    [10]
    >>> helper(double(6))
    12
    >>> double(7)
    14
    """
    return x * 2

def count(n):
    """
    >>> list(count(2))
    [0, 1]
    >>> count(1)
    """
    yield from range(n)

async def wait(n):
    """
    >>> wait(1)
    """
'''


def doctests(source: str = QUEUE) -> dict[str, Candidate]:
    return {candidate.act: candidate for candidate in doctest_candidates(module_of(source))}


def test_doctests_become_candidates_with_claims() -> None:
    found = doctests()["double(2)"]
    assert found == Candidate(
        target="shop.cart:double",
        act="double(2)",
        imports=("from shop.cart import double",),
        proposer="doctest",
        claims=(Claim(expected="4", source="docstring"),),
    )


def test_examples_of_one_docstring_build_on_one_another() -> None:
    pop = doctests()["q.pop()"]
    assert pop.arrange == ("q = Queue(limit=2)", "q.push('a')", "q.push('b')")
    assert (pop.target, pop.imports) == ("shop.cart:Queue.pop", ("from shop.cart import Queue",))
    assert pop.claims == (Claim(expected="'a'", source="docstring"),)
    size = doctests()["q.size"]
    assert (size.target, size.arrange[-1]) == ("shop.cart:Queue.size", "q.pop()")


def test_tracebacks_become_claims_of_exceptions() -> None:
    full = doctests()["q.push('d')"]
    assert full.claims == (Claim(expected="OverflowError", source="docstring", raises=True),)


@pytest.mark.parametrize(
    "act, claims",
    [
        ("double(Decimal('1.5'))", []),
        ("double('ab')", []),
        ("double(3)", ["6"]),
        ("double(4)", []),
        ("double(math.inf)", []),
        ("double(True)", ["2"]),
        ("list(it.islice([double(5)], 1))", ["[10]"]),
        ("list(count(2))", ["[0, 1]"]),
        ("list(count(1))", []),
        ("asyncio.run(wait(1))", []),
    ],
)
def test_only_literal_output_is_claimed(act: str, claims: list[str]) -> None:
    assert [claim.expected for claim in doctests()[act].claims] == claims


def test_skipped_examples_and_those_behind_unknown_names_are_left_out() -> None:
    acts = doctests()
    assert "double([1])" not in acts
    assert "double(7)" not in acts


def test_imports_are_those_that_are_needed() -> None:
    acts = doctests()
    assert acts["double(Decimal('1.5'))"].imports == ("from decimal import Decimal", "from shop.cart import double")
    assert acts["double(math.inf)"].imports == ("import math", "from shop.cart import double")
    assert acts["list(it.islice([double(5)], 1))"].imports == ("import itertools as it", "from shop.cart import double")
    assert acts["asyncio.run(wait(1))"].imports == ("import asyncio", "from shop.cart import wait")


def test_an_import_of_the_module_in_the_docstring_is_not_repeated() -> None:
    examples = ">>> from shop import f\n>>> from shop.cart import f\n>>> f(1)\n2"
    source = f"def f(x):\n    {examples!r}\n"
    assert doctests(source)["f(1)"].imports == ("from shop.cart import f",)


def told(*lines: str) -> list[tuple[list[str], str, list[tuple[str, bool]]]]:
    """Arrangement, act, and claims with whether they are of a part of the story."""
    source = f"{BOX}\ndef f(x):\n    {chr(10).join(lines)!r}\n    return x\n"
    found = doctest_candidates(module_of(source))
    return [(list(c.arrange), c.act, [(claim.expected, claim.partial) for claim in c.claims]) for c in found]


BOX = """
class Box:
    def __init__(self, items=()):
        self.items = list(items)
    def put(self, item): self.items.append(item)
    def count(self, item): return self.items.count(item)
"""


@pytest.mark.parametrize(
    ("line", "printer"),
    [
        ("from pprint import pprint", "pprint"),
        ("from pprint import pprint as pp", "pp"),
        ("from pprint import pp", "pp"),
        ("import pprint", "pprint.pprint"),
        ("import pprint as show", "show.pp"),
    ],
)
def test_what_is_printed_nicely_is_claimed_of_the_value(line: str, printer: str) -> None:
    told_of = told(f">>> {line}", f">>> {printer}(f({{1: 2}}))", "{1: 2}")
    assert told_of == [([], "f({1: 2})", [("{1: 2}", False)])]


def test_another_function_of_that_name_is_a_call_like_any() -> None:
    assert told(">>> from shop.tables import pp", ">>> pp(f(1))", "2") == [([], "pp(f(1))", [("2", False)])]


@pytest.mark.parametrize(
    "change",
    [
        "box['a'], box['b'] = (1, 2)",
        "other, (box.a, *box.b) = (1, (2, 3))",
        "box.a = 1",
        "box['a'] += 1",
        "del box['a']",
        "box.put(1)",
        "setattr(box, 'a', 1)",
    ],
)
def test_what_changes_an_object_stays_in_its_story(change: str) -> None:
    found = told(">>> box = Box()", f">>> {change}", ">>> box.count(1)", "2")
    assert found[-1] == (["box = Box()", change], "box.count(1)", [("2", False)])


@pytest.mark.parametrize("look", ["box['a']", "[box['b'] for i in range(3)][0]", "next(box)"])
def test_what_may_change_an_object_belongs_to_the_whole_story_alone(look: str) -> None:
    found = told(">>> box = Box()", f">>> {look}", "1", f">>> print({look})", "1", ">>> box.count(1)", "2")
    assert found[-2:] == [
        (["box = Box()"], "box.count(1)", [("2", True)]),
        (["box = Box()", look, look], "box.count(1)", [("2", False)]),
    ]


@pytest.mark.parametrize("look", ["box", "box.items", "len(box)", "box == box"])
def test_what_only_looks_belongs_to_no_story(look: str) -> None:
    found = told(">>> box = Box()", f">>> {look}", "1", ">>> box.count(1)", "2")
    assert found[-1] == (["box = Box()"], "box.count(1)", [("2", False)])


def test_a_change_of_what_an_object_was_made_of_belongs_to_the_whole_story() -> None:
    found = told(">>> items = [1]", ">>> box = Box(items)", ">>> items.append(1)", ">>> box.count(1)", "2")
    assert found[-2:] == [
        (["items = [1]", "box = Box(items)"], "box.count(1)", [("2", True)]),
        (["items = [1]", "box = Box(items)", "items.append(1)"], "box.count(1)", [("2", False)]),
    ]


@pytest.mark.parametrize(
    "change",
    ["Box.size = 3", "del Box.size", "f(0)", "with f(0) as box:\n...     pass", "for i in 'ab':\n...     f(i)"],
)
def test_what_changes_more_than_local_objects_belongs_to_every_story(change: str) -> None:
    found = told(f">>> {change}", ">>> other = 1", ">>> Box().count(1)", "2")
    source = change.replace("... ", "")
    assert found[-2:] == [([], "Box().count(1)", [("2", True)]), ([source], "Box().count(1)", [("2", False)])]


def test_an_object_of_the_same_name_before_it_is_another_story() -> None:
    found = told(">>> box = Box()", ">>> box.put(1)", ">>> box = Box([1])", ">>> box.count(1)", "1")
    assert found[-1] == (["box = Box([1])"], "box.count(1)", [("1", False)])


def test_what_follows_an_exception_is_of_a_part_of_the_story() -> None:
    error = ["Traceback (most recent call last):", "    ...", "ValueError: no"]
    found = told(">>> box = Box()", ">>> box.put(1)", *error, ">>> box.count(1)", "0")
    assert found[-1] == (["box = Box()"], "box.count(1)", [("0", True)])


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("import os", "os.getenv('A')"),
        ("from os import getenv", "getenv('A')"),
        ("import os as system", "system.environ['A']"),
        ("from os import environ as given", "given['A']"),
    ],
)
def test_what_the_environment_says_refutes_nothing(line: str, value: str) -> None:
    found = told(f">>> {line}", f">>> a = {value}", ">>> f(a)", "2", f">>> f({value})", "2")
    assert [claims for _, _, claims in found] == [[("2", True)], [("2", True)]]


def test_what_one_line_shows_is_its_last_statements() -> None:
    error = ["Traceback (most recent call last):", "    ...", "ValueError: no"]
    assert [claims for _, _, claims in told(">>> f(1); f(2)", *error)] == [
        *([], [("ValueError", True)]),
        [("ValueError", False)],
    ]


@pytest.mark.parametrize("docstring", [">>> f(\n", ">>>f(1)\n1", ">>> f(1)\n  1\n>>> 1 +", "no example"])
def test_docstrings_that_are_no_doctests_give_nothing(docstring: str) -> None:
    source = f"def f(x):\n    {docstring!r}\n    return x\n"
    assert all(candidate.act == "f(1)" for candidate in doctest_candidates(module_of(source)))


TESTS = """
import asyncio, unittest
from unittest import mock
from decimal import Decimal
import pytest
import shop.cart
import shop.cart as cart
from shop import cart as store, double
from shop.cart import Queue as Q

ITEMS = ["x", "y"]
LIMIT = compute()

class TestQueue(unittest.TestCase):
    factor = 9

    def setUp(self):
        self.queue = Q(limit=3)
        self.queue.push("first")

    def test_pop(self):
        self.queue.push("second")
        self.assertEqual(self.queue.pop(), "first")

    def test_class_value(self):
        factor = self.factor
        double(factor)
        unknown = self.unknown
        double(unknown)

    def test_factory(self):
        with self.assertRaises(ValueError):
            Q.of(1, Decimal("2"))

    def test_loop(self):
        for item in ITEMS:
            with self.subTest(item):
                store.double(item)
        for a, (b, c) in [(1, (2, 3))]:
            double(x=a + b)

@pytest.mark.parametrize("x, expected", [(1, 2), pytest.param("a", "aa", id="text")])
def test_rows(x, expected):
    assert cart.double(x) == expected

@pytest.mark.parametrize("n", [7])
@pytest.mark.parametrize(["m"], [[8]])
def test_grid(n, m):
    shop.cart.double(n + m)

def test_story(tmp_path):
    unrelated = 5
    path = tmp_path / "file"
    text = str(path)
    assert unrelated
    result = double(text)

def test_own_fixture(client):
    double(client.get())

def test_mocked():
    double(mock.Mock())
    double(LIMIT)

async def test_async():
    value = await cart.wait(1)
    assert double(value) == 2

def helper():
    double("not in a test")
"""


def from_tests(
    tmp_path: Path, tests: str = TESTS, source: str = QUEUE, fixtures: frozenset[str] = frozenset()
) -> dict[str, Candidate]:
    path = tmp_path / "test_it.py"
    path.write_text(tests)
    return {candidate.act: candidate for candidate in test_candidates(module_of(source), [path], fixtures)}


def test_calls_in_tests_become_candidates(tmp_path: Path) -> None:
    found = from_tests(tmp_path)
    assert found["queue.pop()"] == Candidate(
        target="shop.cart:Queue.pop",
        act="queue.pop()",
        arrange=("queue = Queue(limit=3)", "queue.push('first')", "queue.push('second')"),
        imports=("from shop.cart import Queue",),
        proposer="tests",
    )
    assert found["Queue.of(1, Decimal('2'))"].imports == (
        "from decimal import Decimal",
        "from shop.cart import Queue",
    )


def test_constructor_calls_are_candidates_for_the_constructor(tmp_path: Path) -> None:
    assert from_tests(tmp_path)["Queue(limit=3)"].target == "shop.cart:Queue.__init__"


def test_rows_and_loops_are_spelled_out(tmp_path: Path) -> None:
    acts = set(from_tests(tmp_path))
    assert {"double(1)", "double('a')", "double(7 + 8)", "double('x')", "double('y')", "double(x=1 + 2)"} <= acts


def test_only_what_a_call_needs_is_brought_along(tmp_path: Path) -> None:
    found = from_tests(tmp_path)["double(text)"]
    assert found.arrange == ("path = tmp_path / 'file'", "text = str(path)")
    assert found.fixtures == ("tmp_path",)


def test_values_of_the_class_are_brought_along(tmp_path: Path) -> None:
    assert from_tests(tmp_path)["double(factor)"].arrange == ("factor = 9",)


def test_calls_that_need_more_are_left_out(tmp_path: Path) -> None:
    acts = " ".join(from_tests(tmp_path))
    for absent in ("client", "mock", "LIMIT", "unknown", "not in a test"):
        assert absent not in acts


def test_awaited_values_are_run(tmp_path: Path) -> None:
    found = from_tests(tmp_path)
    assert found["asyncio.run(wait(1))"].imports == ("import asyncio", "from shop.cart import wait")
    assert found["double(value)"].arrange == ("value = asyncio.run(wait(1))",)
    assert found["double(value)"].imports == ("import asyncio", "from shop.cart import double, wait")


def test_files_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    broken = tmp_path / "test_broken.py"
    broken.write_text("def test(:")
    binary = tmp_path / "test_binary.py"
    binary.write_bytes(b"\xff\xfe\x00")
    assert test_candidates(module_of(QUEUE), [broken, binary, tmp_path / "test_missing.py"], frozenset()) == ()


def test_tests_of_other_modules_give_nothing(tmp_path: Path) -> None:
    assert from_tests(tmp_path, "from other import double\ndef test_a():\n    double(1)\n") == {}


def test_the_number_of_candidates_is_bounded_and_doubles_are_dropped(tmp_path: Path) -> None:
    lines = [f"    double({i % 300})" for i in range(900)]
    found = from_tests(tmp_path, "from shop.cart import double\ndef test_a():\n" + "\n".join(lines))
    assert len(found) == MOST


def test_fixtures_of_the_project_are_used_by_name(tmp_path: Path) -> None:
    tests = """
    from shop.cart import double
    import pytest

    @pytest.fixture
    def hidden():
        return 1

    def test_a(client, hidden):
        double(client)
        double(hidden)
    """
    found = from_tests(tmp_path, textwrap.dedent(tests), fixtures=frozenset({"client", "hidden"}))
    assert [(act, candidate.fixtures) for act, candidate in found.items()] == [("double(client)", ("client",))]


def in_short(recipe: Recipe) -> str:
    given = [f"{g.name}={g.value.source}" if g.keyword else g.value.source for g in recipe.arguments]
    on = f"{recipe.receiver.source}." if recipe.receiver else ""
    return f"{recipe.target} | {on}({', '.join(given)})"


def test_calls_in_the_code_are_found_with_what_they_depend_on() -> None:
    source = """
    from datetime import date
    from shop.cart import Queue, double
    from shop import cart
    import os
    SIZE = 4
    class Desk:
        NAME = "desk"
        def serve(self, x, y=1):
            queue = Queue(limit=SIZE)
            queue.push("a")
            other = 1
            other = 2
            self.serve(5, y=[1, -2])
            self.serve(queue, y=(date(2020, 1, 2), double))
            cart.double(self.NAME)
            double(x)
            double(other)
            double(os.getcwd())
            double()
            return Queue.of("a"), Desk.serve(None, 2)
    """
    found = call_recipes([module_of(QUEUE), module_of(source, "shop.desk")])
    assert [in_short(recipe) for recipe in found] == [
        "shop.cart:Queue | (limit=4)",
        "shop.cart:Queue.of | ('a')",
        "shop.cart:Queue.push | Queue(limit=4).('a')",
        "shop.cart:double | ('desk')",
        "shop.desk:Desk.serve | (5, y=[1, -2])",
        "shop.desk:Desk.serve | (Queue(limit=4), y=(date(2020, 1, 2), double))",
    ]
    [x, y] = found[-1].arguments
    assert (x.name, x.value.type_name, x.value.imports) == ("x", "shop.cart.Queue", ("from shop.cart import Queue",))
    assert y.value.imports == ("from datetime import date", "from shop.cart import double")


def test_of_one_callable_not_too_many_calls_are_kept() -> None:
    source = "def f(x):\n    return x\n\n" + "".join(f"f({number})\n" for number in range(50))
    assert len(call_recipes([module_of(source)])) == 20


@pytest.mark.parametrize(
    "source, expected",
    [
        ("x = x + y", ["x", "y"]),
        ("x += 1", ["x"]),
        ("[a for a in b if c]", ["b", "c"]),
        ("lambda a: a + b", ["b"]),
        ("for a in b:\n    c(a)", ["b", "c"]),
        ("with a as b:\n    b.c", ["a"]),
        ("def f(a):\n    b = a\n    return f(b, c)", ["c"]),
        ("try:\n    a\nexcept B as c:\n    c", ["a", "B"]),
        ("(a := b) + a", ["b"]),
    ],
)
def test_free_names_are_those_that_come_from_outside(source: str, expected: list[str]) -> None:
    assert sorted(free_names(ast.parse(source).body[0])) == sorted(expected)
