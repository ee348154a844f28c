"""Hypothesis's character tables are computed in the sandbox, once, and given to later runs."""

from pathlib import Path

import pytest

from qeforge.execution import hypothesis_tables
from qeforge.execution.hypothesis_draw import compute
from qeforge.execution.pytest_run import run_suite
from tests.refinement.tasks import interpreter

FINDS_TABLES = """
import os
from pathlib import Path


def test_tables_are_there():
    assert list(Path(os.environ["HYPOTHESIS_STORAGE_DIRECTORY"]).glob("unicode_data/*/charmap.json.gz"))
"""


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hypothesis_tables, "_known", {})


def test_tables_that_were_kept_are_laid_out_where_hypothesis_looks(tmp_path: Path) -> None:
    left = tmp_path / "old" / "unicode_data" / "14.0.0" / "charmap.json.gz"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"table")
    (tmp_path / "old" / "constants").mkdir()
    python = Path("/usr/bin/python3")
    assert not hypothesis_tables.is_known(python)
    hypothesis_tables.remember(python, tmp_path / "old")
    hypothesis_tables.lay_out(python, tmp_path / "new")
    assert hypothesis_tables.is_known(python)
    assert [p.relative_to(tmp_path / "new") for p in (tmp_path / "new").rglob("*") if p.is_file()] == [
        Path("unicode_data/14.0.0/charmap.json.gz")
    ]


def test_an_interpreter_that_left_none_is_not_asked_again(tmp_path: Path) -> None:
    python = Path("/usr/bin/python3")
    hypothesis_tables.remember(python, tmp_path)
    hypothesis_tables.lay_out(python, tmp_path / "new")
    assert hypothesis_tables.is_known(python)
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_tables_are_computed_in_the_sandbox_and_found_by_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "test_tables.py").write_text(FINDS_TABLES)

    def outcomes() -> set[str]:
        run = run_suite([tmp_path / "test_tables.py"], interpreter=interpreter(), module=None, rootdir=tmp_path)
        return set(run.results.values())

    assert outcomes() == {"failed"}
    compute(interpreter())
    assert outcomes() == {"passed"}
