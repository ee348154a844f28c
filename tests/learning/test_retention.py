import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.errors import ProviderError
from qeforge.learning.data import Read
from qeforge.learning.retention import keeps, references, rescored, retention
from qeforge.learning.snapshots import Record
from tests.learning.test_lesson import Letters
from tests.learning.test_snapshots import RECORD
from tests.learning.tiny import examples


def base(name: str, at: float, *, kind: str = "base", **scores: float) -> Record:
    return replace(RECORD, name=name, kind=kind, at=at, seconds=1.0, scores=scores)


def test_a_project_is_judged_by_what_learned_it_last_and_not_by_what_came_later() -> None:
    lineage = [base("0001", 100.0), base("0002", 200.0, kind="micro"), base("0003", 300.0), base("0004", 400.0)]
    old = [replace(one, at=50.0) for one in examples("old")]
    middle = [replace(one, at=250.0) for one in examples("middle")]
    times = (60.0, 150.0, 250.0, 350.0, 450.0, 450.0)
    busy = [replace(one, at=at) for one, at in zip(examples("busy", held=0), times, strict=True)]
    new = [replace(one, at=450.0) for one in examples("new")]
    during = [replace(one, at=99.5) for one in examples("during")]  # while 0001 was at work already
    found = references(lineage, [*old, *middle, *busy, *new, *during])
    assert {project: one.name for project, one in found.items()} == {
        "old": "0001",
        "middle": "0003",
        "busy": "0004",
        "during": "0003",
    }


class Adapted(Letters):
    """Gives the losses that are named by the adapter in use."""

    def __init__(self, losses: dict[str, float]) -> None:
        self.by_adapter, self.used, self.read = losses, "", 0

    def set_adapter(self, path: Path | None) -> None:
        if path is not None and path.name not in self.by_adapter:
            raise ProviderError(f"{path.name} is damaged")
        self.used = path.name if path else ""

    def losses(self, tokens: Sequence[int], start: int) -> list[float]:
        self.read += 1
        return [self.by_adapter[self.used]] * (len(tokens) - start)


def test_held_out_examples_that_came_later_do_not_look_like_forgetting() -> None:
    hard = [Read(project="old", tokens=(1, 2, 3), start=1)] * 5
    runner = Adapted({"0001": 2.0, "0002": 2.0})
    first = base("0001", 1.0, old=0.9)  # its record is from when there were easy ones alone
    told: list[str] = []
    learned = rescored(runner, {"old": first, "unread": first}, {"old": hard}, lambda one: Path(one.name), told.append)
    assert learned == pytest.approx({"old": math.exp(-2.0)})
    assert (runner.read, told) == (5, [])
    assert keeps(retention(learned, {"old": math.exp(-2.0)})).good
    assert not keeps(retention(dict(first.scores), {"old": math.exp(-2.0)})).good


def test_forgetting_is_not_hidden_by_easier_examples() -> None:
    easy = [Read(project="old", tokens=(1, 2, 3), start=1)]
    first = base("0001", 1.0, old=0.2)
    learned = rescored(Adapted({"0001": 0.1}), {"old": first}, {"old": easy}, lambda one: Path(one.name), print)
    assert keeps(retention(dict(first.scores), {"old": math.exp(-0.5)})).good
    assert not keeps(retention(learned, {"old": math.exp(-0.5)})).good


def test_a_snapshot_that_cannot_be_used_is_stood_in_for_by_its_record() -> None:
    reads = [Read(project="a", tokens=(1, 2), start=1)]
    told: list[str] = []
    wanted = {"a": base("0001", 1.0, a=0.7), "b": base("0001", 1.0, a=0.7)}
    assert rescored(Adapted({}), wanted, {"a": reads, "b": reads}, lambda one: Path(one.name), told.append) == {
        "a": 0.7
    }
    assert told == ["retention: 0001 cannot be used, its record stands in: 0001 is damaged"]


def test_retention_is_what_is_left_of_each_project() -> None:
    retained = retention({"a": 0.5, "b": 0.4, "gone": 0.3}, {"a": 0.48, "b": 0.44, "new": 0.9})
    assert retained == pytest.approx({"a": 0.96, "b": 1.1})
    assert keeps(retained).good
    lost = keeps({"a": 0.949, "b": 1.2})
    assert not lost.good
    assert lost.detail == "94.9% at least (a)"
    assert keeps({}).good
