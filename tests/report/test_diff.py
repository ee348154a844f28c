import subprocess
from pathlib import Path

import pytest

from qeforge.domain.report import Action, SuspectTests
from qeforge.report.diff import run_diff
from tests.report.samples import module, report

OLD = "def test_a():\n    assert True\n"
CASES = [
    ("", "def test_a():\n    assert True\n"),
    (OLD, OLD + "\n\ndef test_b():\n    assert 1\n"),
    (OLD.rstrip("\n"), OLD),
    (OLD, OLD.rstrip("\n")),
    (OLD, 'def test_a():\n    assert "\x0c" + "\x85\u2028"\n'),
]


@pytest.mark.parametrize(("old", "new"), CASES)
def test_git_applies_it(tmp_path: Path, old: str, new: str) -> None:
    suite = tmp_path / "tests" / "test_cart.py"
    if old:
        suite.parent.mkdir()
        suite.write_bytes(old.encode())
    diff = run_diff(report(module(action=Action.WOULD_WRITE, suite=suite, old=old, new=new)), tmp_path)
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=True, timeout=30)
    assert suite.read_bytes() == new.encode()


def test_only_what_would_be_written_is_in_it() -> None:
    kept = module(action=Action.KEPT, old="a\n", new="b\n")
    same = module(action=Action.UNCHANGED, old="a\n", new="a\n")
    assert run_diff(report(kept, same), Path("/")) == ""


def test_a_file_of_suspects_that_would_be_written_or_removed_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "tests" / "test_cart_suspects.py"
    made = SuspectTests(path=path, action=Action.WOULD_WRITE, new="a = 1\n")
    gone = SuspectTests(path=path, action=Action.WOULD_WRITE, old="a = 1\n")
    same = SuspectTests(path=path, action=Action.UNCHANGED, old="a = 1\n", new="a = 1\n")
    diffs = [run_diff(report(module(suspect_tests=one)), tmp_path) for one in (made, gone, same)]
    assert diffs[0].splitlines() == ["--- /dev/null", "+++ b/tests/test_cart_suspects.py", "@@ -0,0 +1 @@", "+a = 1"]
    assert diffs[1].splitlines() == ["--- a/tests/test_cart_suspects.py", "+++ /dev/null", "@@ -1 +0,0 @@", "-a = 1"]
    assert diffs[2] == ""
