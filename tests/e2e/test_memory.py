"""A second run knows what the first one found out."""

import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.bench import PROGRAM, SMALL, Bench, not_passed, pytest_results, tree

pytestmark = pytest.mark.slow
QUICK = ("--max-time=10", "--iterations=1", "--jobs=1", "--no-cache", "--json")
CODES = '''
"""Codes of parcels."""


def size(code: str) -> str:
    """How large a parcel is, by its code."""
    if code.startswith("XJ-4711"):
        return "huge"
    if code == "envelope/b5":
        return "small"
    return "usual"
'''


@pytest.fixture
def shop(bench: Bench) -> Path:
    return bench.project("shop", {"codes.py": CODES.lstrip(), "calc.py": SMALL})


def patterns(bench: Bench, *args: str, cwd: Path) -> list[str]:
    found = bench("memory", "list", *args, "--limit", "999", "--json", cwd=cwd)
    return sorted(one["act"] for one in found.data["patterns"] if one["kind"] == "call")


def test_what_was_kept_comes_back_after_the_code_was_edited(bench: Bench, shop: Path) -> None:
    first = bench("generate", shop / "codes.py", *QUICK, cwd=shop)
    assert first.code == 0
    known = patterns(bench, cwd=shop)
    assert any("XJ-4711" in act for act in known)
    edited = CODES.replace('return "usual"', 'return "usual" if code else "none"')
    (shop / "codes.py").write_text(edited.lstrip())

    second = bench("generate", shop / "codes.py", *QUICK, cwd=shop)
    assert second.code == 0
    stats = bench("memory", "stats", "--json", cwd=shop).data
    assert stats["projects"][0]["offered"] >= len(known)
    assert stats["projects"][0]["won"] > 0
    assert second.data["score"]["quality"] >= first.data["score"]["quality"] - 0.05
    assert not_passed(pytest_results([shop / "tests"], cwd=shop)[0]) == {}


def test_an_empty_memory_changes_nothing(bench: Bench, shop: Path) -> None:
    texts = []
    for out, memory in (("one", "--memory"), ("two", "--no-memory")):
        done = bench("generate", shop, "--out", bench.root / out, memory, "--max-time=20", *QUICK[1:])
        assert done.cut() == []
        texts.append(tree(bench.root / out))
        for database in bench.data.glob("memory.db*"):
            database.unlink()
    assert texts[0] == texts[1]


def test_a_suite_is_not_made_anew_because_memory_has_changed(bench: Bench, shop: Path) -> None:
    bench("generate", shop, "--max-time=10", "--iterations=1", cwd=shop)
    before = tree(shop)
    other = bench.project("other", {"codes.py": CODES.lstrip()})
    bench("generate", other, "--max-time=3", "--iterations=1", cwd=other)
    again = bench("generate", shop, "--max-time=10", "--iterations=1", "--json", cwd=shop)
    assert again.data["cached"] == 2
    without = bench("generate", shop, "--max-time=10", "--iterations=1", "--no-memory", "--json", cwd=shop)
    assert without.data["cached"] == 2
    assert tree(shop) == before


def test_a_run_that_is_killed_keeps_what_was_finished(bench: Bench, shop: Path) -> None:
    """`calc` is done in a moment; `slow` is being worked on when the run dies."""
    loop = "def wait(n: int) -> int:\n    import time\n    time.sleep(0.05)\n    return n * 2 if n > 3 else n\n"
    (shop / "slow.py").write_text(loop)
    command = (*PROGRAM, "generate", str(shop), "--max-time=60", "--jobs=1", "--no-cache")
    process = subprocess.Popen(command, cwd=shop, env=bench.environ, stdout=-3, stderr=-3, start_new_session=True)
    end = time.monotonic() + 120
    while _count(bench.data / "memory.db") == 0 and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    known = patterns(bench, cwd=shop)
    assert known
    assert bench("memory", "verify").code == 0
    assert bench("generate", shop / "calc.py", *QUICK, cwd=shop).code == 0


def _count(database: Path) -> int:
    if not database.exists():
        return 0
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return int(connection.execute("select count(*) from pattern").fetchone()[0])
    except sqlite3.Error:  # not made yet
        return 0
    finally:
        connection.close()


def test_what_a_poisoned_file_brings_runs_in_the_sandbox_alone(bench: Bench, shop: Path) -> None:
    mark = bench.home / "mark"
    poison = (
        '{"format": "qeforge-patterns", "version": 1}\n'
        '{"kind": "call", "shape": "function plain add(a: int, b: int) -> int", "roles": ["a", "b"], "fixtures": [], '
        f'"act": "open({str(mark)!r}, \'w\')", "module": "calc", "target": "calc:add", "arrange": [], '
        '"imports": ["import os"]}\n'
    )
    (shop / "poison.jsonl").write_text(poison)
    assert bench("memory", "import", "poison.jsonl", cwd=shop).code == 0
    done = bench("generate", shop / "calc.py", *QUICK, cwd=shop)
    assert done.code == 0
    assert done.data["score"]["line"] == 1
    assert not mark.exists()
    assert bench.left() == []


def test_a_damaged_store_is_one_line_and_the_suite_is_written(bench: Bench, shop: Path) -> None:
    (bench.data / "memory.db").write_bytes(b"nothing that SQLite knows " * 99)
    done = bench("generate", shop / "calc.py", *QUICK[:-1], cwd=shop)
    assert done.code == 0
    lines = [line for line in done.err.splitlines() if "memory" in line and "without memory" in line]
    assert len(lines) == 1
    assert (shop / "tests" / "test_calc.py").is_file()


def test_a_forgotten_project_leaves_no_byte(bench: Bench, shop: Path) -> None:
    bench("generate", shop, "--max-time=10", "--iterations=1", "--jobs=1", cwd=shop)
    assert b"XJ-4711" in b"".join(tree(bench.data).values())
    done = bench("memory", "forget", "shop")
    assert done.code == 0
    left = tree(bench.data)
    assert [path for path, text in left.items() if b"XJ-4711" in text or b"codes" in text] == []
    assert bench("memory", "list", "--all").code == 0
