import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from qeforge.domain.pattern import Outcome, PatternKind
from qeforge.memory.bank import MOST_OF_ONE, shape_of, shape_of_role
from qeforge.memory.embedder import LexicalEmbedder
from qeforge.memory.indexes import open_index
from qeforge.memory.patterns import PatternStore, packed, unpacked
from qeforge.memory.store import Store
from tests.memory.samples import PROJECT, call, keep, memory_in, module, target


def count(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(folder / "memory.db")) as connection:
        return int(connection.execute(f"select count(*) from {table}").fetchone()[0])


def test_patterns_come_back_as_they_went_in_best_first(tmp_path: Path) -> None:
    found = keep(memory_in(tmp_path), call("slugify('a')"), call("slugify('b')"))
    memory = memory_in(tmp_path)
    memory.settle(
        [Outcome(pattern=one.id, target=one.target, goals=2) for one in found if one.act == "slugify('b')"], at=2_000.0
    )
    best, other = memory.of(PROJECT, "shop.texts:slugify")
    assert (best.act, best.uses, best.gain, best.at) == ("slugify('b')", 1, 2, 2_000.0)
    assert other == next(one for one in found if one.act == "slugify('a')").__class__(
        **{**{name: getattr(other, name) for name in other.__dataclass_fields__}, "at": 1_000.0}
    )
    assert memory.of("/elsewhere", "shop.texts:slugify") == []


def test_what_is_kept_twice_is_one_and_keeps_its_quality(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    [one, *_] = keep(memory, call("slugify('a')"))
    memory.settle([Outcome(pattern=one.id, target=one.target, kept=True)], at=1_000.0)
    keep(memory, call("slugify('a')"), at=3_000.0)
    [after] = memory.of(PROJECT, one.target)
    assert (after.id, after.wins, after.at) == (one.id, 1, 3_000.0)
    assert count(tmp_path, "outcome") == 1


def test_what_proves_useless_is_forgotten_and_so_are_its_outcomes(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    [one, *_] = keep(memory, call("slugify('a')"))
    for _ in range(5):
        memory.settle([Outcome(pattern=one.id, target=one.target)], at=1_000.0)
    assert memory.of(PROJECT, one.target) == []
    assert count(tmp_path, "outcome") == 0
    memory.settle([Outcome(pattern=one.id, target=one.target)], at=1_000.0)  # another process was quicker


def test_a_target_has_so_many_patterns_at_most(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    for start in (0, 20):
        keep(memory, *(call(f"area({number}, {number})", "area") for number in range(start, start + 20)))
    assert len(memory.of(PROJECT, "shop.texts:area")) == MOST_OF_ONE
    rows = memory.values("value width: float", "width", project=PROJECT)
    assert len(rows) == MOST_OF_ONE


def test_what_is_alike_is_found_with_how_much(tmp_path: Path) -> None:
    keep(memory_in(tmp_path), call("slugify('a')"), call("area(1, 2)", "area"))
    memory = memory_in(tmp_path)
    near = memory.near(shape_of(module(), target("slugify_all")), 2, project=PROJECT)
    assert [one.act for one, _ in near] == ["slugify('a')", "area(1, 2)"]
    assert near[0][1] > 0.6 > near[1][1]
    assert memory.near(shape_of(module(), target("slugify_all")), 2, project="/elsewhere") == []
    assert len(memory.near("slugify", 1, project=None)) == 1


def test_without_an_index_only_the_same_shape_is_near(tmp_path: Path) -> None:
    memory = PatternStore(Store(tmp_path / "memory.db"))
    keep(memory, call("slugify('a')"))
    assert [like for _, like in memory.near(shape_of(module(), target("slugify")), 3, project=None)] == [1.0]
    assert memory.near(shape_of(module(), target("slugify_all")), 3, project=None) == []
    assert memory.indexed is None


def test_vectors_are_made_for_whoever_embeds_now(tmp_path: Path) -> None:
    keep(PatternStore(Store(tmp_path / "memory.db")), call("slugify('a')"), call("area(1, 2)", "area"))
    assert count(tmp_path, "vector") == 0
    assert memory_in(tmp_path).indexed == 2  # shapes of calls; those of values need none
    other = PatternStore(
        Store(tmp_path / "memory.db"),
        embedder=LexicalEmbedder(dimensions=32),
        index=lambda embedder, rows: open_index(tmp_path, embedder=embedder, rows=rows),
    )
    assert len(other.near("slugify text", 5, project=None)) == 2
    assert count(tmp_path, "vector") == 4


def test_what_is_learned_is_found_at_once(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    assert memory.near("slugify text", 3, project=None) == []
    keep(memory, call("slugify('a')"))
    memory.save()
    assert [one.act for one, _ in memory.near("slugify text", 3, project=None)] == ["slugify('a')"]


def test_values_of_the_same_type_come_before_those_of_the_same_name(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('a')"), call("area('b', 1)", "area"), call("cart.add('c', 1)", "Cart.add"))
    text = next(one for one in target("slugify").parameters if one.name == "text")
    assert [one.act for one in memory.values(shape_of_role(text), "text", project=None)] == ["'a'"]
    found = memory.values("value name: bytes", "name", project=PROJECT)
    assert [(one.act, one.kind) for one in found] == [("'c'", PatternKind.VALUE)]


def test_what_has_a_name_is_found_by_its_shape_not_by_looking_at_all_of_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('a')"))
    asked: list[tuple[str, tuple[object, ...]]] = []
    rows = memory.store.rows

    def noted(query: str, *given: object) -> list[sqlite3.Row]:
        asked.append((query, given))
        return rows(query, *given)

    monkeypatch.setattr(memory.store, "rows", noted)
    memory.values("value text: str", "text", project=PROJECT)
    memory.parts(PatternKind.CONSTRUCTION, [f"Class{number}" for number in range(200)], project=PROJECT)
    assert len(asked) == 2
    for query, given in asked:
        plan = [row["detail"] for row in rows(f"explain query plan {query}", *given)]
        assert any(step.startswith("SEARCH shape") and "words>? AND words<?" in step for step in plan), plan
        assert any(step.startswith("SEARCH pattern") and "(shape=?)" in step for step in plan), plan


def test_parts_are_given_by_name_however_many_are_asked_for(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    cart = "from shop.texts import Cart"
    for name in ("Cart('a')", "Cart('b')"):
        keep(memory, call("cart.add('c', 1)", "Cart.add", arrange=(f"cart = {name}",), imports=(cart,)))
    names = [*(f"Class{number}" for number in range(700)), "Cart", "Car"]
    found = memory.parts(PatternKind.CONSTRUCTION, names, project=PROJECT)
    assert {name: sorted(one.act for one in some) for name, some in found.items()} == {
        "Cart": ["Cart('a')", "Cart('b')"]
    }
    assert memory.parts(PatternKind.CONSTRUCTION, [], project=PROJECT) == {}
    assert memory.parts(PatternKind.CONSTRUCTION, names, project="/elsewhere") == {}


def test_vectors_survive_being_packed() -> None:
    assert unpacked(packed([0.5, -1.0])) == (0.5, -1.0)


def test_a_shape_never_gets_the_number_of_one_that_is_gone(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('a')"))
    with memory.store.transaction() as connection:
        before = connection.execute("select max(id) from shape").fetchone()[0]
        connection.execute("delete from pattern")
        connection.execute("delete from shape")
    keep(memory, call("slugify('a')"))
    [[after]] = memory.store.rows("select min(id) from shape")
    assert after > before


def test_a_closed_disk_says_so(tmp_path: Path) -> None:
    from qeforge.memory.store import StoreError

    (tmp_path / "memory.db").write_bytes(b"no database, and long enough to be taken for one " * 40)
    with pytest.raises(StoreError, match="damaged"):
        memory_in(tmp_path).of(PROJECT, "x")


class Slow:
    """Embeds as the built-in one does; something happens meanwhile."""

    name, dimensions = "slow", 16

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._meanwhile = meanwhile

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self._meanwhile()
        return [list(row) for row in LexicalEmbedder(dimensions=16).embed(texts)]


def embedded_by(folder: Path, meanwhile: Callable[[], None]) -> PatternStore:
    return PatternStore(
        Store(folder / "memory.db"),
        embedder=Slow(meanwhile),
        index=lambda embedder, rows: open_index(folder, embedder=embedder, rows=rows),
    )


def written_by_another(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "memory.db", timeout=0, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        connection.execute("commit")


def test_others_may_write_while_vectors_are_made(tmp_path: Path) -> None:
    keep(PatternStore(Store(tmp_path / "memory.db")), call("slugify('a')"))
    memory = embedded_by(tmp_path, lambda: written_by_another(tmp_path))
    keep(memory, call("area(1, 2)", "area"))
    assert count(tmp_path, "vector") == 1
    assert memory.indexed == 2  # the one that was missing, too
    assert count(tmp_path, "vector") == 2


def test_a_shape_that_is_forgotten_while_its_vector_is_made_gets_none(tmp_path: Path) -> None:
    keep(PatternStore(Store(tmp_path / "memory.db")), call("slugify('a')"))

    def forget() -> None:
        with closing(sqlite3.connect(tmp_path / "memory.db", isolation_level=None)) as connection:
            connection.execute("delete from pattern")
            connection.execute("delete from shape")

    assert embedded_by(tmp_path, forget).indexed == 0
    assert count(tmp_path, "vector") == 0
