from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qeforge import wiring
from qeforge.analysis.targets import find_targets
from qeforge.codegen.header import stamp
from qeforge.config import Config
from qeforge.domain.protocols import Progress
from qeforge.domain.report import Action, ModuleReport, RunReport
from qeforge.errors import UnavailableError, UsageError
from qeforge.execution.pytest_run import SuiteRun
from qeforge.refinement.run import Ended, Heard
from qeforge.refinement.task import ModuleTask
from qeforge.wiring import suites, tasks
from tests.fakes.parts import Notes
from tests.refinement.tasks import interpreter, run_of

CART = """
class Cart:
    def add(self, name):
        return name

    def _check(self):
        return True


def total(prices):
    return sum(prices)
"""
TAX = "def rate():\n    return 0.2\n"
PLAIN = Config(jobs=1)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\ntestpaths = ['checks']\npythonpath = ['src']\n"
    )
    package = tmp_path / "src" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "cart.py").write_text(CART)
    (package / "tax.py").write_text(TAX)
    monkeypatch.setattr(tasks, "find_interpreter", lambda *_: interpreter())
    monkeypatch.setattr(suites, "run_suite", lambda *_, **__: run_of({"test_it": "passed"}))
    monkeypatch.setenv("QEFORGE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Ran:
    """In place of the modules' runs: what would have been run."""

    def __init__(self) -> None:
        self.tasks: list[ModuleTask] = []
        self.jobs = 0
        self.interrupted = False
        self.problem: Exception | None = None
        self.notes: tuple[str, ...] = ()

    def __call__(self, tasks: Sequence[ModuleTask], *, jobs: int, progress: Progress, heard: Heard) -> Ended:
        self.tasks, self.jobs = list(tasks), jobs
        done = [
            ModuleReport(module=t.module.name, path=t.module.path, action=Action.WRITTEN, suite=t.suite) for t in tasks
        ]
        return Ended([replace(report, notes=self.notes) for report in done], self.interrupted, self.problem)

    @property
    def modules(self) -> list[str]:
        return [task.module.name for task in self.tasks]

    def task(self, module: str) -> ModuleTask:
        [found] = [task for task in self.tasks if task.module.name == module]
        return found


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    ran = Ran()
    monkeypatch.setattr(wiring, "run_all", ran)
    return ran


def generate(project: Path, config: Config = PLAIN, *paths: str) -> RunReport:
    return wiring.generate(config, [project / path for path in paths or ("src",)], Notes())


def write_suite(project: Path, name: str, source: str, **changed: str) -> Path:
    """A generated suite for a module as its source is, but for the digests of some targets."""
    digests = {target.id: target.digest for target in find_targets(source, name)}
    digests |= {f"{name}:{qualname.replace('__', '.')}": digest for qualname, digest in changed.items()}
    path = project / "checks" / f"test_{name.rpartition('.')[2]}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(stamp(f'"""Tests for {name}."""\n\n\ndef test_it():\n    assert True\n', digests))
    return path


# -- what is worked on ----------------------------------------------------------------------------------------------


def test_every_module_gets_a_task_with_its_suite_in_the_projects_test_folder(project: Path, ran: Ran) -> None:
    generate(project)
    assert ran.task("shop.cart").suite == project / "checks" / "test_cart.py"
    assert ran.task("shop.tax").wanted is None
    assert ran.jobs == 1


def test_out_overrides_the_test_folder(project: Path, ran: Ran) -> None:
    generate(project, replace(PLAIN, out=project / "gen"))
    assert ran.task("shop.tax").suite == project / "gen" / "test_tax.py"


def test_settings_reach_the_task(project: Path, ran: Ran) -> None:
    config = replace(
        PLAIN, max_time=3.0, iterations=2, seed=5, sandbox=False, why=False, memory_mb=256, force=True, dry_run=True
    )
    generate(project, config)
    task = ran.task("shop.cart")
    assert (task.seconds, task.rounds, task.seed, task.memory_bytes) == (3.0, 2, 5, 256 << 20)
    assert (task.sandbox, task.why, task.force, task.dry_run) == (False, False, True, True)


def test_a_missing_path_is_named_before_anything_else(project: Path, ran: Ran) -> None:
    with pytest.raises(UsageError, match="nowhere: no such file or folder") as caught:
        generate(project, PLAIN, "src", "nowhere")
    assert caught.value.slug == "no-such-path"
    assert ran.tasks == []


def test_what_cannot_be_read_is_reported_and_the_rest_goes_on(project: Path, ran: Ran) -> None:
    (project / "src" / "shop" / "broken.py").write_text("def (:\n")
    report = generate(project)
    skipped = {module.module: module.reason for module in report.modules if module.action is Action.SKIPPED}
    assert list(skipped) == ["shop.broken"]
    assert "line 1" in skipped["shop.broken"]
    assert "shop.cart" in ran.modules


def test_reports_are_sorted_by_module(project: Path, ran: Ran) -> None:
    (project / "src" / "shop" / "a_broken.py").write_text("def (:\n")
    names = [module.module for module in generate(project).modules]
    assert names == sorted(names)


def test_ctrl_c_carries_what_was_finished(project: Path, ran: Ran) -> None:
    ran.interrupted = True
    with pytest.raises(wiring.Interrupted) as caught:
        generate(project)
    assert "shop.cart" in [module.module for module in caught.value.report.modules]


def test_what_cuts_a_run_short_carries_what_was_finished(project: Path, ran: Ran) -> None:
    ran.problem = KeyError("a bug")
    with pytest.raises(wiring.Unfinished) as caught:
        generate(project)
    assert caught.value.__cause__ is ran.problem
    assert "shop.cart" in [module.module for module in caught.value.report.modules]


def test_remarks_of_several_modules_are_made_once(project: Path, ran: Ran) -> None:
    ran.notes = ("trajectory not recorded: read-only",)
    assert generate(project).notes == ran.notes


def test_tasks_know_where_earlier_runs_are_unless_that_is_switched_off(project: Path, ran: Ran) -> None:
    generate(project)
    keep = ran.task("shop.cart").keep
    assert keep is not None
    assert keep.cache.folder == project / "data" / "cache"
    assert keep.known is None
    generate(project, replace(PLAIN, cache=False))
    assert ran.task("shop.cart").keep is None


# -- --target -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("shop.cart:total", {"shop.cart:total"}),
        ("total", {"shop.cart:total"}),
        ("shop.cart:Cart", {"shop.cart:Cart", "shop.cart:Cart.add", "shop.cart:Cart._check"}),
        ("shop.cart:Cart.add", {"shop.cart:Cart.add"}),
    ],
)
def test_a_target_by_its_name(project: Path, ran: Ran, name: str, wanted: set[str]) -> None:
    generate(project, replace(PLAIN, targets=(name,)))
    assert ran.modules == ["shop.cart"]
    assert ran.task("shop.cart").wanted == frozenset(wanted)
    assert ran.task("shop.cart").merge


def test_an_unknown_target_names_the_nearest(project: Path, ran: Ran) -> None:
    with pytest.raises(UsageError, match=r"--target shop\.cart:totl: no such target") as caught:
        generate(project, replace(PLAIN, targets=("shop.cart:totl",)))
    assert caught.value.hint == "did you mean shop.cart:total?"
    assert ran.tasks == []


def test_a_target_like_no_other_says_how_to_list_them(project: Path, ran: Ran) -> None:
    with pytest.raises(UsageError) as caught:
        generate(project, replace(PLAIN, targets=("%%%%",)))
    assert "qeforge targets" in caught.value.hint


# -- --changed, --no-private ----------------------------------------------------------------------------------------


def changed_is(monkeypatch: pytest.MonkeyPatch, *ids: str) -> list[str]:
    asked: list[str] = []

    def changed(modules: object, rev: str) -> frozenset[str]:
        asked.append(rev)
        return frozenset(ids)

    monkeypatch.setattr(tasks, "changed_targets", changed)
    return asked


def test_changed_restricts_to_those_targets(project: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = changed_is(monkeypatch, "shop.tax:rate")
    generate(project, replace(PLAIN, changed="main"))
    assert asked == ["main"]
    assert [(task.module.name, task.wanted, task.merge) for task in ran.tasks] == [
        ("shop.tax", frozenset({"shop.tax:rate"}), True)
    ]


def test_changed_and_target_together_mean_both(project: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    changed_is(monkeypatch, "shop.cart:total", "shop.cart:Cart.add")
    generate(project, replace(PLAIN, changed="HEAD", targets=("shop.cart:Cart",)))
    assert ran.task("shop.cart").wanted == frozenset({"shop.cart:Cart.add"})


def test_nothing_changed_nothing_to_do(project: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    changed_is(monkeypatch)
    assert generate(project, replace(PLAIN, changed="HEAD")).modules == ()


def test_without_private_callables_a_whole_suite_is_written_all_the_same(project: Path, ran: Ran) -> None:
    generate(project, replace(PLAIN, private=False))
    task = ran.task("shop.cart")
    assert task.wanted is not None
    assert "shop.cart:Cart._check" not in task.wanted
    assert "shop.cart:total" in task.wanted
    assert not task.merge


# -- --update -------------------------------------------------------------------------------------------------------


def test_update_narrows_to_targets_that_changed(project: Path, ran: Ran) -> None:
    write_suite(project, "shop.cart", CART, total="0" * 64)
    write_suite(project, "shop.tax", TAX)
    report = generate(project, replace(PLAIN, update=True))
    task = ran.task("shop.cart")
    assert (task.wanted, task.merge) == (frozenset({"shop.cart:total"}), True)
    current = {module.module: module for module in report.modules}["shop.tax"]
    assert (current.action, current.reason) == (Action.UNCHANGED, "up to date")
    assert "shop.tax" not in ran.modules


def test_update_refreshes_what_fails_because_of_the_change(
    project: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ["shop.cart:Cart", "shop.cart:Cart.add", "shop.cart:Cart._check", "shop.cart:total"]
    digests = {target.id: target.digest for target in find_targets(CART, "shop.cart")}
    assert list(digests) == ids
    body = "\n\n".join(f"def test_{name}():\n    assert True\n" for name in ("add", "check", "total"))
    (project / "checks").mkdir()
    suite = project / "checks" / "test_cart.py"
    suite.write_text(stamp(body, {**digests, ids[3]: "0" * 64}, dict.fromkeys(ids[1:], 1)))
    results = {"test_add": "passed", "test_check[x::y]": "failed", "test_total": "passed"}
    monkeypatch.setattr(suites, "run_suite", lambda *_, **__: run_of(results))
    generate(project, replace(PLAIN, update=True), "src/shop/cart.py")
    assert ran.task("shop.cart").wanted == frozenset({"shop.cart:Cart._check", "shop.cart:total"})


def test_update_writes_suites_that_are_missing(project: Path, ran: Ran) -> None:
    generate(project, replace(PLAIN, update=True))
    assert ran.task("shop.tax").wanted is None


def test_update_of_one_target_leaves_other_changes_alone(project: Path, ran: Ran) -> None:
    write_suite(project, "shop.cart", CART, total="0" * 64, Cart__add="1" * 64)
    generate(project, replace(PLAIN, update=True, targets=("shop.cart:total",)))
    assert ran.task("shop.cart").wanted == frozenset({"shop.cart:total"})


# -- existing tests, conftests --------------------------------------------------------------------------------------


def test_hand_written_tests_that_mention_the_module_are_taken_in(project: Path, ran: Ran) -> None:
    tests = project / "checks"
    tests.mkdir()
    (tests / "test_mine.py").write_text("from shop.tax import rate\n")
    (tests / "test_other.py").write_text("import json\n")
    generated = write_suite(project, "shop.tax", TAX)
    generate(project)
    assert ran.task("shop.tax").existing == (tests / "test_mine.py",)
    assert ran.task("shop.tax").suite == generated
    generate(project, replace(PLAIN, ignore_existing=True))
    assert ran.task("shop.tax").existing == ()


def test_a_hand_written_file_is_never_where_a_suite_goes(project: Path, ran: Ran) -> None:
    (project / "checks").mkdir()
    (project / "checks" / "test_tax.py").write_text("from shop.tax import rate\n")
    generate(project)
    assert ran.task("shop.tax").suite.name == "test_tax_generated.py"


def test_conftests_are_those_that_hold_for_the_suite_outermost_first(project: Path, ran: Ran) -> None:
    (project / "checks" / "unit").mkdir(parents=True)
    for folder in (project, project / "checks", project / "checks" / "unit"):
        (folder / "conftest.py").write_text("")
    generate(project)
    assert ran.task("shop.tax").conftests == (project / "conftest.py", project / "checks" / "conftest.py")


# -- check, score, targets ------------------------------------------------------------------------------------------


def suite_runs(monkeypatch: pytest.MonkeyPatch, answer: Callable[..., SuiteRun]) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = []

    def run(files: Sequence[Path], **settings: Any) -> SuiteRun:
        asked.append({"files": list(files), **settings})
        return answer()

    monkeypatch.setattr(suites, "run_suite", run)
    return asked


def checked(project: Path) -> dict[str, tuple[Action, str]]:
    report = wiring.check(PLAIN, [project / "src"])
    return {module.module: (module.action, module.reason) for module in report.modules}


def test_check_tells_current_stale_and_failing_apart(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_suite(project, "shop.cart", CART, total="0" * 64)
    write_suite(project, "shop.tax", TAX)
    suite_runs(monkeypatch, lambda: run_of({"test_it": "passed"}))
    assert checked(project) == {
        "shop.cart": (Action.STALE, "the code changed: total"),
        "shop.tax": (Action.CURRENT, ""),
    }
    suite_runs(monkeypatch, lambda: run_of({"test_it": "failed", "test_more": "passed"}))
    assert checked(project)["shop.tax"] == (Action.FAILING, "test_it")
    suite_runs(monkeypatch, lambda: run_of({}, crashed="collecting the tests hangs"))
    assert checked(project)["shop.tax"] == (Action.FAILING, "collecting the tests hangs")


def test_check_says_nothing_of_modules_without_a_generated_suite(project: Path) -> None:
    assert checked(project) == {}


def test_score_takes_the_projects_tests_or_those_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scored: dict[str, list[Path]] = {}

    def score_module(task: ModuleTask, files: Sequence[Path]) -> ModuleReport:
        scored[task.module.name] = list(files)
        return ModuleReport(module=task.module.name, path=task.module.path, action=Action.SCORED)

    monkeypatch.setattr(wiring, "score_module", score_module)
    (project / "checks").mkdir()
    mine = project / "checks" / "test_mine.py"
    mine.write_text("from shop.cart import total\n")
    generated = write_suite(project, "shop.tax", TAX)
    wiring.score(PLAIN, [project / "src"], None)
    assert (scored["shop.cart"], scored["shop.tax"]) == ([mine], [generated])
    wiring.score(PLAIN, [project / "src" / "shop" / "tax.py"], mine)
    assert scored["shop.tax"] == [mine]
    with pytest.raises(UsageError, match="elsewhere: no such file or folder"):
        wiring.score(PLAIN, [project / "src"], project / "elsewhere")


def test_targets_come_with_what_existing_tests_reach(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "checks").mkdir()
    (project / "checks" / "test_mine.py").write_text("from shop.tax import rate\n")
    suite_runs(monkeypatch, lambda: run_of({"test_mine": "passed"}, frozenset({(-1, 1), (-1, 2), (2, -1)})))
    rows, skipped = wiring.list_targets(PLAIN, [project / "src"])
    covered = {row.target.id: row.covered for row in rows}
    assert covered["shop.tax:rate"] == 1.0
    assert covered["shop.cart:total"] is None
    assert skipped == ()


def test_targets_say_what_no_private_leaves_out(project: Path) -> None:
    config = replace(PLAIN, ignore_existing=True)
    assert {row.skipped for row in wiring.list_targets(config, [project / "src"])[0]} == {""}
    rows, _ = wiring.list_targets(replace(config, private=False), [project / "src"])
    left_out = {row.target.id for row in rows if row.skipped}
    assert left_out == {"shop.cart:Cart._check"}


# -- notes ----------------------------------------------------------------------------------------------------------


def test_notes_say_what_plain_pytest_does_not_find(project: Path, ran: Ran) -> None:
    (project / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    [note] = generate(project).notes
    assert note.startswith("a plain pytest does not find shop: ")


def test_notes_say_what_is_missing(project: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    assert generate(project).notes == ()
    monkeypatch.setattr(tasks, "find_interpreter", lambda *_: interpreter(has_pytest=False))
    [sandbox, no_pytest] = generate(project, replace(PLAIN, sandbox=False)).notes
    assert "sandbox is off" in sandbox
    assert "-m pip install pytest" in no_pytest


@pytest.mark.parametrize(("has_pytest", "missing"), [(True, "hypothesis"), (False, "pytest")])
def test_property_tests_need_hypothesis_beside_pytest(
    project: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch, has_pytest: bool, missing: str
) -> None:
    monkeypatch.setattr(tasks, "find_interpreter", lambda *_: interpreter(has_pytest=has_pytest))
    with pytest.raises(UnavailableError, match=f"--properties: {missing} is not installed") as caught:
        generate(project, replace(PLAIN, properties=True))
    assert (caught.value.exit_code, caught.value.slug) == (3, "no-hypothesis")
    assert "-m pip install pytest 'hypothesis" in caught.value.hint
    assert ran.tasks == []


def test_property_tests_are_looked_for_where_they_are_asked_for(
    project: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "find_interpreter", lambda *_: replace(interpreter(), has_hypothesis=True))
    generate(project, replace(PLAIN, properties=True))
    assert ran.task("shop.tax").properties
    generate(project)
    assert not ran.task("shop.tax").properties
