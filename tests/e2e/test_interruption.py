"""Ctrl-C in the middle: the tree is old or new, and nothing goes on."""

import ast
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from qeforge.codegen.header import read_header
from tests.e2e.bench import PROGRAM, SAMPLES, SMALL, Bench, tree

pytestmark = pytest.mark.slow


def test_in_a_run_of_several_jobs_what_was_written_is_whole(bench: Bench) -> None:
    project = Path(
        shutil.copytree(
            SAMPLES / "textkit",
            bench.root / "textkit",
            ignore=shutil.ignore_patterns("tests", "__pycache__", ".*cache"),
        )
    )
    before = tree(project)
    tests = project / "tests"
    done = bench.interrupted(
        *("generate", "src", "--max-time=5", "--jobs=2", "--iterations=1"),
        cwd=project,
        when=lambda: any(tests.glob("test_*.py")),
    )

    assert done.code == 130
    last = done.err.splitlines()[-1]
    assert last.startswith("qeforge: interrupted; ")
    after = tree(project)
    new = {path: text.decode() for path, text in after.items() if path not in before}
    assert {path: text for path, text in after.items() if path not in new} == before
    for path, text in new.items():
        header = read_header(text)
        assert path.startswith("tests/test_")
        assert header is not None
        assert not header.edited
        ast.parse(text)
    # One may have been written just now, and its process not have said so yet; what is told is there.
    told = re.findall(r"test_\w+\.py", last)
    assert set(told) <= {Path(path).name for path in new}
    assert bench.left() == []


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_at_any_moment_after_the_code_was_started(bench: Bench, seconds: float) -> None:
    old = "from calc import greet\n\n\ndef test_mine():\n    assert greet('x') == 'hello x'\n"
    shop = bench.project("shop", {"calc.py": SMALL, "tests/test_mine.py": old})
    before = tree(shop)

    def started() -> bool:
        at_work = any(bench.temporary.iterdir())
        time.sleep(seconds if at_work else 0)
        return at_work

    done = bench.interrupted("generate", "calc.py", "--max-time=20", cwd=shop, when=started)

    assert done.code == 130
    assert "interrupted" in done.err.splitlines()[-1]
    new = {path: text.decode() for path, text in tree(shop).items() if path not in before}
    assert set(new) <= {"tests/test_calc.py"}
    for text in new.values():
        header = read_header(text)
        assert header is not None
        assert not header.edited
    assert {path: text for path, text in tree(shop).items() if path not in new} == before
    assert bench.left() == []


@pytest.mark.parametrize("milliseconds", range(0, 400, 50))
def test_while_the_program_itself_is_still_loading(bench: Bench, milliseconds: int) -> None:
    shop = bench.project("shop", {"calc.py": SMALL})
    began = time.monotonic()

    # Python's own start cannot be made to answer; after 50 ms it is over.
    done = bench.interrupted(
        *("generate", "calc.py"), cwd=shop, when=lambda: time.monotonic() - began > 0.1 + milliseconds / 1000
    )

    # Interrupted inside an `exec` (dataclasses use it), Python ends by the signal itself: the same 130 in a shell.
    assert done.code in (130, -signal.SIGINT)
    assert "Traceback" not in done.err
    assert done.err.splitlines()[-1].startswith("qeforge: interrupted; ")
    assert bench.left() == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_where_the_program_is_killed_its_processes_end_soon(bench: Bench) -> None:
    slow = (
        "import time\n\n\ndef pause(seconds):\n    for _ in range(100):\n        time.sleep(0.01)\n    return seconds\n"
    )
    shop = bench.project("shop", {"one.py": slow, "two.py": slow})
    with subprocess.Popen(
        [*PROGRAM, "generate", ".", "--jobs=2", "--max-time=600"],
        cwd=shop,
        env=bench.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        end = time.monotonic() + 60
        while len(list(bench.temporary.iterdir())) < 2 and time.monotonic() < end:
            time.sleep(0.02)
        process.kill()

    end = time.monotonic() + 60
    while left := bench.left():
        assert time.monotonic() < end, left
