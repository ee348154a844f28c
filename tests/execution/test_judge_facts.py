"""What importing a module tells, on every interpreter that is found."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qeforge.domain.facts import ANY, CallableFact, ClassKind, ModuleFacts, ParameterFact, TypeRef
from qeforge.domain.target import Flavour, ParameterKind
from tests.execution.judging import judging

MODULE = """
    from __future__ import annotations

    import abc, collections.abc, contextlib, dataclasses, decimal, enum, functools, operator, typing
    from typing import (
        TYPE_CHECKING, Any, Annotated, Callable, Dict, Generic, List, Literal, NamedTuple, NewType, Optional, Protocol,
        Type, TypedDict, TypeVar, Union,
    )
    if TYPE_CHECKING:
        from nowhere import Missing

    T = TypeVar("T")
    Sized = TypeVar("Sized", bound="Shape")
    Word = TypeVar("Word", str, bytes)
    UserId = NewType("UserId", int)

    LIMITS = {"low": 1, "high": (2, 3)}
    PATTERN = "a+"
    _private = -1
    anything = object()

    class Color(enum.Enum):
        RED = 1
        BLUE = 2

    class Shape(abc.ABC):
        @abc.abstractmethod
        def area(self) -> float: ...

        @abc.abstractmethod
        def name(self): ...

    class Square(Shape):
        def __init__(self, side: float, *, label: str = "square") -> None:
            self.side = side

        def area(self) -> float:
            return self.side ** 2

        def name(self):
            return "square"

        @classmethod
        def parse(cls, text: str) -> Square:
            return cls(float(text))

        @classmethod
        def from_nothing(cls):
            return cls(1)

        @staticmethod
        def sides() -> int:
            return 4

        @property
        def diagonal(self) -> float:
            return 1.4 * self.side

        @functools.cached_property
        def heavy(self):
            return 1

        def __add__(self, other: Square) -> Square:
            return self

        def __private(self, n: int): ...

        class Corner:
            def turn(self): ...

    class Speaks(Protocol):
        def speak(self) -> str: ...

    class Dog(Speaks):
        def speak(self) -> str:
            return "wuff"

    @dataclasses.dataclass
    class Point:
        x: int
        y: Optional[int] = None
        tags: list[str] = dataclasses.field(default_factory=list)

    class Pair(NamedTuple):
        left: int
        right: str = "r"

    class Options(TypedDict, total=False):
        name: str
        size: int

    class Broken(ValueError):
        def __init__(self, code: int) -> None: ...

    def types(
        a: int,
        b: Optional[str],
        c: Union[int, str, None],
        d: int | float,
        e: Literal["x", 2],
        f: Annotated[int, "meta"],
        g: Callable[[int], str],
        h: Type[Shape],
        i: collections.abc.Iterable[int],
        j: typing.Mapping[str, Any],
        k: UserId,
        l: T,
        m: Word,
        n: Missing,
        o: tuple[int, ...],
        p: Dict[str, List[int]],
        q: decimal.Decimal,
        r: "Point",
        s: Callable[..., None],
        t: Sized,
        u: typing.NamedTuple,
    ) -> None: ...

    def kinds(a, /, b, *args, c, d=Color.RED, e=(1, "x"), **rest): ...

    def numbers(n: int) -> typing.Iterator[int]:
        yield n

    async def fetch(url: str) -> bytes: ...

    async def ticks():
        yield 1

    @contextlib.contextmanager
    def managed(n: int):
        yield n

    @contextlib.asynccontextmanager
    async def amanaged():
        yield 1

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return wrapper

    @decorate
    def decorated(a: int) -> str: ...

    @functools.lru_cache
    def cached(n: int) -> int: ...

    getter = operator.itemgetter(1)
"""

INTERPRETERS = [
    Path(sys.executable),
    *(
        path
        for version in ("3.10.13", "3.12.1", "3.13.0")
        if (path := Path.home() / ".pyenv" / "versions" / version / "bin" / "python").exists()
    ),
]


@pytest.fixture(scope="module", params=INTERPRETERS, ids=lambda path: path.parents[1].name)
def facts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleFacts]:
    with judging(tmp_path_factory.mktemp("facts"), MODULE, python=request.param) as judge:
        yield judge.facts()


def parameter(
    name: str, type_name: str = "Any", kind: ParameterKind = ParameterKind.POSITIONAL, default: str | None = None
) -> ParameterFact:
    return ParameterFact(
        name=name, kind=kind, type=TypeRef(type_name), has_default=default is not None, default=default
    )


def test_types_are_resolved(facts: ModuleFacts) -> None:
    int_, str_, none = TypeRef("int"), TypeRef("str"), TypeRef("None")
    assert {p.name: p.type for p in facts.callables["types"].parameters} == {
        "a": int_,
        "b": TypeRef("union", (str_, none)),
        "c": TypeRef("union", (int_, str_, none)),
        "d": TypeRef("union", (int_, TypeRef("float"))),
        "e": TypeRef("literal", values=("'x'", "2")),
        "f": int_,
        "g": TypeRef("callable", (int_, str_)),
        "h": TypeRef("type", (TypeRef("sample.Shape"),)),
        "i": TypeRef("collections.abc.Iterable", (int_,)),
        "j": TypeRef("collections.abc.Mapping", (str_, ANY)),
        "k": int_,
        "l": ANY,
        "m": TypeRef("union", (str_, TypeRef("bytes"))),
        "n": ANY,
        "o": TypeRef("tuple", (int_, TypeRef("..."))),
        "p": TypeRef("dict", (str_, TypeRef("list", (int_,)))),
        "q": TypeRef("decimal.Decimal"),
        "r": TypeRef("sample.Point"),
        "s": TypeRef("callable", (TypeRef("..."), none)),
        "t": TypeRef("sample.Shape"),
        "u": TypeRef("typing.NamedTuple"),
    }
    assert facts.callables["types"].returns == none


def test_parameters_have_kinds_and_defaults(facts: ModuleFacts) -> None:
    found = facts.callables["kinds"].parameters

    assert [(p.name, p.kind.value, p.has_default, p.default) for p in found] == [
        ("a", "positional-only", False, None),
        ("b", "positional-or-keyword", False, None),
        ("args", "var-positional", False, None),
        ("c", "keyword-only", False, None),
        ("d", "keyword-only", True, None),
        ("e", "keyword-only", True, "(1, 'x')"),
        ("rest", "var-keyword", False, None),
    ]


@pytest.mark.parametrize(
    "name, flavour",
    [
        ("types", Flavour.PLAIN),
        ("numbers", Flavour.GENERATOR),
        ("fetch", Flavour.COROUTINE),
        ("ticks", Flavour.ASYNC_GENERATOR),
        ("managed", Flavour.CONTEXT_MANAGER),
        ("amanaged", Flavour.ASYNC_CONTEXT_MANAGER),
        ("decorated", Flavour.PLAIN),
        ("cached", Flavour.PLAIN),
    ],
)
def test_flavours(facts: ModuleFacts, name: str, flavour: Flavour) -> None:
    assert facts.callables[name].flavour is flavour


def test_decorated_functions_tell_what_is_inside(facts: ModuleFacts) -> None:
    for name, returns in (("decorated", "str"), ("cached", "int")):
        assert facts.callables[name].parameters == (parameter("a" if name == "decorated" else "n", "int"),)
        assert facts.callables[name].returns == TypeRef(returns)


def test_methods_are_callables_without_what_is_bound(facts: ModuleFacts) -> None:
    expected: dict[str, tuple[ParameterFact, ...]] = {
        "Square.area": (),
        "Square.parse": (parameter("text", "str"),),
        "Square.sides": (),
        "Square.diagonal": (),
        "Square.heavy": (),
        "Square.__add__": (parameter("other", "sample.Square"),),
        "Square.__private": (parameter("n", "int"),),
        "Square.Corner.turn": (),
    }
    for name, parameters in expected.items():
        assert facts.callables[name].parameters == parameters, name


def test_a_class_and_what_makes_it(facts: ModuleFacts) -> None:
    square = facts.classes["sample.Square"]

    assert square.kind is ClassKind.PLAIN
    assert square.constructor == (
        parameter("side", "float"),
        parameter("label", "str", ParameterKind.KEYWORD_ONLY, "'square'"),
    )
    assert square.ancestors == ("sample.Shape", "abc.ABC")
    assert square.factories == ("parse", "from_nothing")
    assert square.properties == ("diagonal", "heavy")
    assert {method.qualname for method in square.methods} == {
        f"Square.{name}" for name in ("area", "name", "parse", "from_nothing", "sides", "__private")
    }
    assert square.abstract == ()


@pytest.mark.parametrize(
    "name, kind",
    [
        ("Color", ClassKind.ENUM),
        ("Shape", ClassKind.PLAIN),
        ("Speaks", ClassKind.PROTOCOL),
        ("Point", ClassKind.DATACLASS),
        ("Pair", ClassKind.NAMED_TUPLE),
        ("Options", ClassKind.TYPED_DICT),
        ("Broken", ClassKind.EXCEPTION),
    ],
)
def test_kinds_of_classes(facts: ModuleFacts, name: str, kind: ClassKind) -> None:
    assert facts.classes[f"sample.{name}"].kind is kind


def test_records_tell_their_fields(facts: ModuleFacts) -> None:
    optional = TypeRef("union", (TypeRef("int"), TypeRef("None")))

    x, y, tags = facts.classes["sample.Point"].constructor
    assert (x, y.type, y.default) == (parameter("x", "int"), optional, "None")
    assert (tags.type, tags.has_default, tags.default) == (TypeRef("list", (TypeRef("str"),)), True, None)
    assert facts.classes["sample.Pair"].constructor == (
        parameter("left", "int"),
        parameter("right", "str", default="'r'"),
    )
    assert {(p.name, p.type.name, p.has_default) for p in facts.classes["sample.Options"].constructor} == {
        ("name", "str", True),
        ("size", "int", True),
    }
    assert facts.classes["sample.Broken"].constructor == (parameter("code", "int"),)


def test_members_abstract_methods_and_subclasses(facts: ModuleFacts) -> None:
    assert facts.classes["sample.Color"].members == ("RED", "BLUE")
    assert facts.classes["sample.Shape"].abstract == ("area", "name")
    assert facts.subclasses == {"sample.Shape": ("sample.Square",), "sample.Speaks": ("sample.Dog",)}


def test_classes_of_other_modules_that_signatures_mention(facts: ModuleFacts) -> None:
    assert "decimal.Decimal" in facts.classes


def test_constants_are_what_renders(facts: ModuleFacts) -> None:
    assert facts.constants == {
        "LIMITS": "{'low': 1, 'high': (2, 3)}",
        "PATTERN": "'a+'",
        "_private": "-1",
        "TYPE_CHECKING": "False",
    }


def test_only_the_modules_own_callables(facts: ModuleFacts) -> None:
    assert facts.module == "sample"
    assert all(isinstance(fact, CallableFact) for fact in facts.callables.values())
    assert not {"NewType", "getter", "Point.__init__", "Point.__eq__"} & set(facts.callables)
