"""Everything that can be wrong with what a run is given: one clear line, the right exit code, nothing left behind."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.bench import SMALL, SUBJECTS, Bench, tree


@pytest.fixture
def shop(bench: Bench) -> Path:
    return bench.project(
        "shop", {"calc.py": SMALL, "notes.txt": "buy milk\n", "torn.py": "def f(:\n", "empty/.keep": ""}
    )


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        ("generate nowhere.py", 2, r"nowhere\.py: no such file or folder; .+"),
        ("generate notes.txt", 2, r"notes\.txt: not a Python file; .+"),
        ("generate empty", 2, r"empty: no Python files to test; .+"),
        ("generate calc.py --target calc:ad", 2, r"--target calc:ad: no such target; did you mean calc:add\?"),
        ("generate calc.py --target zzz:qqq", 2, r"--target zzz:qqq: no such target; .+"),
        ("generate calc.py --changed", 2, r".+/shop: not in a git repository; .+"),
        ("generate calc.py --python nowhere/python", 3, r"--python nowhere/python: .*no such file; .+"),
        ("generate calc.py --python calc.py", 3, r"--python calc\.py: .+ cannot be run: .+; name a Python interpreter"),
        ("generate calc.py --python /bin/ls", 3, r"--python /bin/ls: /bin/ls is not a Python interpreter.+"),
        (
            "generate calc.py --max-time soon",
            2,
            r"--max-time: expected a number from 0\.1, got 'soon'; wall-clock budget per module, in seconds",
        ),
        ("generate calc.py -q -v", 2, r"--quiet contradicts --verbose; .+"),
        ("generate", 2, r"Missing argument 'PATH'.*; see qeforge generate --help"),
        ("score calc.py --tests nowhere", 2, r"--tests: no such file or folder: nowhere"),
        ("check nowhere", 2, r"nowhere: no such file or folder; .+"),
        ("invent calc.py", 2, r"No such command 'invent'.+"),
    ],
)
def test_one_line_that_says_what_and_what_to_do(bench: Bench, shop: Path, args: str, code: int, line: str) -> None:
    before = tree(shop)
    done = bench(*args.split(), cwd=shop)

    assert done.code == code
    assert done.out == ""
    assert re.fullmatch(line, done.complaint)
    assert tree(shop) == before
    assert bench.left() == []


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            "[tool.qeforge]\nmax-tim = 3\n",
            r".+pyproject\.toml: \[tool\.qeforge\]: unknown key 'max-tim'; .+'max-time'\?",
        ),
        ("[tool.qeforge]\nseed = 'x'\n", r".+pyproject\.toml: \[tool\.qeforge\] seed: expected .+, got 'x'; .+"),
        ("[tool.qeforge\n", r".+pyproject\.toml:1: not valid TOML: .+"),
    ],
)
def test_broken_settings_name_the_file_and_the_nearest_key(bench: Bench, settings: str, line: str) -> None:
    shop = bench.project("shop", {"calc.py": SMALL, "pyproject.toml": settings})
    done = bench("generate", shop)

    assert done.code == 2
    assert re.fullmatch(line, done.complaint)
    assert not (shop / "tests").exists()


def test_a_failure_has_an_envelope_too(bench: Bench, shop: Path) -> None:
    done = bench("generate", "nowhere.py", "--json", cwd=shop)

    assert (done.code, done.err) == (2, "")
    assert (done.envelope["command"], done.envelope["status"]) == ("generate", "usage")
    [error] = done.envelope["errors"]
    assert error["slug"] == "no-such-path"
    assert error["message"] == "nowhere.py: no such file or folder"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_revision_that_there_is_not(bench: Bench, shop: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=shop, check=True, timeout=30)
    done = bench("generate", "--changed=nosuch", "calc.py", cwd=shop)

    assert done.code == 2
    assert "nosuch" in done.complaint


@pytest.mark.parametrize("version", ["2.7", "3.9"])
def test_an_interpreter_that_is_too_old(bench: Bench, shop: Path, version: str) -> None:
    kept = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    found = [*kept, *filter(None, [shutil.which(f"python{version}")])]
    if not found:
        pytest.skip(f"there is no Python {version} here")
    done = bench("generate", shop / "calc.py", "--python", str(found[0]))

    assert done.code == 3
    assert f"is Python {version}, and 3.10 is the oldest that works" in done.complaint


def test_a_syntax_error_alone_and_beside_code_that_works(bench: Bench, shop: Path) -> None:
    alone = bench("generate", shop / "torn.py", "-q")
    beside = bench("targets", shop, "--json")

    assert alone.code == 1
    assert alone.complaint.startswith("nothing could be tested: torn: not valid Python ")
    assert "line 1" in alone.complaint
    assert beside.code == 0
    assert [row["id"] for row in beside.data["targets"]] == ["calc:add", "calc:greet"]
    [skipped] = beside.data["skipped"]
    assert skipped["reason"].startswith("not valid Python ")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("import_fails", "RuntimeError: the limit in RAW must be a number (shop/import_fails.py:13)"),
        ("import_exits", "it exits on import (SystemExit: 2) (shop/import_exits.py:12)"),
    ],
)
def test_a_module_that_cannot_be_imported(bench: Bench, name: str, reason: str) -> None:
    shop = bench.project("shop", {f"{name}.py": (SUBJECTS / f"{name}.py").read_text()})
    done = bench("generate", shop, "--max-time=2", "-q")

    assert done.code == 1
    assert done.complaint == f"nothing could be tested: {name}: {reason}"
    assert not (shop / "tests").exists()
    assert bench.left() == []


@pytest.mark.slow
def test_a_file_where_the_output_folder_should_be(bench: Bench, shop: Path) -> None:
    before = tree(shop)
    done = bench("generate", "calc.py", "--out", "notes.txt", "--max-time=2", "--iterations=1", cwd=shop)

    assert done.code == 3
    assert re.fullmatch(r"cannot write .*/notes\.txt/test_calc\.py: Not a directory; .*--out.*", done.complaint)
    assert tree(shop) == before
    assert bench.left() == []


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() == 0, reason="to root no folder is read-only")
def test_a_read_only_output_folder(bench: Bench, shop: Path) -> None:
    closed = shop / "closed"
    closed.mkdir(mode=0o555)
    done = bench("generate", "calc.py", "--out", "closed", "--max-time=2", "--iterations=1", cwd=shop)

    assert done.code == 3
    assert "cannot write" in done.complaint
    assert list(closed.iterdir()) == []


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted file system with room for next to nothing."""
    place = tmp_path / "full"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mounting, capture_output=True, check=False, timeout=30).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    (place / "ballast").write_bytes(b"x" * 4096)
    yield place
    subprocess.run(["umount", str(place)], check=True, timeout=30)


@pytest.mark.slow
def test_a_full_disk(bench: Bench, shop: Path, full_disk: Path) -> None:
    done = bench("generate", shop / "calc.py", "--out", full_disk, "--max-time=2", "--iterations=1")

    assert done.code == 3
    assert re.fullmatch(r"cannot write .*/test_calc\.py: No space left on device; .*--out.*", done.complaint)
    assert [path.name for path in full_disk.iterdir()] == ["ballast"]
    assert bench.left() == []
