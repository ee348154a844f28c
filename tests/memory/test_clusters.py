import math
import random
from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qeforge.memory.clusters import cluster, lloyd, seeds, silhouette
from qeforge.memory.embedder import LexicalEmbedder
from tests.memory.vectors import Vector, some_vectors, unit

NUMBERS = st.integers(-20, 20).map(lambda number: number / 4)
POINTS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=40)
quick = settings(max_examples=60, deadline=None, derandomize=True)


def blobs(count: int, size: int, dimensions: int, seed: int, spread: float = 0.05) -> tuple[list[Vector], list[int]]:
    """Vectors around so many random directions, mixed, and which of them each belongs to."""
    drawn = random.Random(seed)
    directions = some_vectors(count, dimensions, seed)
    made = [
        (unit([number + drawn.gauss(0, spread) for number in direction]), at)
        for at, direction in enumerate(directions)
        for _ in range(size)
    ]
    drawn.shuffle(made)
    return [vector for vector, _ in made], [at for _, at in made]


def same_groups(one: tuple[int, ...], other: list[int]) -> bool:
    return len(set(zip(one, other, strict=True))) == len(set(one)) == len(set(other))


@quick
@given(points=POINTS, seed=st.integers(0, 50), least=st.integers(0, 6), most=st.integers(1, 12))
def test_every_vector_is_in_one_group_that_is_big_enough(
    points: list[Vector], seed: int, least: int, most: int
) -> None:
    found = cluster(points, seed=seed, most=most, least_size=least)
    sizes = Counter(found.labels)
    assert len(found.labels) == len(points)
    assert sorted(sizes) == list(range(len(found.centres)))
    assert 1 <= len(sizes) <= max(most, 1)
    assert len(sizes) == 1 or min(sizes.values()) >= least
    assert [sizes[label] for label in sorted(sizes)] == sorted(sizes.values(), reverse=True)
    assert sorted(index for label in sizes for index in found.members(label)) == list(range(len(points)))
    assert -1 <= found.silhouette <= 1
    for label, centre in enumerate(found.centres):
        members = [points[index] for index in found.members(label)]
        assert centre == pytest.approx([sum(column) / len(members) for column in zip(*members, strict=True)])


@quick
@given(points=POINTS, seed=st.integers(0, 50), count=st.integers(1, 8), rounds=st.integers(0, 10))
def test_the_inertia_never_grows_and_labels_are_the_nearest(
    points: list[Vector], seed: int, count: int, rounds: int
) -> None:
    begun = [points[index] for index in seeds(points, count, random.Random(seed))]
    fit = lloyd(points, begun, rounds=rounds)
    assert 1 <= len(fit.inertias) <= rounds + 1
    for before, after in zip(fit.inertias, fit.inertias[1:], strict=False):
        assert after <= before + 1e-9 * (1 + before)
    distances = [[math.dist(point, centre) for centre in fit.centres] for point in points]
    for label, row in zip(fit.labels, distances, strict=True):
        assert row[label] == min(row)
    assert fit.inertia == pytest.approx(sum(min(row) ** 2 for row in distances))


@quick
@given(points=POINTS, seed=st.integers(0, 1000), count=st.integers(0, 45))
def test_no_beginning_is_drawn_twice_while_others_remain(points: list[Vector], seed: int, count: int) -> None:
    chosen = seeds(points, count, random.Random(seed))
    different = {points[index] for index in chosen}
    assert len(different) == len(chosen) == min(count, len(set(points)))


def test_what_is_far_is_drawn_by_the_square_of_its_distance() -> None:
    points = [(0.0,), (1.0,), (3.0,)]
    drawn = Counter(tuple(seeds(points, 2, random.Random(seed))) for seed in range(6000))
    after_first = drawn[0, 1] + drawn[0, 2]
    assert drawn[0, 2] / after_first == pytest.approx(9 / 10, abs=0.03)
    after_second = drawn[1, 0] + drawn[1, 2]
    assert drawn[1, 2] / after_second == pytest.approx(4 / 5, abs=0.03)
    assert after_first / 6000 == pytest.approx(1 / 3, abs=0.03)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(count=st.integers(2, 6), seed=st.integers(0, 10_000))
def test_groups_that_lie_apart_are_found(count: int, seed: int) -> None:
    vectors, expected = blobs(count, 12, 24, seed)
    found = cluster(vectors, seed=seed)
    assert same_groups(found.labels, expected)
    assert found.silhouette > 0.5


def test_groups_are_found_where_a_sample_decides_their_number() -> None:
    vectors, expected = blobs(6, 120, 16, seed=3)
    assert same_groups(cluster(vectors).labels, expected)


@quick
@given(points=POINTS, seed=st.integers(0, 50))
def test_the_same_seed_gives_the_same_groups(points: list[Vector], seed: int) -> None:
    assert cluster(points, seed=seed) == cluster([list(point) for point in points], seed=seed)


def test_small_groups_go_to_the_nearest() -> None:
    near = [(0.0, 0.0), (0.1, 0.0), (0.0, 0.1), (0.1, 0.1)] * 3
    far = [(x + 10.0, y) for x, y in near]
    lonely = [(12.0, 0.0), (12.0, 0.1)]
    found = cluster([*near, *far, *lonely], least_size=3)
    assert set(found.labels[-2:]) == set(found.labels[12:24]) != set(found.labels[:12])
    assert len(set(cluster([*near, *far, *lonely], least_size=2).labels)) == 3
    assert set(cluster([*near, *far], least_size=13).labels) == {0}


def test_where_there_is_nothing_to_tell_apart_there_is_one_group() -> None:
    assert cluster([]) == cluster([], seed=4)
    assert cluster([]).labels == ()
    assert cluster([(1.0, 2.0)]).labels == (0,)
    same = cluster([(1.0, 2.0)] * 20)
    assert (set(same.labels), same.centres, same.silhouette) == ({0}, ((1.0, 2.0),), 0.0)
    assert set(cluster([(1.0, 2.0), (3.0, 4.0)], most=1).labels) == {0}


@pytest.mark.parametrize(
    "labels,expected",
    [
        ((0, 0, 1, 1), (2 * (1 - 1 / 10.5) + 2 * (1 - 1 / 9.5)) / 4),
        ((0, 0, 0, 0), 0.0),
        ((0, 1, 1, 1), None),
    ],
)
def test_silhouettes_are_as_they_were_defined(labels: tuple[int, ...], expected: float | None) -> None:
    points = [(0.0,), (1.0,), (10.0,), (11.0,)]
    if expected is None:  # a group of one counts 0; of the others, by hand
        near = [(1 - 9.5) / 9.5, (10 - 5) / 10, (11 - 5.5) / 11]
        expected = sum(near) / 4
    assert silhouette(points, labels) == pytest.approx(expected)


@quick
@given(points=POINTS, labels=st.lists(st.integers(0, 4), min_size=40, max_size=40))
def test_silhouettes_are_in_their_range(points: list[Vector], labels: list[int]) -> None:
    assume(len(points) > 1)
    assert -1 <= silhouette(points, labels[: len(points)]) <= 1


def test_texts_about_the_same_things_are_together() -> None:
    subjects = {
        "dates": ["parse_date", "format_date", "add_days", "date_range", "is_weekend_date", "date_to_text"],
        "urls": ["parse_url", "join_url", "quote_url", "url_host", "is_absolute_url", "strip_url_query"],
        "files": ["copy_file", "move_file", "remove_file", "file_size", "is_hidden_file", "touch_file"],
    }
    argument = {"dates": "date: datetime.date", "urls": "url: str", "files": "path: pathlib.Path"}
    named = [(name, subject) for subject, names in subjects.items() for name in names]
    texts = [f"{name}({argument[subject]})" for name, subject in named]
    found = cluster(LexicalEmbedder().embed(texts))
    expected = [list(subjects).index(subject) for _, subject in named]
    assert same_groups(found.labels, expected)
