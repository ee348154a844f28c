import configparser
import inspect
import shlex
import textwrap
import time
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.analysis.goals import GoalMap
from qeforge.domain.goal import Coverage, Goal, GoalKind
from qeforge.domain.observation import Arc
from tests.analysis.real_runs import Measured, measure, module_of

CONSTRUCTS = {
    "conditions": """
        def f(a, b):
            if a and b:
                x = 1
            elif a:
                x = 2
            else:
                x = 3
            y = 4 if b else 5
            return x, y
        f(1, 0)
        """,
    "loops": """
        def f(items):
            for x in items:
                if x == 1:
                    continue
                if x == 2:
                    break
            else:
                return "all"
            while items:
                items.pop()
            while True:
                return "some"
        f([1, 2, 3])
        f([])
        """,
    "exceptions": """
        def f(a):
            try:
                1 / a
            except ZeroDivisionError:
                r = "zero"
            except TypeError as e:
                r = str(e)
            else:
                r = "fine"
            finally:
                done = True
            return r
        f(0)
        f(1)
        """,
    "raising": """
        def f(a):
            try:
                if a:
                    raise KeyError(a)
                g(a)
            finally:
                a = 0
        def g(a):
            return a.nothing
        for value in (1, 0):
            try:
                f(value)
            except (KeyError, AttributeError):
                pass
        """,
    "context_managers": """
        import contextlib
        @contextlib.contextmanager
        def manager(n):
            try:
                yield n
            finally:
                n = 0
        def f(a):
            with manager(1) as x, \\
                 manager(2) as y:
                if a:
                    return x
                y = 2
            with manager(3):
                z = 3
            return y + z
        f(0)
        """,
    "multi_line": """
        def f(
            a=1,
            b=2,
        ):
            x = [
                a,
                b,
            ]
            if (
                a
                and b
            ):
                return g(
                    a,
                    b,
                )
            return x
        def g(*args): return args
        TABLE = {
            "a": 1,
            "b": lambda: (
                2
            ),
        }
        f()
        """,
    "generators": """
        def g(n):
            while n:
                yield n
                n -= 1
        async def a(n):
            async for x in n:
                if x:
                    return x
        next(g(3))
        [x for x in g(2) if x]
        sum(x for x in g(2))
        """,
    "matching": """
        def f(a):
            match a:
                case 1:
                    return "one"
                case [x, *_]:
                    r = x
                case {"k": v} if v:
                    r = v
                case _:
                    r = None
            return r
        f(1)
        f([2])
        f({"k": 0})
        """,
    "classes": """
        class A:
            "Doc."
            x: int = 1
            y: str
            @property
            def p(self):
                return self.x
            @staticmethod
            def s(): "Doc only."
            class B:
                def m(self): return 1
        A().p
        """,
    "exclusions": """
        from typing import TYPE_CHECKING, Protocol
        if TYPE_CHECKING:
            import decimal
        class P(Protocol):
            def f(self) -> int: ...
        def hidden():  # pragma: no cover
            return 1
        def f(a):
            if a:  # pragma: no branch
                a = 2
            if a == 3:  # pragma: no cover
                a = 4
            else:
                a = 5
            while 1:
                if a:
                    return a
        f(1)
        """,
    "one_liners": """
        def f(a): return a
        g = lambda a: a if a else 1
        class A: x = 1; y = 2
        for i in range(2): f(i)
        if g(0): pass
        x = 1; y = 2
        """,
    "decorated": """
        def deco(n):
            def wrap(f):
                return f
            return wrap
        @deco(1)
        @deco(
            2
        )
        def f(a):
            def inner():
                return a
            return inner
        f(1)()
        """,
    "never_run": """
        def f(a):
            for x in a:
                if x:
                    yield x
        """,
    "comments_only": "# nothing\n",
    "docstring_only": '"""Doc."""\n',
    "empty": "",
    "no_final_newline": "def f(a):\n    if a:\n        return 1\nf(0)",
    "deleted_and_global": """
        def f():
            global X
            X = 1
            del X
            assert not f.__dict__
            nothing = ...
        f()
        """,
}

REAL = {module.__name__: inspect.getsource(module) for module in (textwrap, shlex, configparser)}
DRIVER = """
import {constructs}
import textwrap, shlex, configparser
textwrap.fill("some words " * 20, width=30, drop_whitespace=False)
textwrap.shorten("a b c", 3, placeholder="")
textwrap.dedent("  a\\n   b")
list(shlex.shlex("a 'b c' # d\\n e", posix=True))
shlex.join(["a b", "c"])
parser = configparser.ConfigParser()
parser.read_string("[a]\\nx = 1\\ny = %(x)s2\\n")
parser.getint("a", "y")
assert textwrap.__file__.startswith({folder!r})
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measured]:
    folder = tmp_path_factory.mktemp("measured").resolve()
    driver = DRIVER.format(constructs=", ".join(CONSTRUCTS), folder=str(folder))
    return measure(folder, {**{k: dedent(v) for k, v in CONSTRUCTS.items()}, **REAL}, driver)


@pytest.mark.parametrize("name", [*CONSTRUCTS, *REAL])
def test_the_numbers_are_those_of_coverage_py(name: str, measured: dict[str, Measured]) -> None:
    goals = GoalMap.of(module_of(REAL.get(name) or dedent(CONSTRUCTS[name]), name))
    assert goals.coverage(goals.met(measured[name].arcs)) == measured[name].totals


@pytest.mark.parametrize("name", [*CONSTRUCTS, *REAL])
def test_frontier_and_met_goals_never_overlap_and_exhaust_what_is_near(
    name: str, measured: dict[str, Measured]
) -> None:
    goals = GoalMap.of(module_of(REAL.get(name) or dedent(CONSTRUCTS[name]), name))
    met = goals.met(measured[name].arcs)
    frontier = goals.frontier(met)
    assert frontier.isdisjoint(met)
    assert met | frontier <= goals.goals
    assert bool(frontier) == (met != goals.goals)


def lines(goals: frozenset[Goal]) -> list[int]:
    return sorted(goal.arc[0] for goal in goals if goal.kind is GoalKind.LINE)


def branches(goals: frozenset[Goal]) -> list[Arc]:
    return sorted(goal.arc for goal in goals if goal.kind is GoalKind.BRANCH)


SAMPLE = """\
LIMIT = 3

def outer(n):
    if n > LIMIT:
        return None

    def inner(x):
        if x:
            return n
        return x

    return inner

class A:
    y = 1

    def go(self):
        return self.y

double = lambda x: 2 * x
"""


@pytest.fixture
def sample() -> GoalMap:
    return GoalMap.of(module_of(SAMPLE))


def test_goals_belong_to_the_target_whose_call_runs_them(sample: GoalMap) -> None:
    assert lines(sample.goals_of("m:outer")) == [4, 5, 7, 12]
    assert branches(sample.goals_of("m:outer")) == [(4, 5), (4, 7)]
    assert lines(sample.goals_of("m:outer.<locals>.inner")) == [8, 9, 10]
    assert lines(sample.goals_of(None)) == [1, 3, 14, 15, 17]
    assert lines(sample.goals_of("m:A.go")) == [18]
    assert lines(sample.goals_of("m:double")) == [20]
    assert sample.goals_of("m:nothing") == frozenset()


def test_every_goal_belongs_to_exactly_one_place(sample: GoalMap) -> None:
    places = [None, "m:outer", "m:outer.<locals>.inner", "m:A.go", "m:double"]
    parts = [sample.goals_of(place) for place in places]
    assert frozenset().union(*parts) == sample.goals
    assert sum(map(len, parts)) == len(sample.goals)


def test_entered_names_targets_by_the_arcs_into_them(sample: GoalMap) -> None:
    assert sample.entered([(-3, 4), (4, 5), (5, -3)]) == {"m:outer"}
    assert sample.entered([(-7, 8), (-20, 20), (1, 3)]) == {"m:outer.<locals>.inner", "m:double"}


def test_nothing_met_leaves_the_first_lines_of_code_objects_in_the_frontier(sample: GoalMap) -> None:
    assert lines(sample.frontier(())) == [1, 4, 8, 15, 18]


def test_the_frontier_holds_what_is_one_step_from_what_was_reached(sample: GoalMap) -> None:
    met = sample.met([(-1, 1), (1, 3), (3, 14), (14, 20), (20, -1), (-14, 15), (15, 17), (17, -14)])
    met |= sample.met([(-3, 4), (4, 5), (5, -3)])
    frontier = sample.frontier(met)
    assert branches(frontier) == [(4, 7)]
    assert lines(frontier) == [7, 8, 18]


def test_the_frontier_of_everything_is_empty(sample: GoalMap) -> None:
    assert sample.frontier(sample.goals) == frozenset()


def guard(source: str, line: int) -> Arc | None:
    goals = GoalMap.of(module_of(source))
    (goal,) = (g for g in goals.goals if g.arc == (line, line))
    found = goals.depends(goal)
    return None if found is None else found.arc


@pytest.mark.parametrize(
    "source, line, expected",
    [
        ("def f(a):\n if a:\n  x = 1\n return 2\n", 3, (2, 3)),
        ("def f(a):\n if a:\n  x = 1\n return 2\n", 4, None),
        ("def f(a):\n if a:\n  return 1\n return 2\n", 4, (2, 4)),
        ("def f(a):\n if a:\n  x = 1\n else:\n  x = 2\n", 5, (2, 5)),
        ("def f(a):\n for x in a:\n  if x:\n   y = 1\n", 4, (3, 4)),
        ("def f(a):\n for x in a:\n  y = 1\n return y\n", 3, (2, 3)),
        ("def f(a):\n for x in a:\n  if x:\n   continue\n  y = 1\n", 5, (3, 5)),
        ("def f(a):\n if a:\n  try:\n   g()\n  except E:\n   x = 1\n", 6, (2, 3)),
        ("def f(a):\n match a:\n  case 1:\n   x = 1\n  case 2:\n   x = 2\n", 6, (5, 6)),
        ("def f(a):\n if a:\n  def g():\n   return 1\n  return g\n", 4, None),
        ("def f(a):\n while a:\n  a -= 1\n  if a == 3:\n   a = 0\n return a\n", 5, (4, 5)),
    ],
)
def test_depends_gives_the_branch_that_must_be_taken(source: str, line: int, expected: Arc | None) -> None:
    assert guard(source, line) == expected


def test_a_branch_depends_on_what_guards_its_line() -> None:
    goals = GoalMap.of(module_of("def f(a, b):\n if a:\n  if b:\n   return 1\n return 2\n"))
    (inner,) = (g for g in goals.goals if g.arc == (3, 4))
    outer = goals.depends(inner)
    assert outer is not None
    assert (outer.kind, outer.arc) == (GoalKind.BRANCH, (2, 3))
    assert goals.depends(outer) is None


def test_lines_marked_no_cover_are_no_goals() -> None:
    goals = GoalMap.of(module_of("def f(a):\n    if a:  # pragma: no cover\n        return 1\n    return 2\n"))
    assert lines(goals.goals) == [1, 4]
    assert goals.excluded == {2, 3}


def test_branches_that_cannot_be_asked_for_count_as_taken() -> None:
    goals = GoalMap.of(module_of("def f(a):\n    if a:  # pragma: no branch\n        a = 1\n    return a\n"))
    assert branches(goals.goals) == []
    assert goals.coverage(()) == Coverage(lines=4, lines_met=0, branches=2, branches_met=2)


def test_goals_of_another_module_do_not_count(sample: GoalMap) -> None:
    stranger = Goal(kind=GoalKind.LINE, arc=(99, 99))
    assert sample.coverage([stranger]) == Coverage(lines=14, lines_met=0, branches=4, branches_met=0)


def test_properties_and_generic_functions_own_all_their_parts() -> None:
    source = dedent(
        """\
        import functools
        class A:
            @property
            def x(self):
                return 1
            @x.setter
            def x(self, v):
                self.v = v
        @functools.singledispatch
        def area(s):
            raise TypeError
        @area.register
        def _(s: int):
            return s
        """
    )
    goals = GoalMap.of(module_of(source))
    assert lines(goals.goals_of("m:A.x")) == [5, 8]
    assert lines(goals.goals_of("m:area")) == [11, 14]


def test_source_of_a_newer_python_has_no_goals_and_raises_nothing() -> None:
    module = module_of("x = 1\n")
    strange = type(module)(
        name="m", path=module.path, import_root=module.import_root, source="x = = 1\n", targets=module.targets
    )
    goals = GoalMap.of(strange)
    assert goals.goals == frozenset()
    assert goals.coverage(goals.met([(1, 2)])).rate == 1.0


def test_what_the_parser_of_coverage_cannot_follow_is_reduced_to_statements() -> None:
    # A `return` outside of functions parses but does not compile, which coverage.py's parser needs.
    goals = GoalMap.of(module_of("x = 1\nif x:\n    return\n"))
    assert lines(goals.goals) == [1, 2, 3]
    assert branches(goals.goals) == []
    assert lines(goals.met([(-1, 1), (1, 2)])) == [1, 2]
    assert lines(goals.frontier(())) == [1, 2, 3]
    assert all(goals.depends(goal) is None for goal in goals.goals)


def test_a_very_long_chain_of_conditions_is_read() -> None:
    arms = "".join(f"    elif a == {n}:\n        return {n}\n" for n in range(1500))
    goals = GoalMap.of(module_of(f"def f(a):\n    if a is None:\n        return 0\n{arms}"))
    assert len(lines(goals.goals)) >= 3002


def test_six_hundred_lines_are_read_within_a_tenth_of_a_second() -> None:
    module = module_of("\n".join(textwrap.dedent(CONSTRUCTS["loops"]) for _ in range(40)))
    assert module.source.count("\n") >= 600
    fastest = min(_seconds(lambda: GoalMap.of(module)) for _ in range(3))
    assert fastest < 0.5, "five times the aim, for slow and busy machines"


def _seconds(action: object) -> float:
    assert callable(action)
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


@given(st.lists(st.tuples(st.integers(-20, 20), st.integers(-20, 20))), st.integers(0, 20))
def test_meeting_goals_is_additive(arcs: list[Arc], cut: int) -> None:
    goals = GoalMap.of(module_of(SAMPLE))
    assert goals.met(arcs) == goals.met(arcs[:cut]) | goals.met(arcs[cut:])
    assert goals.met(arcs) <= goals.goals
