"""What is heard of calls, and which property tests come of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.properties import PropertyKind
from qeforge.refinement.conjecturing import CallLog, property_candidates
from tests.fakes.subject import Subject, subject
from tests.refinement.tasks import task
from tests.refinement.wire import ROUND_TRIP, WIRE, candidates_of, heard, shown

STAMP = """
class Stamp:
    def __init__(self, hour: int, zone: int = 0) -> None:
        if zone > 12:
            raise ValueError(zone)
        self.hour, self.zone = hour, zone

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stamp) and self.text() == other.text()

    def text(self) -> str:
        return f"{self.hour}z{self.zone}"

    def short(self) -> str:
        return f"{self.hour}"

    @classmethod
    def parse(cls, text: str) -> "Stamp":
        return cls(*map(int, text.split("z")))
"""


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return subject(tmp_path, WIRE, monkeypatch, "wire")


def test_a_log_offers_nothing_and_hears_each_call_once(wire: Subject) -> None:
    log = heard(wire, "escape('a')", "escape('a')", "escape(open)", "half(7)")
    assert [(call.target, call.arguments) for call in log.calls] == [
        ("wire:escape", (("text", "a"),)),
        ("wire:half", (("number", 7),)),
    ]


def test_what_the_calls_support_comes_with_a_broad_and_a_narrow_strategy(wire: Subject) -> None:
    found = candidates_of(wire, *ROUND_TRIP)
    broad, narrow = shown(found, PropertyKind.ROUND_TRIP)
    assert broad == ("st.text()",)
    assert narrow[0].startswith("st.text(alphabet=")
    assert found[0].stated.partner == "wire:unescape"


def test_nothing_that_raised_is_drawn(wire: Subject) -> None:
    found = candidates_of(wire, *(f"half({number})" for number in (-2, 0, 1, 2, 3, 5, 9, 40)))
    assert shown(found, PropertyKind.TYPE_KEPT) == [("st.integers(min_value=2)",)]


def test_what_a_call_reached_is_known_by_its_function(wire: Subject) -> None:
    log = heard(wire, "half(7)", "half(1)")
    assert {line for arc in log.reach["wire:half"] for line in arc if line > 0} == {10, 11, 12}
    assert "wire:escape" not in log.reach


def test_an_object_that_comes_back_equal_is_drawn_by_its_constructor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps = subject(tmp_path, STAMP, monkeypatch, "stamps")
    acts = [f"Stamp({hour}, {zone})" for hour, zone in ((1, 2), (0, 0), (-3, 5), (4, 90))]
    calls = [replace(stamps.call(act), target="stamps:Stamp.__init__") for act in acts]
    log = CallLog(stamps.module.targets)
    log.learn(list(zip(calls, stamps.judge.run(calls), strict=True)))
    found = property_candidates(task(stamps.module, tmp_path), stamps.judge, log)

    restored = [test.stated for test in found if test.stated.kind is PropertyKind.RESTORED]
    assert {(p.target, p.partner) for p in restored} == {("stamps:Stamp.text", "stamps:Stamp.parse")}
    assert shown(found, PropertyKind.RESTORED)[0] == ("st.integers()", "st.integers(max_value=5)")
    assert next(test.stated.target for test in found if test.stated.kind is PropertyKind.EQUAL) == "stamps:Stamp.__eq__"
    assert log.reach["stamps:Stamp.text"]
