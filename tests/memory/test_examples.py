from dataclasses import replace
from pathlib import Path

from qeforge.domain.learning import Example
from qeforge.memory.examples import SqliteExamples
from qeforge.memory.store import Store

EXAMPLE = Example(
    at=2.0,
    project="shop",
    target="shop.cart:add",
    model="small",
    system="s",
    ask="a",
    prefill="add(",
    accepted="1)\n```",
    kept=1,
    rejected=("add()", "add('ü')"),
)


def test_examples_come_back_oldest_first(tmp_path: Path) -> None:
    store = SqliteExamples(Store(tmp_path / "memory.db"))
    assert store.all() == []
    assert list(tmp_path.iterdir()) == []
    older = replace(EXAMPLE, at=1.0, project="other")
    store.record(EXAMPLE)
    store.record(older)
    assert SqliteExamples(Store(tmp_path / "memory.db")).all() == [older, EXAMPLE]
    assert store.all(project="shop") == [EXAMPLE]


def test_a_project_can_be_forgotten(tmp_path: Path) -> None:
    store = SqliteExamples(Store(tmp_path / "memory.db"))
    assert store.forget("shop") == 0
    store.record(EXAMPLE)
    store.record(replace(EXAMPLE, project="other"))
    assert store.forget("shop") == 1
    assert [one.project for one in store.all()] == ["other"]


def test_a_store_that_cannot_be_written_costs_the_example_only(tmp_path: Path) -> None:
    (tmp_path / "memory.db").write_text("no database at all, but long enough to be looked at as one " * 20)
    store = SqliteExamples(Store(tmp_path / "memory.db"))
    store.record(EXAMPLE)
    assert store.problem.startswith("no example was kept: ")
