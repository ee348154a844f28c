"""Whole suites, compared with what was read and approved, and run.

`UPDATE_GOLDEN=1 pytest tests/codegen/test_golden.py` writes them anew; read the difference before you keep it.
"""

import os
import shutil
from pathlib import Path

import pytest

from qeforge import __version__
from qeforge.codegen.header import read_header
from qeforge.domain.candidate import Candidate
from tests.codegen.minijudge import GOLDEN
from tests.codegen.running import passing
from tests.codegen.suites import ACCOUNT, SUBJECT, offer, text_of

FUNCTIONS = (
    offer("parse_duration", "parse_duration('2h32m')"),
    offer("parse_duration", "parse_duration('5m')"),
    offer("parse_duration", "parse_duration('1h')"),
    offer("parse_duration", "parse_duration('')"),
    offer("parse_duration", "parse_duration('abc')"),
    offer("slugify", "slugify(None)"),
    offer("slugify", "slugify('Hello World')"),
    offer("slugify", "slugify('Hello World', separator='_')"),
    offer("slugify", "slugify(5)"),
    offer("is_email", "is_email('a@b.co')"),
    offer("is_email", "is_email('')"),
    offer("is_email", "is_email('a b@c.de')"),
    offer("mean", "mean(values)", "values = [0.1, 0.2]"),
    offer("mean", "mean([])"),
    offer("describe", "describe(values)", "values = [1.5, 2.25, 2.26]"),
    offer("filter", "filter([1, 2, 3], lambda item: item > 1)"),
    offer("poem", "poem()"),
)
EFFECTS = (
    offer("greet", "greet('Ann')"),
    offer("old_greet", "old_greet('Ann')"),
    offer("save", "save(path, ['a', 'b'])", "path = tmp_path / 'x.txt'", fixtures=("tmp_path",)),
    offer("main", "main([])"),
    offer("main", "main(['x'])"),
    offer("extend", "extend(items, 3)", "items = [1]"),
    offer("notify", "notify(callback, 'a')", "callback = Mock()", imports=("from unittest.mock import Mock",)),
)
OBJECTS = (
    offer("Account.__init__", "Account('Ann')"),
    offer("Account.__init__", "Account('')"),
    offer("Account.deposit", "account.deposit(5)", ACCOUNT),
    offer("Account.deposit", "account.deposit(-5)", ACCOUNT),
    offer("Account.withdraw", "account.withdraw(3)", ACCOUNT),
    offer("Account.withdraw", "account.withdraw(30)", ACCOUNT),
    offer("Account.__eq__", "account == Account('Bob', '10')", ACCOUNT),
    offer("Account.__eq__", "account == 3", ACCOUNT),
    offer("Account._audit", "account._audit()", ACCOUNT),
    offer("open_account", "open_account('Ann')"),
)
SUITES = {"functions": (FUNCTIONS, True), "effects": (EFFECTS, False), "objects": (OBJECTS, True)}


@pytest.mark.parametrize("name", SUITES)
def test_suite_reads_as_approved(name: str) -> None:
    candidates, prune = SUITES[name]
    text = text_of(*candidates, prune=prune, why=True)
    golden = GOLDEN / f"{name}.py.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text.replace(f"qeforge {__version__};", "qeforge 0.1.0;") == golden.read_text()
    header = read_header(text)
    assert header is not None
    assert not header.edited


@pytest.mark.parametrize("name", SUITES)
def test_approved_suite_passes(name: str, tmp_path: Path) -> None:
    shutil.copy(SUBJECT, tmp_path / "shop.py")
    shutil.copy(GOLDEN / f"{name}.py.txt", tmp_path / f"test_{name}.py")
    passing(tmp_path)


def test_order_of_candidates_of_other_targets_does_not_matter() -> None:
    def grouped(candidates: tuple[Candidate, ...]) -> list[Candidate]:
        return sorted(candidates, key=lambda c: c.target)

    assert text_of(*FUNCTIONS) == text_of(*grouped(FUNCTIONS))
