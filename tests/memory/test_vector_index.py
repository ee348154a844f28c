"""What every `VectorIndex` does, whichever it is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qeforge.domain.pattern import VectorIndex
from qeforge.memory.exact import ExactIndex, open_exact
from qeforge.memory.index import HnswIndex, Label, open_hnsw
from qeforge.memory.rows import Rows
from tests.memory.vectors import StoredRows, Vector, cosine, nearest, some_vectors

DIMENSIONS = 16
Opener = Callable[[Rows], VectorIndex]


@pytest.fixture(params=["exact", "hnsw"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    if request.param == "exact":
        return lambda rows: open_exact(dimensions=DIMENSIONS, rows=rows)
    path = tmp_path / "memory.usearch"
    return lambda rows: open_hnsw(path, embedder="test", dimensions=DIMENSIONS, rows=rows)


def test_the_nearest_come_first_with_their_cosine(opened: Opener) -> None:
    stored = dict(enumerate(some_vectors(200, DIMENSIONS), start=1))
    index = opened(StoredRows(stored))
    assert len(index) == 200
    for wanted in some_vectors(20, DIMENSIONS, seed=1):
        found = index.search(wanted, 5)
        assert [key for key, _ in found] == nearest(stored, wanted, 5) or all(
            cosine(stored[key], wanted) > cosine(stored[nearest(stored, wanted, 5)[-1]], wanted) - 0.02
            for key, _ in found
        )
        assert [similarity for _, similarity in found] == sorted((each for _, each in found), reverse=True)
        for key, similarity in found:
            assert similarity == pytest.approx(cosine(stored[key], wanted), abs=0.015)


def test_each_vector_is_nearest_to_itself(opened: Opener) -> None:
    vectors = some_vectors(100, DIMENSIONS)
    index = opened(StoredRows(dict(enumerate(vectors))))
    for key, vector in enumerate(vectors):
        [(found, similarity)] = index.search(vector, 1)
        assert found == key
        assert similarity == pytest.approx(1, abs=0.001)


def test_of_equals_the_lower_key_comes_first(opened: Opener) -> None:
    [one, other] = some_vectors(2, DIMENSIONS)
    index = opened(StoredRows({9: one, 3: one, 6: one, 1: other}))
    assert [key for key, _ in index.search(one, 3)] == [3, 6, 9]


def test_a_key_that_is_there_gets_another_vector(opened: Opener) -> None:
    [old, new, beside] = some_vectors(3, DIMENSIONS)
    index = opened(StoredRows({}))
    index.add([7, 8], [old, beside])
    index.add([7], [new])
    assert len(index) == 2
    assert [key for key, similarity in index.search(new, 2) if similarity > 0.99] == [7]
    assert not [key for key, similarity in index.search(old, 2) if similarity > 0.99]


def test_what_is_removed_is_not_found(opened: Opener) -> None:
    vectors = some_vectors(30, DIMENSIONS)
    index = opened(StoredRows(dict(enumerate(vectors))))
    index.remove([4, 5, 4, 1000])
    assert len(index) == 28
    assert not {key for key, _ in index.search(vectors[4], 30)} & {4, 5}
    index.remove(range(30))
    assert (len(index), list(index.search(vectors[0], 3))) == (0, [])
    index.add([4], [vectors[4]])
    assert [key for key, _ in index.search(vectors[0], 3)] == [4]


def test_an_empty_one_finds_nothing(opened: Opener) -> None:
    index = opened(StoredRows({}))
    index.remove([1])
    index.add([], [])
    index.save()
    assert (len(index), list(index.search([1.0] * DIMENSIONS, 5))) == (0, [])


def test_fewer_are_found_than_were_asked_for(opened: Opener) -> None:
    [one, other] = some_vectors(2, DIMENSIONS)
    index = opened(StoredRows({1: one, 2: other}))
    assert {key for key, _ in index.search(one, 50)} == {1, 2}
    assert list(index.search(one, 0)) == []


@pytest.mark.parametrize("dimensions", [0, DIMENSIONS - 1, DIMENSIONS + 1])
def test_other_dimensions_are_a_mistake(opened: Opener, dimensions: int) -> None:
    index = opened(StoredRows(dict(enumerate(some_vectors(3, DIMENSIONS)))))
    with pytest.raises(ValueError, match=f"expected {DIMENSIONS} dimensions, got {dimensions}"):
        index.search([1.0] * dimensions, 1)
    with pytest.raises(ValueError, match=f"expected {DIMENSIONS} dimensions, got {dimensions}"):
        index.add([50], [[1.0] * dimensions])
    with pytest.raises(ValueError, match=r"zip\(\) argument 2 is shorter"):
        index.add([50, 51], [[1.0] * DIMENSIONS])
    assert len(index) == 3


def test_a_vector_without_length_does_no_harm(opened: Opener) -> None:
    index = opened(StoredRows({1: [0.0] * DIMENSIONS, 2: some_vectors(1, DIMENSIONS)[0]}))
    assert len(index.search([0.0] * DIMENSIONS, 2)) == 2


def _one(kind: str, folder: Path) -> VectorIndex:
    if kind == "exact":
        return ExactIndex(DIMENSIONS)
    return HnswIndex(folder / "memory.usearch", Label(embedder="test", dimensions=DIMENSIONS))


CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "add", "remove"]), st.lists(st.integers(0, 12), max_size=6), st.integers(0, 99)),
    max_size=12,
)


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_it_holds_what_was_added_and_not_removed(
    kind: str, tmp_path: Path, changes: list[tuple[str, list[int], int]]
) -> None:
    index = _one(kind, tmp_path)
    expected: dict[int, Vector] = {}
    for change, keys, seed in changes:
        if change == "add":
            vectors = some_vectors(len(keys), DIMENSIONS, seed)
            index.add(keys, vectors)
            expected.update(zip(keys, vectors, strict=True))
        else:
            index.remove(keys)
            for key in keys:
                expected.pop(key, None)
        index.save()
    assert len(index) == len(expected)
    for key, vector in expected.items():
        found = dict(index.search(vector, 20))
        assert set(found) == set(expected)
        assert found[key] == pytest.approx(1, abs=0.001)
