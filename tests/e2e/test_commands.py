"""The commands that write no suites."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.bench import SAMPLES, SMALL, Bench, tree


@pytest.fixture
def fetcher(bench: Bench) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", ".*cache", "*_generated.py", "test_pool.py", "test_revision.py")
    return Path(shutil.copytree(SAMPLES / "fetcher", bench.root / "fetcher", ignore=ignored))


@pytest.mark.slow
def test_a_hand_written_suite_is_scored(bench: Bench, fetcher: Path) -> None:
    before = tree(fetcher)
    package, tests = fetcher / "src" / "fetcher", fetcher / "tests"
    done = bench("score", package / "settings.py", "--json")
    unmet = bench("score", package / "settings.py", "--tests", tests / "test_settings.py", "--fail-under=1", "-q")

    assert done.code == 0
    assert done.actions() == {"fetcher.settings": "scored"}
    for module in done.data["modules"]:
        assert module["score"]["line"] == module["score"]["branch"] == 1
        assert 0.3 < module["score"]["mutation"] <= 1
        assert module["score"]["failing"] == module["score"]["flaky"] == 0
    assert done.data["score"]["mutants"] > 10
    assert unmet.code == 1
    assert unmet.complaint.startswith("quality 0.")
    assert tree(fetcher) == before
    assert bench.left() == []


@pytest.mark.slow
def test_targets_lists_each_with_its_kind_and_what_tests_reach_of_it(bench: Bench, fetcher: Path) -> None:
    done = bench("targets", fetcher / "src", "--json")
    rows = {row["id"]: row for row in done.data["targets"]}

    assert done.code == 0
    assert rows["fetcher.settings:Settings.from_environment"]["kind"] == "class method"
    assert rows["fetcher.settings:Settings.from_environment"]["covered"] == 1
    assert rows["fetcher.client:Client.get"]["flavour"] == "coroutine"
    assert rows["fetcher.cli:main"]["complexity"] > 3
    assert not rows["fetcher.cli:main"]["covered"]


@pytest.mark.slow
def test_check_tells_a_failing_suite(bench: Bench) -> None:
    calc = "from helper import LIMIT\n\n\n" + SMALL.replace("10", "LIMIT")
    shop = bench.project("shop", {"calc.py": calc, "helper.py": "LIMIT = 10\n"})
    bench("generate", shop / "calc.py", "--max-time=3", "--iterations=1", "-q")
    before = tree(shop)
    current = bench("check", shop, "--json")
    (shop / "helper.py").write_text("LIMIT = 0\n")
    failing = bench("check", shop, "--json")
    shown = bench("check", shop, "-q")

    assert (current.code, current.actions()) == (0, {"calc": "current"})
    assert (failing.code, failing.actions()) == (1, {"calc": "failing"})
    assert failing.reasons()["calc"].startswith("test_add")
    assert shown.code == 1
    assert shown.complaint.startswith("failing: ")
    assert {path: text for path, text in tree(shop).items() if path != "helper.py"} == {
        path: text for path, text in before.items() if path != "helper.py"
    }
    assert bench.left() == []


def test_doctor_says_what_works(bench: Bench) -> None:
    done = bench("doctor", "--json")
    checks = {check["name"]: check for check in done.data["checks"]}

    assert done.code == 0
    assert checks["interpreter"]["state"] == "ok"
    assert checks["pytest"]["state"] == "ok"
    assert any(name.startswith("sandbox") for name in checks)
    assert str(bench.data) in checks["data folder"]["detail"]
    assert bench.left() == []


def test_config_show_says_where_each_value_comes_from(bench: Bench) -> None:
    shop = bench.project("shop", {"calc.py": SMALL, "pyproject.toml": "[tool.qeforge]\nmax-time = 2.5\nseed = 4\n"})
    done = bench("config", "show", shop, environ={"QEFORGE_SEED": "9"})
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in done.out.splitlines() if line.split()}

    assert done.code == 0
    assert rows["max-time"][0] == "2.5"
    assert "pyproject.toml" in rows["max-time"][1]
    assert rows["seed"] == ["9", "QEFORGE_SEED"]
    assert rows["iterations"] == ["7", "default"]


def test_version_and_help(bench: Bench) -> None:
    assert bench("--version").out.startswith("qeforge ")
    assert "generate" in bench("--help").out
