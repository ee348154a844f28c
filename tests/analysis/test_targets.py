import ast
from itertools import pairwise
from textwrap import dedent, indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.analysis.targets import find_targets, innermost
from qeforge.domain.target import Flavour, Kind, ParameterKind, Span, Target


def targets(source: str) -> dict[str, Target]:
    return {target.qualname: target for target in find_targets(dedent(source), "m")}


def only(source: str) -> Target:
    (target,) = targets(source).values()
    return target


def describe(target: Target) -> list[str]:
    """Each parameter as a person would write it."""
    marks = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**", ParameterKind.KEYWORD_ONLY: "kw "}
    return [
        marks.get(p.kind, "") + p.name + (f"={p.default}" if p.default is not None else "") for p in target.parameters
    ]


def test_a_function_is_described_as_the_source_states_it() -> None:
    target = only(
        '''
        @retry(3)
        def parse(text: str, /, base: int = 10, *rest: int, strict=False, **more) -> "int | None":
            """Reads a number.

            And more.
            """
            return int(text, base) if text else None
        '''
    )
    assert target.id == "m:parse"
    assert (target.kind, target.flavour) == (Kind.FUNCTION, Flavour.PLAIN)
    assert describe(target) == ["text", "base=10", "*rest", "kw strict=False", "**more"]
    assert [p.annotation for p in target.parameters] == ["str", "int", "int", None, None]
    assert target.parameters[0].kind is ParameterKind.POSITIONAL_ONLY
    assert [p.name for p in target.parameters if p.required] == ["text"]
    assert target.returns == "'int | None'"
    assert target.span == Span(line=2, end_line=8)
    assert target.complexity == 2
    assert target.doc == "Reads a number.\n\nAnd more."
    assert target.decorators == ("retry(3)",)
    assert target.owner is None


@pytest.mark.parametrize(
    "source, flavour",
    [
        ("def f(): yield 1", Flavour.GENERATOR),
        ("def f():\n x = yield from ()", Flavour.GENERATOR),
        ("async def f(): return 1", Flavour.COROUTINE),
        ("async def f(): yield 1", Flavour.ASYNC_GENERATOR),
        ("def f(): return lambda: (yield)", Flavour.PLAIN),
        ("def f(): return [x for x in ()]", Flavour.PLAIN),
        ("import types\n@types.coroutine\ndef f(): yield", Flavour.COROUTINE),
        ("from contextlib import contextmanager\n@contextmanager\ndef f(): yield", Flavour.CONTEXT_MANAGER),
        ("from contextlib import contextmanager as cm\n@cm\ndef f(): yield", Flavour.CONTEXT_MANAGER),
        ("import contextlib as c\n@c.contextmanager\ndef f(): yield", Flavour.CONTEXT_MANAGER),
        ("import contextlib\ncm = contextlib.contextmanager\n@cm\ndef f(): yield", Flavour.CONTEXT_MANAGER),
        (
            "from contextlib import asynccontextmanager as acm\n@acm\nasync def f(): yield",
            Flavour.ASYNC_CONTEXT_MANAGER,
        ),
    ],
)
def test_the_flavour_says_what_a_call_gives(source: str, flavour: Flavour) -> None:
    assert only(source).flavour is flavour


def test_a_yield_belongs_to_the_function_it_stands_in() -> None:
    found = targets("def outer():\n def inner():\n  yield\n return inner\n")
    assert found["outer"].flavour is Flavour.PLAIN
    assert found["outer.<locals>.inner"].flavour is Flavour.GENERATOR


def test_methods_know_their_kind_and_lose_what_is_bound() -> None:
    found = targets(
        """
        class A:
            def __init__(self, x): self.x = x
            def plain(self, y=1): return y
            @staticmethod
            def fixed(a): return a
            @classmethod
            def made(cls, a, /): return cls(a)
            def __class_getitem__(cls, item): return cls
            def __add__(self, other): return self
            async def wait(self): ...; return 1
            def loose(*args): return args
            class B:
                def deep(self): return 1
        """
    )
    assert {name: str(t.kind) for name, t in found.items()} == {
        "A.__init__": "constructor",
        "A.plain": "method",
        "A.fixed": "static method",
        "A.made": "class method",
        "A.__class_getitem__": "class method",
        "A.__add__": "method",
        "A.wait": "method",
        "A.loose": "method",
        "A.B": "constructor",
        "A.B.deep": "method",
    }
    assert describe(found["A.__init__"]) == ["x"]
    assert describe(found["A.plain"]) == ["y=1"]
    assert describe(found["A.fixed"]) == ["a"]
    assert describe(found["A.made"]) == ["a"]
    assert describe(found["A.loose"]) == ["*args"]
    assert found["A.wait"].flavour is Flavour.COROUTINE
    assert found["A.plain"].owner == "A"
    assert found["A.B.deep"].owner == "A.B"


def test_a_property_is_one_target_with_all_its_accessors() -> None:
    found = targets(
        """
        class A:
            def __init__(self): self._x = 0
            @property
            def x(self): return self._x
            @x.setter
            def x(self, value: int):
                if value < 0:
                    raise ValueError(value)
                self._x = value
            @x.deleter
            def x(self): del self._x
        """
    )
    assert list(found) == ["A.__init__", "A.x"]
    target = found["A.x"]
    assert target.kind is Kind.PROPERTY
    assert describe(target) == ["value"]
    assert target.span == Span(line=4, end_line=12)
    assert target.complexity == 2
    assert target.decorators == ("property", "x.setter", "x.deleter")


@pytest.mark.parametrize(
    "decorator", ["property", "cached_property", "functools.cached_property", "abc.abstractproperty", "reify"]
)
def test_whatever_makes_an_attribute_is_a_property(decorator: str) -> None:
    found = targets(f"class A:\n def __init__(self): pass\n @{decorator}\n def x(self): return 1\n")
    assert found["A.x"].kind is Kind.PROPERTY
    assert found["A.x"].parameters == ()


@pytest.mark.parametrize(
    "source",
    [
        "from typing import overload\n@overload\ndef f(a: int) -> int: ...",
        "import typing as t\n@t.overload\ndef f(a: int) -> int: ...",
        "def f(): ...",
        "def f():\n 'Doc.'\n ...",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n def f(): return 1",
        "import typing as t\nif t.TYPE_CHECKING:\n class A: pass",
        "if __name__ == '__main__':\n def f(): return 1",
        "if not True:\n pass\nif 0:\n def f(): return 1",
        "from typing import Protocol\nclass P(Protocol):\n x: int\n def f(self) -> int: ...",
        "import abc\nclass A(abc.ABC):\n @abc.abstractmethod\n def f(self):\n  'Doc.'\n  raise NotImplementedError",
        "from abc import abstractmethod\nclass A:\n @property\n @abstractmethod\n def f(self): pass",
        "from enum import Enum\nclass A(Enum):\n '''A base without members cannot be called.'''",
        "x = [lambda: 1]",
        "",
    ],
)
def test_what_has_no_code_to_run_is_no_target(source: str) -> None:
    assert targets(source) == {}


def test_real_code_in_protocols_and_abstract_methods_is_a_target() -> None:
    found = targets(
        """
        from abc import ABC, abstractmethod
        from typing import Protocol
        class P(Protocol):
            def stub(self) -> int: ...
            def twice(self) -> int: return 2 * self.stub()
        class A(ABC):
            @abstractmethod
            def area(self):
                return self.width * self.height
        """
    )
    assert list(found) == ["P.twice", "A.area"]


def test_the_other_arm_of_type_checking_counts() -> None:
    source = "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n def f(): return 1\nelse:\n def g(): return 1\n"
    assert list(targets(source)) == ["f"]


def test_functions_under_conditions_count_and_the_last_definition_wins() -> None:
    found = targets(
        """
        import sys
        if sys.platform == "win32":
            def where(): return "w"
            class Lock:
                def only_here(self): pass
        else:
            def where(): return "posix"
            class Lock:
                def take(self): pass
        try:
            import fast
        except ImportError:
            def slow(): return 1
        with open(__file__) as f:
            def inside(): return 1
        match sys.argv:
            case []:
                def matched(): return 1
        """
    )
    assert list(found) == ["where", "Lock", "Lock.take", "slow", "inside", "matched"]
    assert found["where"].span.line == 8


def test_closures_and_methods_of_local_classes_are_reached_through_their_function() -> None:
    found = targets(
        """
        def outer(n):
            def inner(x): return x + n
            class Local:
                def method(self, a): return a
            return inner
        """
    )
    assert {name: t.kind for name, t in found.items()} == {
        "outer": Kind.FUNCTION,
        "outer.<locals>.inner": Kind.CLOSURE,
        "outer.<locals>.Local.method": Kind.CLOSURE,
    }
    assert describe(found["outer.<locals>.Local.method"]) == ["a"]
    assert describe(found["outer.<locals>.inner"]) == ["x"]


def test_lambdas_with_a_module_level_name_are_functions() -> None:
    found = targets("double = lambda x, by=2: x * by\nhalf: object = lambda x: x / 2\ndef f():\n g = lambda: 1\n")
    assert list(found) == ["double", "half", "f"]
    assert describe(found["double"]) == ["x", "by=2"]
    assert found["double"].kind is Kind.FUNCTION


def test_implementations_of_a_generic_function_belong_to_it() -> None:
    found = targets(
        """
        from functools import singledispatch
        @singledispatch
        def area(shape): raise TypeError
        @area.register
        def _(shape: int): return shape
        @area.register(str)
        def _(shape): return len(shape)
        """
    )
    assert list(found) == ["area"]


@pytest.mark.parametrize(
    "source, expected",
    [
        ("class A: pass", []),
        ("class A(ValueError): 'Bad.'", []),
        ("class B:\n def __init__(self, x, y=1): pass\nclass A(B): pass", ["x", "y=1"]),
        ("class C:\n def __init__(self, x): pass\nclass B(C): pass\nclass A(B): pass", ["x"]),
        ("class B:\n def __new__(cls, x): pass\nclass A(B): pass", ["x"]),
        ("from dataclasses import *\n@dataclass\nclass A:\n x: int\n y: str = 'a'", ["x", "y='a'"]),
        (
            "import dataclasses as d\n@d.dataclass(frozen=True)\nclass A:\n x: list = d.field(default_factory=list)",
            ["x=list()"],
        ),
        ("@dataclass\nclass A:\n x: int\n y: ClassVar[int] = 1\n z: int = field(init=False)", ["x"]),
        ("@dataclass\nclass A:\n x: InitVar[int]\n _: KW_ONLY\n y: int = 1", ["x", "kw y=1"]),
        ("@dataclass(kw_only=True)\nclass A:\n x: int", ["kw x"]),
        ("@dataclass\nclass A:\n x: int = field(kw_only=True)\n y: int", ["y", "kw x"]),
        (
            "@dataclass\nclass B:\n x: int\n y: int = 1\n@dataclass\nclass A(B):\n y: int = 2\n z: int = 3",
            ["x", "y=2", "z=3"],
        ),
        ("@dataclass(init=False)\nclass A(A):\n x: int", []),
        ("from typing import NamedTuple\nclass A(NamedTuple):\n x: int\n y: int = 0", ["x", "y=0"]),
        ("class A(TypedDict):\n x: int\n y: NotRequired[str]", ["kw x", "kw y=..."]),
        ("class A(TypedDict, total=False):\n x: Required[int]\n y: str", ["kw x", "kw y=..."]),
        ("import attrs\n@attrs.define\nclass A:\n _x: int\n y: list = attrs.field(factory=list)", ["x", "y=list()"]),
        (
            "import attr\n@attr.s\nclass A:\n x = attr.ib()\n y = attr.ib(default=attr.Factory(dict))\n z = 1",
            ["x", "y=dict()"],
        ),
        (
            "from pydantic import *\nclass A(BaseModel):\n x: int\n y: int = Field(3, ge=1)\n _z: int = 1",
            ["kw x", "kw y=3"],
        ),
        (
            "class A(BaseModel):\n x: int = Field(...)\n y: list = Field(default_factory=lambda: [1])",
            ["kw x", "kw y=[1]"],
        ),
        ("class B(BaseModel):\n x: int\nclass A(B):\n y: int = 1", ["kw x", "kw y=1"]),
        ("from enum import StrEnum\nclass A(StrEnum):\n RED = 'r'", ["value"]),
        ("class B(Enum):\n pass\nclass A(B):\n RED = 'r'", ["value"]),
    ],
)
def test_a_class_without_constructor_is_called_with_its_fields(source: str, expected: list[str]) -> None:
    target = targets(source)["A"]
    assert target.kind is Kind.CONSTRUCTOR
    assert describe(target) == expected


def test_an_enum_has_one_constructor_however_its_members_are_made() -> None:
    source = "class E(enum.Enum):\n A = 1\n def __init__(self, n): self.n = n\n def twice(self): return 2\n"
    assert list(targets(source)) == ["E", "E.twice"]


def test_a_class_target_spans_its_header_and_fields() -> None:
    found = targets("@dataclass\nclass A(\n  B,\n):\n  '''Doc.'''\n  x: int\n\n  def f(self): pass\n  y: int = 1\n")
    assert found["A"].span == Span(line=1, end_line=6)
    assert found["A"].doc == "Doc."


def test_a_constructor_without_docstring_has_that_of_its_class() -> None:
    assert targets('class A:\n "Makes A."\n def __init__(self): pass\n')["A.__init__"].doc == "Makes A."


BASE = """
import functools
class A(Base, key=1):
    limit = 3
    @functools.lru_cache
    def f(self, x=1):
        "Doc."
        return [x, "a"]
"""


@pytest.mark.parametrize(
    "old, new",
    [
        ("return [x, ", "return [  x,  # why\n  "),
        ('"Doc."', '"Another."'),
        ('"Doc."\n        return', "return"),
        ('"a"', "'a'"),
        ("import functools\n", "import functools\n\n\nX = 1\n"),
        ("    limit = 3", "    'Doc.'\n    limit = 3"),
    ],
)
def test_the_digest_ignores_layout_comments_and_docstrings(old: str, new: str) -> None:
    assert old in BASE
    assert targets(BASE.replace(old, new))["A.f"].digest == targets(BASE)["A.f"].digest


@pytest.mark.parametrize(
    "old, new",
    [
        ("[x, ", "[-x, "),
        ("x=1", "x=True"),
        ("x=1", "x=1.0"),
        ("x=1", "*, x=1"),
        ('"a"', 'b"a"'),
        ("functools.lru_cache", "functools.cache"),
        ("limit = 3", "limit = 4"),
        ("Base, ", "Base2, "),
        ("key=1", "key=2"),
        ("class A", "@final\nclass A"),
        ("def f", "async def f"),
    ],
)
def test_the_digest_sees_code_decorators_and_the_class_around(old: str, new: str) -> None:
    assert old in BASE
    assert targets(BASE.replace(old, new))["A.f"].digest != targets(BASE)["A.f"].digest


def test_the_digest_of_a_method_ignores_the_methods_beside_it() -> None:
    changed = BASE + "    def g(self): return 2\n"
    assert targets(changed)["A.f"].digest == targets(BASE)["A.f"].digest


def test_the_digest_does_not_depend_on_the_running_python() -> None:
    # Recorded once; `ast.dump`, for one, gives other text on other versions.
    assert only("def f(x, *, y=0xFF): return x + y or None").digest[:16] == "ddfa9cf187af9841"


def test_a_chain_too_deep_for_recursion_is_read() -> None:
    arms = "".join(f" elif a == {n}:\n  return {n}\n" for n in range(600))
    target = only(f"def f(a):\n if a is None:\n  return 0\n{arms}")
    assert target.complexity == 602


def test_bad_syntax_is_reported_as_such() -> None:
    with pytest.raises(SyntaxError, match="Missing parentheses"):
        find_targets("print 'x'\n", "m")


def test_a_null_byte_is_bad_syntax() -> None:
    with pytest.raises(SyntaxError, match="null byte"):
        find_targets("x = 1\0", "m")


def test_warnings_about_the_source_are_not_ours_to_print() -> None:
    assert list(targets("def f(): return '\\d' is 1")) == ["f"]


# ------------------------------------------------------------------ properties

NAMES = st.sampled_from(["a", "b", "c", "_d", "__e__"])


def _block(lines: str) -> str:
    return indent(lines, "    ")


@st.composite
def blocks(draw: st.DrawFn, depth: int = 3) -> str:
    """Statements with functions, classes and conditions nested in one another."""
    made = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["def", "async def", "class", "if", "pass", "property"] if depth else ["pass"]))
        inner = _block(draw(blocks(depth=depth - 1))) if depth else ""
        name = draw(NAMES)
        made.append(
            {
                "pass": "x = 1\n",
                "if": f"if x:\n{inner}else:\n    x = 2\n",
                "class": f"class {name}:\n{inner}",
                "property": f"@property\ndef {name}(self):\n{inner}",
            }.get(kind, f"{kind} {name}(self):\n{inner}")
        )
    return "".join(made)


@given(blocks())
def test_qualnames_are_unique_ordered_and_real_places(source: str) -> None:
    found = find_targets(source, "m")
    assert len({t.qualname for t in found}) == len(found)
    assert all(left.span.line <= right.span.line for left, right in pairwise(found))
    lines = source.splitlines()
    for target in found:
        held = "\n".join(lines[target.span.line - 1 : target.span.end_line])
        assert target.name in held


@given(blocks())
def test_every_line_of_a_target_has_one_innermost_target(source: str) -> None:
    found = find_targets(source, "m")
    for target in found:
        for line in range(target.span.line, target.span.end_line + 1):
            inner = innermost(found, line)
            assert inner is not None
            assert line in inner.span
            smaller = [t for t in found if line in t.span and t.span.end_line - t.span.line < _size(inner)]
            assert smaller == []


@given(blocks())
def test_laying_out_anew_changes_no_digest(source: str) -> None:
    again = ast.unparse(ast.parse(source))
    digests = {t.qualname: t.digest for t in find_targets(source, "m")}
    assert {t.qualname: t.digest for t in find_targets(again, "m")} == digests


def _size(target: Target) -> int:
    return target.span.end_line - target.span.line


def test_outside_all_targets_there_is_no_innermost_one() -> None:
    assert innermost(find_targets("x = 1\ndef f(): pass\n", "m"), 1) is None
