import subprocess
import time
from pathlib import Path

import pytest

from qeforge.codegen import formatting
from qeforge.codegen.formatting import LINE_LENGTH, format_source, line_length

LONG = "def test_x():\n    assert function_with_a_name('some text', 'another text') == 'expected text'\n"
UNSORTED = "import zlib\nimport abc\nimport os\n\nprint(zlib, abc)\n"


def test_without_configuration_lines_are_of_usual_length(tmp_path: Path) -> None:
    text = format_source(LONG, tmp_path / "test_x.py")
    assert '"some text"' in text
    assert max(map(len, text.splitlines())) <= LINE_LENGTH


def test_the_project_s_ruff_configuration_applies(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.ruff]\nline-length = 60\n[tool.ruff.format]\nquote-style = 'single'\n"
    )
    text = format_source(LONG, tmp_path / "tests" / "deep" / "test_x.py")
    assert "'some text'" in text
    assert max(map(len, text.splitlines())) <= 60
    assert line_length(tmp_path / "tests" / "deep" / "test_x.py") == 60


def test_the_project_s_ruff_sorts_and_drops_imports(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text("line-length = 100\n")
    assert format_source(UNSORTED, tmp_path / "test_x.py") == "import abc\nimport zlib\n\nprint(zlib, abc)\n"
    assert line_length(tmp_path / "test_x.py") == 100


def test_black_s_options_apply(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 120\nskip-string-normalization = true\n")
    assert format_source(LONG, tmp_path / "test_x.py") == LONG
    assert line_length(tmp_path / "test_x.py") == 120


def test_a_broken_configuration_gives_way_to_ours(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nno-such-option = 1\n")
    assert '"some text"' in format_source(LONG, tmp_path / "test_x.py")
    (tmp_path / "pyproject.toml").write_text("not toml at all [")
    assert '"some text"' in format_source(LONG, tmp_path / "test_x.py")


def test_without_ruff_valid_text_stays_and_invalid_text_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formatting, "_ruff_command", lambda: (str(tmp_path / "missing"),))
    assert format_source(LONG, tmp_path / "test_x.py") == LONG
    with pytest.raises(ValueError, match=r"rendered tests for test_x\.py are not valid Python"):
        format_source("def", tmp_path / "test_x.py")


def test_a_ruff_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatting, "_TIMEOUT", 0.1)
    original = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **given: original(["sleep", "30"], **given))
    began = time.monotonic()
    assert format_source(LONG, tmp_path / "test_x.py") == LONG
    assert time.monotonic() - began < 5
