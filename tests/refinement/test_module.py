"""One module from start to finish, with the real judge and the real pytest."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.codegen.header import read_header
from qeforge.domain.report import Action, ModuleReport
from qeforge.domain.trajectory import Stop
from qeforge.refinement import module as refining
from qeforge.refinement.module import generate_module
from qeforge.refinement.task import ModuleTask
from tests.analysis.modules import module_of
from tests.fakes.parts import Notes
from tests.refinement.tasks import task

SOURCE = '''
RATE = 2


def rate():
    return RATE


def price(amount: int) -> int:
    """What to pay.

    >>> price(3)
    5
    """
    return amount + rate()


def shout(text: str) -> str:
    """In capitals.

    >>> shout("ab")
    'Ab'
    """
    return text.upper()
'''
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "data"))


def job(root: Path, source: str = SOURCE, **settings: object) -> ModuleTask:
    """The module `shop` with that text, on disk."""
    module = module_of(source.lstrip("\n"), "shop", root)
    module.path.write_text(module.source, encoding="utf-8")
    plain = replace(task(module, root), seconds=40.0, rounds=2)
    return replace(plain, **settings)  # type: ignore[arg-type]


def run(work: ModuleTask) -> ModuleReport:
    return generate_module(work, Notes())


def targets_in(text: str) -> set[str]:
    """Targets that have tests in a suite."""
    header = read_header(text)
    assert header is not None
    assert not header.edited
    return {name.partition(":")[2] for name in header.tests.values()}


def test_a_suite_is_written_with_its_figures_and_its_record(tmp_path: Path) -> None:
    report = run(job(tmp_path))
    suite = tmp_path / "tests" / "test_shop.py"
    assert report.action is Action.WRITTEN
    assert report.new == suite.read_text(encoding="utf-8")
    assert targets_in(report.new) == {"rate", "price", "shout"}
    assert report.score is not None
    assert report.coverage is not None
    assert report.coverage.rate == 1.0
    assert report.score.tests == report.score.kept > 0
    assert (tmp_path / "data" / "trajectories.jsonl").read_text(encoding="utf-8").count("\n") == 1


def test_a_wrong_example_in_a_docstring_is_a_suspect_and_no_test(tmp_path: Path) -> None:
    report = run(job(tmp_path))
    [suspect] = report.suspects
    assert (suspect.target, suspect.claim.expected, suspect.observed) == ("shop:shout", "'Ab'", "returned 'AB'")
    assert 'shout("ab")' not in report.new
    assert "shout('ab')" not in report.new


def test_the_same_suite_again_is_no_change(tmp_path: Path) -> None:
    first = run(job(tmp_path))
    again = run(job(tmp_path))
    assert (again.action, again.new) == (Action.UNCHANGED, first.new)


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    report = run(job(tmp_path, dry_run=True))
    assert report.action is Action.WOULD_WRITE
    assert ast.parse(report.new)
    assert not (tmp_path / "tests").exists()


def test_an_edited_suite_is_kept_unless_forced(tmp_path: Path) -> None:
    work = job(tmp_path)
    run(work)
    edited = work.suite.read_text(encoding="utf-8").replace("assert", "assert 1 and", 1)
    work.suite.write_text(edited, encoding="utf-8")
    report = run(work)
    assert (report.action, work.suite.read_text(encoding="utf-8")) == (Action.KEPT, edited)
    assert run(replace(work, force=True)).action is Action.WRITTEN


def test_a_module_that_cannot_be_imported_is_skipped_with_the_reason(tmp_path: Path) -> None:
    report = run(job(tmp_path, "import nobody_has_this\n\ndef f():\n    return 1\n"))
    assert report.action is Action.SKIPPED
    assert "nobody_has_this" in report.reason


def test_a_module_for_which_time_was_too_short_is_skipped_with_the_reason(tmp_path: Path) -> None:
    endless = "".join(f"def wait_{n}(x):\n    while True:\n        x = not x\n" for n in range(20))
    report = run(job(tmp_path, endless, seconds=0.5))
    assert (report.action, report.stop) == (Action.SKIPPED, Stop.TIME)
    assert report.reason == "time was up before anything was found that can be asserted; --max-time gives it longer"


def test_a_module_without_callables_is_not_even_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(refining, "open_judge")
    report = run(job(tmp_path, "A = 1\n"))
    assert (report.action, report.reason) == (Action.SKIPPED, "nothing in it can be called")


def test_where_existing_tests_reach_everything_nothing_is_added(tmp_path: Path) -> None:
    work = job(tmp_path, "def f():\n    return 1\n")
    mine = tmp_path / "test_mine.py"
    mine.write_text("from shop import f\n\ndef test_f():\n    assert f() == 1\n")
    report = run(replace(work, existing=(mine,)))
    assert (report.action, report.stop) == (Action.NOTHING_OPEN, None)


def test_only_the_wanted_targets_are_refreshed(tmp_path: Path) -> None:
    run(job(tmp_path))
    changed = SOURCE.replace("text.upper()", "text.upper() + '!'")
    report = run(job(tmp_path, changed, wanted=frozenset({"shop:shout"}), merge=True))
    assert report.action is Action.WRITTEN
    assert targets_in(report.new) == {"rate", "price", "shout"}
    assert "!" in report.new


def test_tests_of_code_that_is_gone_are_taken_out(tmp_path: Path) -> None:
    run(job(tmp_path))
    report = run(job(tmp_path, SOURCE.partition("def shout")[0], wanted=frozenset(), merge=True))
    assert (report.action, report.reason) == (Action.WRITTEN, "tests of code that is gone were taken out")
    assert targets_in(report.new) == {"rate", "price"}
    assert report.score is None


def test_tests_of_other_targets_that_fail_now_are_never_lost(tmp_path: Path) -> None:
    before = run(job(tmp_path)).new
    changed = SOURCE.replace("return RATE", "return RATE + 1")
    work = job(tmp_path, changed, wanted=frozenset({"shop:rate"}), merge=True)
    report = run(work)
    assert report.action is Action.SKIPPED
    assert "test_price" in report.reason
    assert "--update" in report.reason
    assert work.suite.read_text(encoding="utf-8") == before


def test_ctrl_c_during_the_search_still_gives_a_suite(tmp_path: Path) -> None:
    class Impatient(Notes):
        """Presses Ctrl-C as soon as some mutant is noticed."""

        def update(self, module: str, *, round: int, coverage: float, mutants_open: int, seconds_left: float) -> None:
            super().update(module, round=round, coverage=coverage, mutants_open=mutants_open, seconds_left=seconds_left)
            if mutants_open < self.updates[0][2]:
                raise KeyboardInterrupt

    report = generate_module(job(tmp_path, rounds=7), Impatient())
    assert report.stop is Stop.INTERRUPTED
    assert report.action is Action.WRITTEN
    assert (tmp_path / "tests" / "test_shop.py").is_file()


def test_members_of_an_enum_are_pinned_to_their_values(tmp_path: Path) -> None:
    source = """
        import enum

        class Level(enum.IntEnum):
            LOW = 1
            MIDDLE = 5
            HIGH = 10
    """
    report = run(job(tmp_path, source))

    assert report.score is not None
    assert report.score.mutants_killed == report.score.mutants == 6
    for pinned in ("(1, Level.LOW)", "(5, Level.MIDDLE)", "(10, Level.HIGH)"):
        assert pinned in report.new
