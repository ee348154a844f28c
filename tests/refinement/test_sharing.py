"""What modules of one run know of one another."""

from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.capability import Capability
from qeforge.domain.recipe import Given, Ingredient, Recipe
from qeforge.execution.pytest_run import SuiteRun
from qeforge.refinement import sharing
from qeforge.refinement.sharing import concerning, share
from qeforge.refinement.task import ModuleTask
from tests.analysis.modules import module_of
from tests.refinement.tasks import task

ACCOUNT = """
class Account:
    def __init__(self, owner):
        self.owner = owner
"""
BANK = """
from shop.account import Account

def transfer(account, amount):
    return Account(owner="till")
"""
OTHER = "def unrelated(text):\n    return text\n"


def recipe(target: str, name: str, source: str) -> Recipe:
    return Recipe(target=target, arguments=(Given(name=name, value=Ingredient(source=source)),))


def tasks(root: Path) -> list[ModuleTask]:
    made = []
    for name, text in (("account", ACCOUNT), ("bank", BANK), ("other", OTHER)):
        path = root / "shop" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        made.append(task(module_of(text, f"shop.{name}", root), root))
    return made


def test_recipes_concern_a_module_by_callable_by_class_and_by_parameter() -> None:
    module = module_of(BANK, "shop.bank")
    own = recipe("shop.bank:transfer", "amount", "5")
    built = recipe("shop.account:Account", "owner", "'a longer name'")
    namesake = recipe("shop.till:pay", "amount", "1234567")
    other = recipe("shop.other:unrelated", "text", "'x'")
    assert concerning(module, [other, namesake, built, own]) == (own, namesake, built)


def test_of_one_callable_only_the_simplest_are_passed_on() -> None:
    many = [recipe("shop.bank:transfer", "amount", "1" * length) for length in range(1, 60)]
    kept = concerning(module_of(BANK, "shop.bank"), many[::-1])
    assert kept == tuple(many[:24])


def test_calls_in_one_module_serve_the_others(tmp_path: Path) -> None:
    account, bank, other = share(tasks(tmp_path))
    built = recipe("shop.account:Account", "owner", "'till'")
    [found] = account.recipes
    assert (found.target, found.arguments[0].value.source) == (built.target, "'till'")
    assert bank.recipes == account.recipes
    assert other.recipes == ()


def test_callers_in_the_package_count_when_only_one_module_is_worked_on(tmp_path: Path) -> None:
    [alone] = share(tasks(tmp_path)[:1])
    assert [each.target for each in alone.recipes] == ["shop.account:Account"]


def test_without_the_capability_nothing_is_collected(tmp_path: Path) -> None:
    given = [replace(each, without=frozenset({Capability.RECIPES})) for each in tasks(tmp_path)]
    assert share(given) == given


def test_fixtures_are_passed_on(tmp_path: Path) -> None:
    conftest = tmp_path / "conftest.py"
    conftest.write_text(
        "import pytest\nimport shop.account\n@pytest.fixture\ndef full():\n    return shop.account.Account(1)\n"
    )
    given = [replace(each, conftests=(conftest,)) for each in tasks(tmp_path)]
    assert "conftest:full" in [each.target for each in share(given)[1].recipes]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    seen: list[dict[str, object]] = []

    def run(files: object, **options: object) -> SuiteRun:
        seen.append({"files": files, **options})
        return SuiteRun(
            results={"a": "passed", "b": "failed"},
            per_test={"a": frozenset({(1, 2)}), "b": frozenset({(3, 4)})},
            recipes=(recipe("shop.bank:transfer", "amount", "77"),),
        )

    monkeypatch.setattr(sharing, "run_suite", run)
    return seen


def test_existing_tests_of_all_modules_are_run_once(tmp_path: Path, runs: list[dict[str, object]]) -> None:
    test_a, test_b = tmp_path / "test_a.py", tmp_path / "test_b.py"
    account, bank, other = tasks(tmp_path)
    shared = share([replace(account, existing=(test_b, test_a)), replace(bank, existing=(test_a,)), other])
    [run] = runs
    assert run["files"] == [test_a, test_b]
    assert run["packages"] == ["shop"]
    assert "shop.bank:transfer" in [each.target for each in shared[1].recipes]
    assert [each.reached for each in shared] == [None, None, None]


def test_what_tests_reach_of_a_single_module_is_kept(tmp_path: Path, runs: list[dict[str, object]]) -> None:
    [alone] = share([replace(tasks(tmp_path)[1], existing=(tmp_path / "test_a.py",))])
    assert alone.reached == frozenset({(1, 2)})
    assert len(runs) == 1
