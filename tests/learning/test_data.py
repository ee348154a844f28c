from dataclasses import replace

from qeforge.learning.data import HELD_OUT, is_held_out, latest, replay, split
from tests.learning.tiny import example


def test_a_target_never_changes_sides() -> None:
    names = [f"shop.cart:f{number}" for number in range(2_000)]
    held = [name for name in names if is_held_out("shop", name)]
    assert abs(len(held) / len(names) - HELD_OUT) < 0.03
    assert held == [name for name in reversed(names) if is_held_out("shop", name)][::-1]
    assert held != [name for name in names if is_held_out("other", name)]


def test_only_accepted_answers_count_and_each_once() -> None:
    names = [f"f{number}" for number in range(40)]
    given = [example(name, at=float(n)) for n, name in enumerate(names)]
    given.append(replace(given[0], at=99.0))
    parts = split([*given, example("f1", accepted="")])
    assert len(parts.train) + len(parts.held_out) == 40
    assert {one.target for one in parts.held_out} == {name for name in names if is_held_out("shop", name)}
    assert [one.at for one in (*parts.train, *parts.held_out) if one.target == "f0"] == [99.0]


def test_replay_gives_every_project_a_share() -> None:
    large = [example(f"a{number}", project="large", at=float(number)) for number in range(100)]
    small = [example(f"b{number}", project="small", at=200.0 + number) for number in range(3)]
    chosen = replay([*large, *small], 20)
    assert len(chosen) == 20
    assert sum(one.project == "small" for one in chosen) == 3
    of_large = [one.at for one in chosen if one.project == "large"]
    assert of_large == sorted(of_large, reverse=True)
    assert of_large[:9] == [float(at) for at in range(99, 90, -1)]  # what a micro-adapter learned from is among them
    assert of_large[-1] < 20
    assert {one.project for one in chosen[:5]} == {"large", "small"}  # mixed, not one project after the other
    assert chosen == replay([*large, *small], 20)
    newest = replay(
        [*large, *small, *(example(f"c{n}", project="new", at=300.0 + n) for n in range(50))], 20, newest="new"
    )
    assert sum(one.project == "new" for one in newest) == 10
    assert len(newest) == 20


def test_the_latest_come_last() -> None:
    given = [example(f"f{number}", at=float(number)) for number in range(5)]
    assert [one.at for one in latest(given, 2)] == [3.0, 4.0]
    assert latest(given, 0) == ()
