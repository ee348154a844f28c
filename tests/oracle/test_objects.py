"""What is stated of the objects of a class, and what tells whether it holds."""

from collections.abc import Sequence

import pytest

from qeforge.domain.properties import Property, PropertyKind
from qeforge.oracle.calls import Call
from qeforge.oracle.objects import object_candidate, object_properties, objects
from tests.oracle.calling import Functions

STAMP = """
class Stamp:
    def __init__(self, hour, zone=0):
        if hour < 0: raise ValueError
        self.hour, self.zone = hour, zone
    def __eq__(self, other): return (self.hour, self.zone) == (other.hour, other.zone)
    def __hash__(self): return hash(self.hour)
    @property
    def pair(self): return self.hour, self.zone
    @classmethod
    def of(cls, pair): return cls(*pair)
    def text(self): return f"{self.hour}z{self.zone}"
    @classmethod
    def parse(cls, text): return cls(*map(int, text.split("z")))
    def shifted(self, by): return Stamp(self.hour + by)
    def _hidden(self): return self.hour
    @classmethod
    def range(cls, first, last): return [cls(n) for n in range(first, last)]
"""


def stated(source: str, calls: Sequence[tuple[object, ...]]) -> tuple[Functions, list[Call], list[Property]]:
    """What calls of the constructor of `Stamp` lead to."""
    functions = Functions(source)
    made = [functions.call("Stamp.__init__", *values) for values in calls]
    return functions, made, object_properties(functions.targets.values(), made)


def parts(found: Sequence[Property]) -> list[tuple[str, str]]:
    return [(p.target.partition(":")[2], p.partner.partition(":")[2]) for p in found]


def test_what_writes_is_paired_with_what_reads_and_equality_with_the_hash() -> None:
    _, _, found = stated(STAMP, [(1,), (2,), (3,)])
    restored = [p for p in found if p.kind is PropertyKind.RESTORED]
    assert parts(restored) == [
        ("Stamp.pair", "Stamp.of"),
        ("Stamp.text", "Stamp.of"),
        ("Stamp.pair", "Stamp.parse"),
        ("Stamp.text", "Stamp.parse"),
    ]
    assert parts([p for p in found if p.kind is PropertyKind.EQUAL]) == [("Stamp.__eq__", "Stamp.__hash__")]
    assert {p.builder for p in found} == {"shop:Stamp.__init__"}
    assert {p.parameters for p in found} == {("hour",)}


def test_the_shortest_calls_that_were_seen_often_enough_count() -> None:
    _, _, found = stated(STAMP, [(1,), (2,), (1, 2), (2, 5), (7, 7)])
    assert {p.parameters for p in found} == {("hour", "zone")}


def test_too_few_objects_or_none_support_nothing() -> None:
    assert stated(STAMP, [(1,), (1,), (2,)])[2] == []
    assert stated(STAMP, [(-1,), (-2,), (-3,)])[2] == []


def test_objects_that_were_made_differently_count_once() -> None:
    _, calls, _ = stated(STAMP, [(1,), (1,), (2,), (1, 2), (-3,)])
    assert [call.arguments for call in objects("shop:Stamp.__init__", ("hour",), calls)] == [
        (("hour", 1),),
        (("hour", 2),),
    ]


def test_a_class_without_equality_is_not_said_to_be_equal() -> None:
    _, _, found = stated(STAMP.replace("__eq__", "same"), [(1,), (2,), (3,)])
    assert PropertyKind.EQUAL not in {p.kind for p in found}


@pytest.mark.parametrize(
    ("target", "partner", "act"),
    [
        ("pair", "of", "Stamp.of(Stamp(4).pair) == Stamp(4)"),
        ("text", "parse", "Stamp.parse(Stamp(4).text()) == Stamp(4)"),
        ("__eq__", "__hash__", "Stamp(4) == Stamp(4) and hash(Stamp(4)) == hash(Stamp(4))"),
    ],
)
def test_each_statement_is_tried_in_one_expression(target: str, partner: str, act: str) -> None:
    functions, calls, found = stated(STAMP, [(4,), (5,), (6,)])
    (one,) = [p for p in found if (p.target, p.partner) == (f"shop:Stamp.{target}", f"shop:Stamp.{partner}")]
    candidate = object_candidate(one, functions.targets, calls[0])
    assert candidate.act == act
    names: dict[str, object] = {}
    exec(STAMP, names)
    assert eval(candidate.act, names) is True
