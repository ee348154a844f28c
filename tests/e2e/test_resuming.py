"""What one run found out, the next one does not find out again; also where the first was killed."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.bench import PROGRAM, SAMPLES, SMALL, Bench, body_of, not_passed, pytest_results, tree

pytestmark = pytest.mark.slow

QUICK = ("--max-time=3", "--iterations=1", "--json")
SIZES = "def area(width: int, height: int) -> int:\n    return width * height if width > 0 else 0\n"
USES = "from calc import add\n\n\ndef thrice(a: int) -> int:\n    return add(a, add(a, a))\n"


@pytest.fixture
def shop(bench: Bench) -> Path:
    """A project with three modules, one of which uses another."""
    return bench.project("shop", {"calc.py": SMALL, "sizes.py": SIZES, "uses.py": USES})


def suites(project: Path) -> dict[str, bytes]:
    return tree(project / "tests")


def test_a_second_run_has_nothing_to_do_and_says_so(bench: Bench, shop: Path) -> None:
    first = bench("generate", shop, *QUICK)
    before = suites(shop)
    again = bench("generate", shop, *QUICK, "--fail-under=0.01")
    told = bench("generate", shop, *QUICK[:2])

    assert set(first.actions().values()) == {"written"}
    assert set(again.actions().values()) == {"unchanged"}
    assert [module["score"] for module in again.data["modules"]] == [m["score"] for m in first.data["modules"]]
    assert suites(shop) == before
    assert again.data["cached"] == 3
    assert max(module["seconds"] for module in again.data["modules"]) < 0.5
    assert "from the cache: 3 of 3 modules; --force does all of it again" in told.err.splitlines()


def test_only_what_a_change_concerns_is_done_again(bench: Bench, shop: Path) -> None:
    bench("generate", shop, *QUICK)
    before = {name: text.decode() for name, text in suites(shop).items()}
    (shop / "calc.py").write_text(SMALL.replace("hello", "welcome"))
    changed = bench("generate", shop, *QUICK)
    after = {name: text.decode() for name, text in suites(shop).items()}

    cached = {module["module"]: module["cached"] for module in changed.data["modules"]}
    assert cached == {"calc": False, "sizes": True, "uses": False}  # `uses` imports `calc`
    assert changed.reasons()["calc"] == "1 of 2 targets worked on again"
    assert changed.data["modules"][0]["coverage"]["rate"] == 1
    text = after["test_calc.py"]
    assert "welcome" in text
    assert "hello" not in text
    kept = [line.split()[1].partition("(")[0] for line in text.splitlines() if line.startswith("def test_add")]
    assert kept
    assert [body_of(text, name) for name in kept] == [body_of(before["test_calc.py"], name) for name in kept]
    assert not_passed(pytest_results(sorted((shop / "tests").glob("test_*.py")), cwd=shop)[0]) == {}


def test_a_dry_run_shows_what_the_next_run_writes(bench: Bench, shop: Path) -> None:
    one = bench("generate", ".", *QUICK[:2], "--dry-run", "-q", cwd=shop)
    other = bench("generate", ".", *QUICK[:2], "--dry-run", "-q", cwd=shop)
    untouched = sorted(path.name for path in shop.iterdir())
    patched = Path(shutil.copytree(shop, bench.root / "patched" / "shop"))
    subprocess.run(["patch", "-p1", "-s"], cwd=patched, input=one.out, text=True, check=True, timeout=30)
    bench("generate", ".", *QUICK, cwd=shop)

    assert one.out == other.out != ""
    assert "tests" not in untouched
    written = {name: text for name, text in suites(shop).items() if text}
    assert suites(patched) == written


def test_without_the_cache_nothing_is_used_and_nothing_kept(bench: Bench, shop: Path) -> None:
    bench("generate", shop / "sizes.py", *QUICK, "--no-cache")
    assert not (bench.data / "cache").exists()
    bench("generate", shop / "sizes.py", *QUICK)
    assert bench("generate", shop / "sizes.py", *QUICK, "--no-cache").data["cached"] == 0
    forced = bench("generate", shop / "sizes.py", *QUICK, "--force")
    assert forced.data["cached"] == 0
    assert bench("generate", shop / "sizes.py", *QUICK).data["cached"] == 1


def test_a_place_that_cannot_be_written_is_said_once(bench: Bench, shop: Path) -> None:
    (bench.root / "file").write_text("in the way")
    done = bench("generate", shop, *QUICK, environ={"QEFORGE_DATA_DIR": str(bench.root / "file")})
    assert (done.code, set(done.actions().values())) == (0, {"written"})
    memory, *others = [note for note in done.data["notes"] if not note.startswith("a plain pytest does not find")]
    assert memory == f"nothing more is remembered: {bench.root / 'file'}: File exists"
    assert [note.partition(" in ")[0] for note in others] == [
        "trajectory not recorded",
        "nothing is kept for the next run",
    ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_goes_on_where_it_was(bench: Bench, jobs: int) -> None:
    project = Path(
        shutil.copytree(
            SAMPLES / "textkit",
            bench.root / "textkit",
            ignore=shutil.ignore_patterns("tests", "__pycache__", ".*cache"),
        )
    )
    command = [*PROGRAM, "generate", "src", "--max-time=3", "--iterations=1", f"--jobs={jobs}"]
    with subprocess.Popen(
        command,
        cwd=project,
        env=bench.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        end = time.monotonic() + 120
        while not list(bench.data.glob("cache/*.last")) and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    finished = suites(project)
    known = len(list(bench.data.glob("cache/*.last")))
    done = bench(*command[len(PROGRAM) :], "--json", cwd=project)

    assert known >= 1
    assert done.code == 0
    assert done.data["cached"] == known
    after = suites(project)
    # A suite may have been written and not been noted yet: that module is worked on again.
    assert sum(after[name] == text for name, text in finished.items()) >= known
    assert not_passed(pytest_results(sorted((project / "tests").glob("test_*.py")), cwd=project)[0]) == {}
