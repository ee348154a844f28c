"""What the benchmark of memory edits, and how it counts."""

import ast

import pytest
from memory import edited_figures, needed, transfer_figures
from rig.editing import edited
from rig.memory_runs import Point
from rig.paired import interval, sign_test
from rig.pattern_quality import Probe, quality_figures

SOURCE = '''
def first(text, count=2):
    """Takes 3."""
    return text[: count + 1]


def second(text):
    return 5


class Cart:
    def add(self, name):
        return name

    def third(self):
        return 7


def items(start):
    yield start
'''


def body(text: str, name: str) -> str:
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name == name]
    return ast.unparse(found[0])


def test_every_second_function_is_edited_as_it_is_stated() -> None:
    text, changed = edited(SOURCE)
    assert changed == ["first", "Cart.add"]
    assert body(text, "first").splitlines()[1:] == [
        '    """Takes 3."""',
        "    if text is None:",
        "        return None",
        "    return text[:count + 2]",
    ]
    assert "count=2" in body(text, "first")
    assert body(text, "second") == body(SOURCE, "second")
    assert body(text, "add").splitlines()[1:] == ["    if name is None:", "        return None", "    return name"]


def test_the_others_are_edited_from_another_beginning_and_generators_keep_their_meaning() -> None:
    text, changed = edited(SOURCE, first=1)
    assert changed == ["second", "Cart.third"]
    assert "return 8" in body(text, "third")
    assert edited(SOURCE, every=1)[1] == ["first", "second", "Cart.add", "Cart.third"]
    ast.parse(text)


def point(work: float, executions: int, quality: float, *, memory: bool = True, module: str = "m") -> Point:
    return Point(
        module=module,
        seed=0,
        memory=memory,
        work=work,
        executions=executions,
        seconds=work,
        quality=quality,
        coverage=quality,
    )


def test_what_was_needed_lies_between_two_amounts_in_proportion() -> None:
    points = [point(2, 300, 0.9), point(1, 100, 0.5)]
    assert needed(points, 0.5, "executions") == 100
    assert needed(points, 0.7, "executions") == pytest.approx(200)
    assert needed(points, 0.9, "executions") == pytest.approx(300)
    assert needed(points, 0.95, "executions") is None


def test_the_ratio_counts_modules_that_got_there() -> None:
    points = [
        *(point(1, 100, 0.5, memory=False), point(2, 200, 0.9, memory=False), point(1, 100, 0.9), point(2, 180, 0.9)),
        *(point(1, 100, 0.5, memory=False, module="n"), point(1, 100, 0.4, module="n")),
    ]
    figures, told = edited_figures(points)
    assert figures["executions"]["ratio"] == pytest.approx(0.5)
    assert (figures["pairs"], figures["never_reached_with_memory"]) == (2, 1)
    assert "met" in told


def test_transfer_is_a_difference_of_pairs() -> None:
    points = [point(1, 1, 0.5, memory=False), point(1, 1, 0.75), point(1, 1, 0.2, module="alone")]
    figures, told = transfer_figures(points)
    assert (figures["pairs"], figures["difference"]) == (1, 0.25)
    assert "+0.2500" in told
    assert transfer_figures([])[0] == {"pairs": 0}


def test_intervals_hold_the_mean_and_signs_are_counted() -> None:
    mean, low, high = interval([1.0, 2.0, 3.0, 4.0])
    assert low < mean == 2.5 < high
    assert interval([2.0]) == (2.0, 2.0, 2.0)
    with pytest.raises(ValueError, match="no values"):
        interval([])
    assert sign_test([1, 1, 1, 1, 1, 1]) == pytest.approx(2 / 64)
    assert sign_test([1, -1, 0]) == 1
    assert sign_test([]) == 1


def probe(tasks: int, won: int, lost: int, *, seed: int = 0) -> Probe:
    return Probe(project="p", seed=seed, tasks=tasks, patterns=9, won={"call": won, "value": 1}, lost={"call": lost})


def test_the_curve_compares_its_ends_run_by_run() -> None:
    points = [probe(200, 9, 0), probe(100, 4, 5), probe(100, 0, 9, seed=1), probe(200, 1, 8, seed=1)]
    figures, told = quality_figures(points)
    assert (figures["runs"], figures["ratio"]) == (2, pytest.approx(2.0))
    assert "| p | 0 | 100 | 9 | 0.500 (0.200 to 0.800; 10) | 0.444 (9) | 1.000 (1) | 0.000 (0) |" in told
    assert "met" in told
    assert "no run" in quality_figures([probe(100, 1, 1)])[1]
