import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pytest

from qeforge.domain.candidate import Claim
from qeforge.domain.goal import Coverage
from qeforge.domain.report import Action, ModuleReport, Suspect
from qeforge.domain.score import Score
from qeforge.domain.trajectory import Stop
from qeforge.refinement.packing import pack, unpack


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    place: Path
    colour: Colour
    inner: Inner | None
    pair: tuple[str, int]
    many: tuple[Inner, ...] = ()
    names: frozenset[str] = frozenset()
    table: Mapping[str, int] = field(default_factory=dict)


FULL = Outer(
    place=Path("a/b"),
    colour=Colour.RED,
    inner=Inner(ratio=0.5),
    pair=("x", 1),
    many=(Inner(ratio=1.0), Inner(ratio=2.0)),
    names=frozenset({"b", "a"}),
    table={"k": 2},
)
REPORT = ModuleReport(
    module="shop.cart",
    path=Path("shop/cart.py"),
    action=Action.WRITTEN,
    suite=Path("tests/test_cart.py"),
    score=Score(line=1.0, branch=0.5, mutation=None, tests=3),
    coverage=Coverage(lines=4, lines_met=3, branches=2, branches_met=1),
    stop=Stop.TIME,
    new='assert "ü\\ud800"\n',
    dropped=(("failed", 2),),
    suspects=(Suspect(target="t", act="f()", claim=Claim(expected="1", source="docstring"), observed="2"),),
    open_lines=(3, 4),
)


@pytest.mark.parametrize("value", [FULL, REPORT, Outer(place=Path(), colour=Colour.RED, inner=None, pair=("", 0))])
def test_what_was_packed_comes_back(value: Outer | ModuleReport) -> None:
    data = json.loads(json.dumps(pack(value)))
    assert unpack(type(value), data) == value


def test_sets_are_packed_in_one_order() -> None:
    assert pack(FULL)["names"] == ["a", "b"]


def test_fields_that_are_missing_get_their_defaults() -> None:
    data = pack(FULL)
    del data["many"]
    assert unpack(Outer, data).many == ()


@pytest.mark.parametrize(
    "change",
    [{"colour": "blue"}, {"pair": ["x"]}, {"inner": 3}, {"place": 5}, {"unknown": 1}, {"many": [{"ratio": "1"}]}],
)
def test_data_of_another_kind_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(Outer, {**pack(FULL), **change})


def test_what_no_report_holds_cannot_be_packed() -> None:
    with pytest.raises(TypeError, match="object cannot be packed"):
        pack((object(),))
