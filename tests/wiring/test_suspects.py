"""Suspects from run to run, and as files beside the suites, with reports that are only told."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qeforge.codegen.suspects import is_untouched
from qeforge.config import Config
from qeforge.domain.candidate import Claim
from qeforge.domain.report import Action, ModuleReport, Suspect
from qeforge.domain.trajectory import Stop
from qeforge.errors import UsageError, WriteError
from qeforge.execution.pytest_run import SuiteRun
from qeforge.refinement.task import ModuleTask
from qeforge.wiring import suspects as wiring
from qeforge.wiring.suspects import Settled, listed, settle, suspects_in, without_suspects
from tests.analysis.modules import module_of
from tests.refinement.tasks import task

SOURCE = '''\
class Odd(Exception):
    """Of the shop."""


def take(n):
    """Takes."""
    return n


def give(n):
    """Gives."""
    return n
'''
AS_TESTS = Config(suspects_as_tests=True)
PLAIN = Config()


def suspect(name: str, expected: str = "ValueError", *, raises: bool = True) -> Suspect:
    claim = Claim(expected=expected, source="docstring", raises=raises)
    imports = (f"from shop import {name}",)
    return Suspect(target=f"shop:{name}", act=f"{name}(-1)", claim=claim, observed="returned -1", imports=imports)


TAKE, GIVE = suspect("take"), suspect("give", "Odd")


class Place:
    """A project with one module, and runs of it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.environ = {"QEFORGE_DATA_DIR": str(root / "data")}
        self.now = 0.0
        self.passing: set[str] = set()
        self.ran: list[str] = []
        (root / "pyproject.toml").write_text("")
        monkeypatch.setattr(wiring, "run_suite", self._run_suite)
        self.write(SOURCE)

    def write(self, source: str) -> None:
        self.task = task(module_of(source, "shop", self.root), self.root)
        self.task.module.path.write_text(source, encoding="utf-8")

    @property
    def file(self) -> Path:
        return self.root / "tests" / "test_shop_suspects.py"

    def run(self, config: Config, *suspects: Suspect, stop: Stop | None = Stop.PLATEAU, **changes: Any) -> Settled:
        self.now += 1.0
        plain = ModuleReport(module="shop", path=self.task.module.path, action=Action.WRITTEN, suite=self.task.suite)
        report = replace(plain, suspects=suspects, stop=stop)
        work: ModuleTask = replace(self.task, **changes)
        return settle(config, [work], [report], suspects_in(self.environ), now=self.now)

    def left(self, path: Path | None = None) -> list[str]:
        return [row.suspect.target for row in listed(suspects_in(self.environ), path or self.root)]

    def _run_suite(self, files: Sequence[Path], **_: object) -> SuiteRun:
        [file] = files
        text = file.read_text(encoding="utf-8")
        self.ran.append(text)
        names = [line.split()[1].partition("(")[0] for line in text.splitlines() if line.startswith("def ")]
        return SuiteRun(results={f"{file.name}::{n}": "passed" if n in self.passing else "failed" for n in names})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


# -- remembering ------------------------------------------------------------------------------------------------


def test_what_the_last_run_found_is_listed_in_the_order_of_the_code(place: Place) -> None:
    place.run(PLAIN, GIVE, TAKE)
    assert place.left() == ["shop:take", "shop:give"]
    [row, _] = listed(suspects_in(place.environ), place.root)
    assert (row.suspect, row.path, row.at) == (TAKE, place.task.module.path, 1.0)
    place.run(PLAIN, GIVE)
    assert place.left() == ["shop:give"]
    place.run(PLAIN)
    assert place.left() == []


def test_a_module_that_was_not_worked_on_keeps_what_is_known(place: Place) -> None:
    place.run(PLAIN, TAKE)
    place.run(PLAIN, stop=None)
    place.run(PLAIN, stop=Stop.INTERRUPTED)
    assert place.left() == ["shop:take"]


def test_a_run_of_some_targets_speaks_of_these_alone(place: Place) -> None:
    place.run(PLAIN, TAKE, GIVE)
    place.run(PLAIN, wanted=frozenset({"shop:give"}))
    assert place.left() == ["shop:take"]


@pytest.mark.parametrize(("old", "new"), [("Takes.", "Takes it."), ("return n\n\n\ndef", "return 1\n\n\ndef")])
def test_what_changed_since_is_gone(place: Place, old: str, new: str) -> None:
    place.run(PLAIN, TAKE, GIVE)
    place.write(SOURCE.replace(old, new))
    assert place.left() == ["shop:give"]
    place.task.module.path.unlink()
    assert place.left() == []


def test_only_what_lies_below_the_path_is_listed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.run(PLAIN, TAKE)
    (place.root / "sub").mkdir()
    assert place.left(place.task.module.path) == ["shop:take"]
    assert place.left(place.root / "sub") == []
    monkeypatch.chdir(place.root / "sub")
    assert [row.suspect for row in listed(suspects_in(place.environ), None)] == [TAKE]
    with pytest.raises(UsageError, match="no such file or folder"):
        place.left(place.root / "gone")


def test_a_store_that_cannot_be_used_costs_a_note(place: Place) -> None:
    (place.root / "data").mkdir()
    (place.root / "data" / "memory.db").write_bytes(b"no database at all, but long enough to be read as one" * 40)
    settled = place.run(AS_TESTS, TAKE)
    [note] = settled.notes
    assert note.startswith("suspects are not remembered: ")
    assert "test_take_suspect" in place.file.read_text()


# -- as tests ---------------------------------------------------------------------------------------------------


def test_no_file_is_written_unless_it_is_asked_for(place: Place) -> None:
    settled = place.run(PLAIN, TAKE)
    assert settled.reports[0].suspect_tests is None
    assert not place.file.exists()
    assert settled.notes == ()


def test_they_are_written_again_only_when_they_differ_and_removed_when_none_is_left(place: Place) -> None:
    def action(settled: Settled) -> Action | None:
        made = settled.reports[0].suspect_tests
        return made.action if made is not None else None

    assert action(place.run(AS_TESTS, TAKE, GIVE)) is Action.WRITTEN
    text = place.file.read_text(encoding="utf-8")
    assert is_untouched(text)
    assert "from shop import Odd, give, take" in text
    assert action(place.run(AS_TESTS, TAKE, GIVE)) is Action.UNCHANGED
    assert len(place.ran) == 1
    assert action(place.run(PLAIN, TAKE)) is None
    assert place.file.read_text(encoding="utf-8") == text
    assert action(place.run(AS_TESTS, TAKE)) is Action.WRITTEN
    assert "give" not in place.file.read_text(encoding="utf-8")
    assert action(place.run(PLAIN)) is Action.REMOVED
    assert not place.file.exists()
    assert action(place.run(AS_TESTS)) is None


def test_suspects_of_other_targets_stay_in_the_file(place: Place) -> None:
    place.run(PLAIN, TAKE)
    place.run(AS_TESTS, GIVE, wanted=frozenset({"shop:give"}))
    text = place.file.read_text(encoding="utf-8")
    assert "test_take_suspect" in text
    assert "test_give_suspect" in text


def test_what_does_not_fail_as_a_test_is_left_out(place: Place) -> None:
    place.passing = {"test_take_suspect"}
    settled = place.run(AS_TESTS, TAKE, GIVE)
    assert settled.notes == ("1 of 2 suspects of shop did not fail as tests and were not written",)
    assert "take" not in place.file.read_text(encoding="utf-8")
    place.passing.add("test_give_suspect")
    place.file.unlink()
    assert place.run(AS_TESTS, TAKE, GIVE).reports[0].suspect_tests is None
    assert not place.file.exists()


def test_without_pytest_they_are_written_as_they_are(place: Place) -> None:
    place.run(AS_TESTS, TAKE, interpreter=replace(place.task.interpreter, has_pytest=False))
    assert place.ran == []
    assert "test_take_suspect" in place.file.read_text(encoding="utf-8")


def test_a_dry_run_says_what_it_would_write(place: Place) -> None:
    dry = replace(AS_TESTS, dry_run=True)
    made = place.run(dry, TAKE).reports[0].suspect_tests
    assert made is not None
    assert (made.action, made.old, "test_take_suspect" in made.new) == (Action.WOULD_WRITE, "", True)
    assert not place.file.exists()
    place.run(AS_TESTS, TAKE)
    gone = place.run(dry).reports[0].suspect_tests
    assert gone is not None
    assert (gone.action, gone.new) == (Action.WOULD_WRITE, "")
    assert place.file.exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace("-1", "-2"), "was edited"),
        (lambda text: "def test_mine():\n    pass\n", "is not qeforge's"),
    ],
)
def test_a_file_that_a_person_wrote_or_edited_is_left_alone(place: Place, change: Any, why: str) -> None:
    place.run(AS_TESTS, TAKE)
    mine = change(place.file.read_text(encoding="utf-8"))
    place.file.write_text(mine, encoding="utf-8")
    settled = place.run(AS_TESTS, GIVE)
    assert settled.notes == (f"{place.file} {why}; suspects were not written there",)
    assert place.run(PLAIN).notes == ()
    assert place.file.read_text(encoding="utf-8") == mine


def test_a_file_that_cannot_be_written_is_told_after_all_else_is_done(place: Place) -> None:
    (place.root / "tests").write_text("in the way")
    settled = place.run(AS_TESTS, TAKE)
    assert isinstance(settled.problem, WriteError)
    assert place.left() == ["shop:take"]


def test_files_of_suspects_are_no_tests_of_the_project(place: Place) -> None:
    place.run(AS_TESTS, TAKE)
    ours = place.file.with_name("test_cart_suspects.py")
    ours.write_text("def test_mine():\n    pass\n")
    edited = place.file.with_name("test_tax_suspects.py")
    edited.write_text(place.file.read_text(encoding="utf-8") + "\n# mine\n")
    assert without_suspects([place.file, ours, edited]) == (ours,)
