"""Options that change what a run does, each on the smallest project that shows it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.bench import SMALL, Bench, Done, body_of, not_passed, pytest_results, tree

pytestmark = pytest.mark.slow

QUICK = ("--max-time=3", "--jobs=1")
OTHER = '''\
def area(width: int, height: int) -> int:
    """Of a rectangle."""
    if width < 0 or height < 0:
        raise ValueError("negative side")
    return width * height


def initials(name: str) -> str:
    """First letters of the words."""
    return "".join(word[0].upper() for word in name.split())
'''


def git(*args: str, cwd: Path) -> None:
    subprocess.run(
        ["git", "-c", "user.name=nobody", "-c", "user.email=nobody@example.org", *args],
        cwd=cwd,
        check=True,
        capture_output=True,
        timeout=30,
    )


@pytest.fixture
def shop(bench: Bench) -> Path:
    """A project with one module."""
    return bench.project("shop", {"calc.py": SMALL})


def functions(suite: Path) -> list[str]:
    return re.findall(r"^def (test_\w+)", suite.read_text(encoding="utf-8"), re.MULTILINE)


def test_only_the_target_that_was_named(bench: Bench, shop: Path) -> None:
    done = bench("generate", shop, "--target", "calc:greet", *QUICK, "--json")

    suite = shop / "tests" / "test_calc.py"
    assert (done.code, done.actions()) == (0, {"calc": "written"})
    assert functions(suite)
    assert all("greet" in name for name in functions(suite))
    assert "add" not in suite.read_text().partition("# qeforge:")[0]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_only_what_changed_staged_unstaged_or_since_a_revision(bench: Bench) -> None:
    shop = bench.project("shop", {"calc.py": SMALL, "sizes.py": OTHER})
    git("init", "-q", cwd=shop)
    git("add", ".", cwd=shop)
    git("commit", "-q", "-m", "first", cwd=shop)

    nothing = bench("targets", "--changed", shop, "--json")
    (shop / "calc.py").write_text(SMALL.replace("hello ", "welcome "))  # not staged
    unstaged = bench("targets", "--changed", shop, "--json")
    (shop / "sizes.py").write_text(OTHER.replace("width * height", "height * width"))
    git("add", "sizes.py", cwd=shop)
    both = bench("targets", "--changed", shop, "--json")
    git("commit", "-q", "-a", "-m", "second", cwd=shop)
    committed = bench("targets", "--changed", shop, "--json")
    since = bench("generate", "--changed=HEAD~1", shop, *QUICK, "--json", "--iterations=1")

    assert [ids(done) for done in (nothing, unstaged, both, committed)] == [
        [],
        ["calc:greet"],
        ["calc:greet", "sizes:area"],
        [],
    ]
    assert since.actions() == {"calc": "written", "sizes": "written"}
    assert all("greet" in name for name in functions(shop / "tests" / "test_calc.py"))
    assert all("area" in name for name in functions(shop / "tests" / "test_sizes.py"))


def ids(done: Done) -> list[str]:
    return [target["id"] for target in done.data["targets"]]


def test_an_update_keeps_the_tests_of_what_did_not_change(bench: Bench, shop: Path) -> None:
    suite = shop / "tests" / "test_calc.py"
    first = bench("generate", shop, *QUICK, "--json", "--iterations=1")
    before = suite.read_text()
    untouched = bench("generate", shop, "--update", *QUICK, "--json")
    same = suite.read_text()
    (shop / "calc.py").write_text(SMALL.replace("hello", "welcome"))
    stale = bench("check", shop, "--json")
    changed = bench("generate", shop, "--update", *QUICK, "--json")
    after = suite.read_text()
    current = bench("check", shop, "--json")

    assert first.actions() == changed.actions() == {"calc": "written"}
    assert (untouched.actions(), same) == ({"calc": "unchanged"}, before)
    assert (stale.code, stale.actions()) == (1, {"calc": "stale"})
    assert "greet" in stale.reasons()["calc"]
    assert stale.envelope["errors"][0]["slug"] == "stale"
    assert "welcome" in after
    assert "hello" not in after
    kept = [name for name in functions(suite) if "add" in name]
    assert kept
    assert [body_of(after, name) for name in kept] == [body_of(before, name) for name in kept]
    assert (current.code, current.actions()) == (0, {"calc": "current"})
    assert not_passed(pytest_results([suite], cwd=shop)[0]) == {}


def test_an_edited_suite_is_kept_and_named_until_forced(bench: Bench, shop: Path) -> None:
    suite = shop / "tests" / "test_calc.py"
    bench("generate", shop, *QUICK, "--iterations=1", "-q")
    edited = suite.read_text().replace("== expected", "== expected  # I checked this").replace("assert ", "assert  ")
    edited += "\n\ndef test_mine():\n    assert greet('x') == 'hello x'\n"
    suite.write_text(edited)

    kept = bench("generate", shop, *QUICK)
    text = suite.read_text()
    forced = bench("generate", shop, *QUICK, "--force", "--iterations=1", "--json")

    assert (kept.code, text) == (0, edited)
    assert re.search(r"^kept: shop/tests/test_calc\.py: edited by hand; --force overwrites it$", kept.err, re.MULTILINE)
    assert forced.actions() == {"calc": "written"}
    assert "test_mine" not in suite.read_text()


def test_a_hand_written_file_of_the_same_name_is_never_overwritten(bench: Bench) -> None:
    mine = "from calc import greet\n\n\ndef test_mine():\n    assert greet('x') == 'hello x'\n"
    shop = bench.project("shop", {"calc.py": SMALL, "tests/test_calc.py": mine})

    done = bench("generate", shop, *QUICK, "--force", "--iterations=1", "--json")

    assert done.actions() == {"calc": "written"}
    assert (shop / "tests" / "test_calc.py").read_text() == mine
    [suite] = [path for path in (shop / "tests").glob("test_*.py") if path.name != "test_calc.py"]
    assert any("add" in name for name in functions(suite))


def test_a_dry_run_prints_a_diff_that_git_takes_and_writes_nothing(bench: Bench, shop: Path) -> None:
    before = tree(shop)
    new = bench("generate", ".", *QUICK, "--iterations=1", "--dry-run", "-q", cwd=shop)
    unwritten = tree(shop)
    subprocess.run(["git", "apply", "-"], cwd=shop, input=new.out, text=True, check=True, timeout=30)
    written = (shop / "tests" / "test_calc.py").read_text()
    again = bench("generate", ".", "--update", "--dry-run", "--json", cwd=shop)

    assert (new.code, new.err) == (0, "")
    assert unwritten == before
    assert not_passed(pytest_results([shop / "tests"], cwd=shop)[0]) == {}
    assert written.endswith("\n")
    assert (again.actions(), again.data["diff"]) == ({"calc": "unchanged"}, "")
    assert (shop / "tests" / "test_calc.py").read_text() == written


def test_quality_below_what_was_asked_is_exit_1_and_the_suite_is_written_all_the_same(bench: Bench, shop: Path) -> None:
    done = bench("generate", shop, *QUICK, "--iterations=1", "--fail-under=1.0", "-q")

    assert done.code == 1
    assert re.fullmatch(r"quality 0\.\d+ is below 1", done.complaint)
    assert (shop / "tests" / "test_calc.py").is_file()
    assert bench("generate", shop, "--update", "--fail-under=1.0", "-q").code == 0  # nothing was measured


def test_one_envelope_on_stdout_and_nothing_else(bench: Bench, shop: Path) -> None:
    done = bench("generate", shop, *QUICK, "--iterations=1", "--json")

    assert (done.code, done.err) == (0, "")
    assert done.envelope["status"] == "ok"
    [module] = done.data["modules"]
    assert module["rounds"] == 1
    assert 0 < module["score"]["quality"] <= 1
    assert module["coverage"]["rate"] == 1
    assert done.data["score"]["tests"] == module["score"]["tests"] >= 3


def test_quiet_says_nothing_and_settings_of_the_project_hold(bench: Bench) -> None:
    settings = '[tool.qeforge]\nmax-time = 3\niterations = 1\nwhy = false\nout = "checks"\n'
    shop = bench.project("shop", {"calc.py": SMALL, "pyproject.toml": settings})

    done = bench("generate", shop, "-q")

    assert (done.code, done.out, done.err) == (0, "", "")
    text = (shop / "checks" / "test_calc.py").read_text()
    assert "covers" not in text
    assert "kills" not in text


def test_the_same_seed_gives_the_same_bytes_whatever_the_jobs(bench: Bench) -> None:
    shop = bench.project("shop", {"calc.py": SMALL, "sizes.py": OTHER})
    texts, cut = [], []
    for out, jobs in (("one", 1), ("two", 2)):
        done = bench(
            *("generate", shop, "--out", bench.root / out, "--seed=7", "--max-time=20", "--iterations=1"),
            *(f"--jobs={jobs}", "--json", "--ignore-existing", "--no-memory"),
        )
        assert done.actions() == {"calc": "written", "sizes": "written"}
        texts.append(tree(bench.root / out))
        cut += done.cut()

    assert cut == []  # so nothing depends on the clock
    assert texts[0] == texts[1]


def test_an_interpreter_without_pytest_is_named_and_the_suite_still_holds(bench: Bench, shop: Path) -> None:
    bare = bench.root / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True, capture_output=True, timeout=60)
    python = bare / "bin" / "python"
    done = bench("generate", shop, *QUICK, "--iterations=1", "--python", python)

    assert done.code == 0
    assert f"note: suites were not run: {python} has no pytest; `{python} -m pip install pytest`" in done.err
    assert not_passed(pytest_results([shop / "tests"], cwd=shop)[0]) == {}


@pytest.mark.parametrize("version", ["3.10", "3.13"])
def test_code_runs_on_the_interpreter_of_the_project(bench: Bench, shop: Path, version: str) -> None:
    python = interpreter(version)
    done = bench("generate", shop, *QUICK, "--iterations=1", "--python", python, "--json")

    assert done.actions() == {"calc": "written"}
    assert done.data["score"]["line"] == 1
    assert not_passed(pytest_results([shop / "tests"], cwd=shop)[0]) == {}
    records = (bench.data / "trajectories.jsonl").read_text().splitlines()
    assert json.loads(records[-1])["python"].startswith(f"{version}.")
    assert bench.left() == []


def interpreter(version: str) -> Path:
    """A Python of that version, wherever such things are kept here."""
    kept = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    found = shutil.which(f"python{version}")
    if not kept and found is None:
        pytest.skip(f"there is no Python {version} here")
    return kept[0] if kept else Path(str(found))
