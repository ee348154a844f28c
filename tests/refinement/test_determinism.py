"""Where the clock does not cut, nothing but the code and the seed decides what is written."""

from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.candidate import Candidate
from qeforge.domain.trajectory import Stop
from qeforge.refinement.cases import case_of
from qeforge.refinement.module import generate_module
from qeforge.refinement.shrink import Shrinker, Work
from tests.analysis.modules import module_of
from tests.fakes.parts import Notes, StepClock
from tests.fakes.subject import subject
from tests.refinement.tasks import task

SOURCE = '''
import re


def parse(text: str) -> dict[str, int]:
    """Pairs such as `a=1, b=2`."""
    found = {}
    for part in text.split(","):
        match = re.fullmatch(r"\\s*([a-z]+)=(-?[0-9]+)\\s*", part)
        if match is None:
            raise ValueError(f"no pair: {part!r}")
        found[match[1]] = int(match[2])
    return found


class Account:
    def __init__(self, owner: str, balance: int = 0) -> None:
        self.owner = owner
        self.balance = balance

    def withdraw(self, amount: int) -> int:
        if amount <= 0 or amount > self.balance:
            raise ValueError("not possible")
        self.balance -= amount
        return self.balance
'''


@pytest.mark.slow
def test_the_same_suite_however_many_mutants_are_tried_at_once_and_however_busy_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "data"))
    module = module_of(SOURCE.lstrip("\n"), "bank", tmp_path)
    module.path.write_text(module.source)
    work = replace(task(module, tmp_path), seconds=2.0, rounds=2, dry_run=True)
    reports = [generate_module(work, Notes(), StepClock(), parallel=parallel) for parallel in (1, 3)]
    assert reports[0].new == reports[1].new != ""
    assert Stop.TIME not in {report.stop for report in reports}


@pytest.mark.parametrize(("until", "cut"), [(-1.0, True), (1e9, False)])
def test_strange_values_that_time_left_in_place_are_owned_up_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: float, cut: bool
) -> None:
    shop = subject(tmp_path, "def wrap(text, width):\n    return text[:width]\n", monkeypatch)
    [candidate] = shop.calls("wrap('%A' * 9, 3)")
    [seen] = shop.judge.observe([candidate])
    case = case_of(candidate, seen, (seen,), shop.goals)
    assert case is not None
    shrinker = Shrinker(
        shop.judge, shop.goals, {}, variants=lambda _: shop.calls("wrap('abc', 3)"), oddity=len_of, clock=StepClock()
    )
    shrinker.shrink([case.case], {}, frozenset(), Work(cases=5, variants=5, until=until))
    assert shrinker.cut is cut


def len_of(candidate: Candidate) -> int:
    return len(candidate.act)


def test_a_case_that_was_slow_only_once_is_not_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = subject(tmp_path, "def wrap(text, width):\n    return text[:width]\n", monkeypatch)
    [candidate] = shop.calls("wrap('abc', 2)")
    [seen] = shop.judge.observe([candidate])
    case = case_of(candidate, replace(seen, seconds=0.4), (replace(seen, seconds=0.002),), shop.goals)
    assert case is not None
    assert case.case.observation.seconds == 0.002
