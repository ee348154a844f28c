"""Values become source that makes an equal value of the same type, or say honestly that none does."""

import array
import collections
import dataclasses
import datetime as dt
import enum
import io
import math
import pathlib
import re
import types
import uuid
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from unittest import mock

import attrs
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qeforge.execution.worker.clock import Present
from qeforge.execution.worker.render import quick_source
from qeforge.execution.worker.snapshot import Snapshotter, brief

OWN = __name__.partition(".")[0]


def snapshot(value: Any, tmp_path: str | None = None) -> list[Any]:
    return Snapshotter(package=OWN, tmp_path=tmp_path, private="/private/scratch", present=Present()).take(value)


def rebuilt(value: Any) -> Any:
    """What the snapshot's source gives."""
    _, source, imports, _, _ = snapshot(value)
    assert source is not None, value
    namespace: dict[str, Any] = {}
    exec("\n".join(imports), namespace)
    return eval(source, namespace)


def same(left: Any, right: Any) -> bool:
    """Equal, of the same type, and so for all parts; NaN equals NaN, and zeros have signs."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or (
            left == right and math.copysign(1, left) == math.copysign(1, right)
        )
    if isinstance(left, complex):
        return same(left.real, right.real) and same(left.imag, right.imag)
    if isinstance(left, types.SimpleNamespace):
        return same(vars(left), vars(right))
    if isinstance(left, (list, tuple, collections.deque)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items()))
    return bool(left == right)


class Color(enum.Enum):
    RED = 1
    BLUE = "b"


class Mode(enum.Flag):
    READ = 1
    WRITE = 2
    EXECUTE = 4


class Point(NamedTuple):
    x: int
    y: Any = 0


@dataclasses.dataclass
class Box:
    width: int
    label: str = "box"
    tags: list[str] = dataclasses.field(default_factory=list)

    class Inner:
        pass


@dataclasses.dataclass
class Counted:
    start: int
    calls: int = dataclasses.field(init=False, default=0)


@attrs.define
class Car:
    _wheels: int
    name: str = "car"


class User(pydantic.BaseModel):
    name: str
    age: int = 3


class Account:
    rate = 2

    def __init__(self, balance: int) -> None:
        self.owner = "ann"
        self._balance = balance

    @property
    def balance(self) -> int:
        return self._balance

    @property
    def broken(self) -> int:
        raise ValueError("no")

    def pay(self) -> None: ...


class Slotted:
    __slots__ = ("_hidden", "seen")

    def __init__(self) -> None:
        self.seen, self._hidden = 1, 2


class Text(str):
    pass


class Money:
    def __init__(self, amount: int, currency: str) -> None:
        self.amount, self.currency = amount, currency

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return f"Money({self.amount}, {self.currency!r})"


class Lying(Money):
    def __repr__(self) -> str:
        return f"Lying({self.amount + 1}, 'x')"


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(max_size=30),
    st.binary(max_size=30), st.binary(max_size=9).map(bytearray), st.fractions(), st.uuids(), st.timedeltas(),
    st.dates(), st.times(), st.decimals(allow_nan=False),
    st.datetimes(timezones=st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=3, minutes=1), "X")])),
    st.sampled_from([..., NotImplemented, Color.RED, Mode.READ | Mode.WRITE, Mode(0), Point(1), int, len, math]),
    st.builds(range, st.integers(-9, 9), st.integers(-9, 9), st.sampled_from([1, -2])),
    st.builds(slice, st.none() | st.integers(0, 3), st.integers(0, 3)),
)  # fmt: skip
HASHABLE = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.binary(max_size=9))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(HASHABLE, inner, max_size=4),
        st.dictionaries(HASHABLE, inner, max_size=3).map(collections.OrderedDict),
        st.sets(HASHABLE, max_size=4),
        st.frozensets(HASHABLE, max_size=4),
        st.lists(inner, max_size=3).map(collections.deque),
        st.dictionaries(st.sampled_from("abc"), inner).map(lambda names: types.SimpleNamespace(**names)),
    ),
    max_leaves=8,
)


@given(VALUES)
def test_source_makes_the_same_value(value: Any) -> None:
    if snapshot(value)[1] is not None:
        assert same(rebuilt(value), value)


@given(SCALARS.filter(lambda value: not isinstance(value, int) or abs(value) < 10**100))
def test_every_scalar_has_a_source(value: Any) -> None:
    assert same(rebuilt(value), value)


@given(VALUES)
def test_the_quick_way_says_the_same(value: Any) -> None:
    quick = quick_source(value)

    assert quick is None or quick == snapshot(value)[1]


@pytest.mark.parametrize(
    "value, source, imports",
    [
        (float("inf"), "float('inf')", []),
        (complex("-0-1j"), "complex(-0.0, -1.0)", []),
        ({3, 1, 2}, "{1, 2, 3}", []),
        (set(), "set()", []),
        (frozenset({1}), "frozenset({1})", []),
        ({"b": 1, "a": (2,)}, "{'b': 1, 'a': (2,)}", []),
        (dt.datetime(2020, 1, 2), "datetime(2020, 1, 2)", ["from datetime import datetime"]),
        (dt.datetime(2020, 1, 2, 3, tzinfo=dt.UTC), "datetime(2020, 1, 2, 3, tzinfo=timezone.utc)",
         ["from datetime import datetime", "from datetime import timezone"]),
        (dt.timedelta(days=1, seconds=3), "timedelta(days=1, seconds=3)", ["from datetime import timedelta"]),
        (Decimal("1.50"), "Decimal('1.50')", ["from decimal import Decimal"]),
        (Fraction(1, 2), "Fraction(1, 2)", ["from fractions import Fraction"]),
        (uuid.UUID(int=1), "UUID('00000000-0000-0000-0000-000000000001')", ["from uuid import UUID"]),
        (pathlib.Path("a/b"), "Path('a/b')", ["from pathlib import Path"]),
        (pathlib.PureWindowsPath("a"), "PureWindowsPath('a')", ["from pathlib import PureWindowsPath"]),
        (re.compile("a+", re.I | re.M), "re.compile('a+', re.IGNORECASE | re.MULTILINE)", ["import re"]),
        (Color.RED, "Color.RED", [f"from {__name__} import Color"]),
        (Mode.READ | Mode.EXECUTE, "Mode.READ | Mode.EXECUTE", [f"from {__name__} import Mode"]),
        (Point(1, [2]), "Point(x=1, y=[2])", [f"from {__name__} import Point"]),
        (Box(1), "Box(width=1, tags=[])", [f"from {__name__} import Box"]),
        (Box.Inner, "Box.Inner", [f"from {__name__} import Box"]),
        (Car(4), "Car(wheels=4, name='car')", [f"from {__name__} import Car"]),
        (User(name="x"), "User(name='x')", [f"from {__name__} import User"]),
        (Money(1, "eur"), "Money(1, 'eur')", [f"from {__name__} import Money"]),
        (collections.Counter("aab"), "Counter({'a': 2, 'b': 1})", ["from collections import Counter"]),
        (collections.defaultdict(int, a=1), "defaultdict(int, {'a': 1})", ["from collections import defaultdict"]),
        (collections.deque([1], maxlen=2), "deque([1], maxlen=2)", ["from collections import deque"]),
        (types.MappingProxyType({1: 2}), "MappingProxyType({1: 2})", ["from types import MappingProxyType"]),
        (array.array("i", [1]), "array('i', [1])", ["from array import array"]),
        (math.sqrt, "sqrt", ["from math import sqrt"]),
        (io.StringIO, "StringIO", ["from io import StringIO"]),
        (math, "math", ["import math"]),
        (type(None), "type(None)", []),
        ([Color.BLUE, {"p": Point(1)}], "[Color.BLUE, {'p': Point(x=1, y=0)}]",
         [f"from {__name__} import Color", f"from {__name__} import Point"]),
    ],
)  # fmt: skip
def test_source_reads_as_a_person_would_write_it(value: Any, source: str, imports: list[str]) -> None:
    assert snapshot(value)[1:3] == [source, imports]


@pytest.mark.parametrize(
    "value",
    [
        Text("subclass"),
        Lying(1, "x"),
        object(),
        lambda: 1,
        (i for i in range(3)),
        iter([1]),
        ValueError("x"),
        mock.Mock(),
        list(range(31)),
        "x" * 1_501,
        [object()],
        "<thing at 0x7f0011223344>",
        10**2000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_source_where_none_is_right(value: Any) -> None:
    assert snapshot(value)[1] is None


def test_a_counted_record_that_was_used_has_attributes() -> None:
    used = Counted(1)
    used.calls = 2

    assert snapshot(used) == [
        "tests.execution.test_snapshot.Counted",
        None,
        [],
        attributes(start=1, calls=2),
        repr(used),
    ]


def attributes(**values: Any) -> list[list[Any]]:
    return [[f".{name}", [type(value).__name__, repr(value), [], [], None]] for name, value in values.items()]


def test_objects_show_their_public_state() -> None:
    assert snapshot(Account(7))[3] == attributes(owner="ann", balance=7)
    assert snapshot(Slotted())[3] == attributes(seen=1)


def test_exceptions_show_their_arguments_and_text() -> None:
    name, source, _, parts, text = snapshot(ValueError("bad", 3))

    assert (name, source, text) == ("ValueError", None, "('bad', 3)")
    assert parts == [[".args", ["tuple", "('bad', 3)", [], [], None]]]


def test_long_containers_show_length_and_ends() -> None:
    parts = dict(snapshot(list(range(40)))[3])

    assert parts["len()"][1] == "40"
    assert parts["[0]"][1] == "0"
    assert parts["[-1]"][1] == "39"


def test_containers_of_objects_are_looked_into() -> None:
    parts = dict(snapshot({"a": Account(1)})[3])

    assert parts["len()"][1] == "1"
    assert dict(parts["['a']"][3])[".balance"][1] == "1"


def test_mocks_show_how_they_were_called() -> None:
    writer = mock.Mock()
    writer.write("x", end=1)
    writer.close().now(Color.RED)
    _, source, imports, _, _ = dict(snapshot(writer)[3])[".mock_calls"]

    assert source == "[call.write('x', end=1), call.close(), call.close().now(Color.RED)]"
    assert imports == [f"from {__name__} import Color", "from unittest.mock import call"]


def test_matches_and_streams_show_what_they_hold() -> None:
    found = re.match("(a)b", "ab")

    assert dict(snapshot(found)[3])[".groups()"][1] == "('a',)"
    assert dict(snapshot(io.StringIO("text"))[3])[".getvalue()"][1] == "'text'"


def test_paths_under_the_temporary_folder_are_told_from_it() -> None:
    assert snapshot(pathlib.Path("/tmp/t1/a/b"), "/tmp/t1")[1] == "tmp_path / 'a/b'"
    assert snapshot(pathlib.Path("/tmp/t1"), "/tmp/t1")[1] == "tmp_path"
    assert snapshot("/tmp/t1/a", "/tmp/t1")[1] == "str(tmp_path / 'a')"
    assert snapshot("/tmp/t1/a/", "/tmp/t1")[1] == "f'{tmp_path}/a/'"
    assert snapshot("no {x} in /tmp/t1: 'a'", "/tmp/t1")[1] == """f"no {{x}} in {tmp_path}: 'a'\""""
    assert snapshot("/tmp/t12/a", "/tmp/t1")[1] == "'/tmp/t12/a'"
    assert snapshot("/tmp/t10/a", "/tmp/t1")[1] == "'/tmp/t10/a'"


def test_circles_end() -> None:
    circle: list[Any] = [1]
    circle.append(circle)

    assert snapshot(circle)[1] is None


@pytest.mark.parametrize(
    "make",
    [dt.datetime.now, dt.date.today, lambda: f"on {dt.date.today()}", lambda: dt.datetime.now().timestamp()],
    ids=["datetime", "date", "text", "timestamp"],
)
def test_the_present_is_noticed(make: Callable[[], Any]) -> None:
    taker = Snapshotter(package=OWN, tmp_path=None, private="/private/scratch", present=Present())
    taker.take([make()])

    assert taker.volatile


def test_dates_that_the_candidate_names_are_meant() -> None:
    today = dt.date.today()
    taker = Snapshotter(package=OWN, tmp_path=None, private="/private/scratch", present=Present(f"f('{today}')"))
    taker.take(f"on {today}")

    assert not taker.volatile


def test_of_a_text_that_is_too_long_to_show_the_ends_are_shown() -> None:
    parts = {suffix: part[1] for suffix, part in snapshot("<table>" + "x" * 5_000 + "</table>")[3]}
    assert parts == {"len()": "5015", "[:40]": repr("<table>" + "x" * 33), "[-20:]": repr("x" * 12 + "</table>")}


def test_in_brief_a_member_of_an_enum_is_told_by_its_name() -> None:
    assert [brief(each)[1:] for each in (Color.BLUE, Mode.READ, Mode(0), 7)] == [
        [None, [], [], "BLUE"],
        [None, [], [], "READ"],
        [None, [], [], None],
        ["7", [], [], None],
    ]
