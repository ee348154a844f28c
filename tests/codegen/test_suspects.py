"""Files of suspects, compared with what was read and approved, and run: each test fails as it says.

`UPDATE_GOLDEN=1 pytest tests/codegen/test_suspects.py` writes the approved file anew; read the difference.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qeforge import __version__
from qeforge.codegen.header import read_header
from qeforge.codegen.suspects import is_suspects_file, is_untouched, render_suspects, suspect_tests, suspects_path
from qeforge.domain.candidate import Claim
from qeforge.domain.report import Suspect
from tests.codegen.minijudge import GOLDEN
from tests.codegen.suites import ACCOUNT, SUBJECT

PATH = Path("/nowhere/tests/test_shop_suspects.py")
FILE = GOLDEN / "suspects.py.txt"


def suspect(
    target: str, act: str, expected: str, observed: str, *arrange: str, raises: bool = False, source: str = "docstring"
) -> Suspect:
    return Suspect(
        target=f"shop:{target}",
        act=act,
        claim=Claim(expected=expected, source=source, raises=raises),
        observed=observed,
        arrange=arrange,
        imports=(f"from shop import {target.partition('.')[0]}",),
    )


SUSPECTS = (
    suspect("slugify", "slugify('Hello World')", "'Hello-World'", "returned 'hello-world'"),
    suspect("slugify", "slugify('a b', separator='_')", "'a b'", "returned 'a_b'", source="readme"),
    suspect("is_email", "is_email('a@b.co')", "False", "returned True", source="qwen2.5-coder-1.5b"),
    suspect("is_email", "is_email('') == is_email('a')", "False", "returned True"),
    suspect("mean", "mean([])", "ValueError", "raised ZeroDivisionError: division by zero", raises=True),
    suspect("mean", "mean([])", "0", "raised ZeroDivisionError: division by zero"),
    suspect("greet", "greet('')", "ValueError", "returned None", raises=True),
    suspect("greet", "greet(None)", "shop.Unheard('no')", "returned None", raises=True),
    suspect(
        "Account.withdraw",
        "account.withdraw(1)",
        "InsufficientFunds",
        "returned Decimal('9'), which is what is left after\x07 everything that was asked for has been given",
        ACCOUNT,
        raises=True,
    ),
)
FAILS = {
    "test_slugify_suspect": "AssertionError: assert 'hello-world' == 'Hello-World'",
    "test_slugify_suspect_2": "AssertionError: assert 'a_b' == 'a b'",
    "test_is_email_suspect": "AssertionError: assert True is False",
    "test_is_email_suspect_2": "AssertionError: assert (False == False) is False",
    "test_mean_suspect": "ZeroDivisionError: division by zero",
    "test_mean_suspect_2": "ZeroDivisionError: division by zero",
    "test_greet_suspect": "Failed: DID NOT RAISE ValueError",
    "test_greet_suspect_2": "Failed: DID NOT RAISE Exception",
    "test_account_withdraw_suspect": "Failed: DID NOT RAISE InsufficientFunds",
}


def text_of(*suspects: Suspect) -> str:
    return render_suspects("shop", PATH, suspect_tests(suspects), exceptions={"InsufficientFunds"})


def failures(text: str, folder: Path) -> dict[str, str]:
    """Test to the last line of what pytest says about its failure; fails when any test passes."""
    shutil.copy(SUBJECT, folder / "shop.py")
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("--tb=line", "-rN", "--rootdir", "."),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "400"},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    names = [line.partition("::")[2].partition(" ")[0] for line in done.stdout.splitlines() if " FAILED" in line]
    assert " PASSED" not in done.stdout
    assert " ERROR" not in done.stdout
    told = [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith(str(folder))]
    plain = [re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", line) for line in told]  # as other versions of pytest say it
    return dict(zip(names, plain, strict=True))


def test_the_file_reads_as_approved() -> None:
    text = text_of(*SUSPECTS)
    if os.environ.get("UPDATE_GOLDEN"):
        FILE.write_text(text)
    assert text.replace(f"qeforge {__version__};", "qeforge 0.1.0;") == FILE.read_text()


def test_every_approved_test_fails_as_it_says(tmp_path: Path) -> None:
    assert failures(FILE.read_text(), tmp_path) == FAILS


def test_an_exception_of_another_class_is_told_by_its_name(tmp_path: Path) -> None:
    wrong = suspect("parse_duration", "parse_duration('')", "odd.Odd", "raised ValueError: no duration", raises=True)
    ((test, told),) = failures(text_of(wrong), tmp_path).items()
    assert test == "test_parse_duration_suspect"
    assert told.startswith("AssertionError: assert 'Odd' in ['ValueError', 'Exception'")


def test_its_marks() -> None:
    text = text_of(*SUSPECTS)
    assert is_suspects_file(text)
    assert is_untouched(text)
    assert is_untouched(text.replace('"', "'").replace("'''", '"""'))  # another layout is no edit
    assert read_header(text) is None
    edited = text.replace("Hello World", "Hello")
    assert is_suspects_file(edited)
    assert not is_untouched(edited)
    assert not is_untouched(text + "def broken(:\n")
    assert not is_suspects_file("def test_it():\n    pass\n")
    assert not is_untouched("def test_it():\n    pass\n")


def test_the_same_suspect_twice_is_one_test_and_none_is_no_file() -> None:
    assert list(suspect_tests([SUSPECTS[0], SUSPECTS[0]])) == ["test_slugify_suspect"]
    assert text_of() == ""


@pytest.mark.parametrize(
    ("suite", "name"),
    [("test_cart.py", "test_cart_suspects.py"), ("test_cart_generated.py", "test_cart_suspects.py")],
)
def test_it_lies_beside_the_suite(suite: str, name: str) -> None:
    assert suspects_path(Path("/tests/sub") / suite) == Path("/tests/sub") / name
