from pathlib import Path

import pytest

from qeforge.execution.pytest_options import config_file, kept_options, pytest_arguments


@pytest.mark.parametrize(
    ("addopts", "kept"),
    [
        (["-v", "--cov=x", "-n", "4", "--maxfail=1"], []),
        (["-m", "not slow", "-x"], ["-m", "not slow"]),
        (["-mslow"], ["-mslow"]),
        (["--import-mode=importlib", "-q"], ["--import-mode=importlib"]),
        (["--import-mode", "append", "-q"], ["--import-mode", "append"]),
        (["-p", "my.plugin", "--ds=app.settings"], ["-p", "my.plugin", "--ds=app.settings"]),
        (["-W", "error", "-o", "a=b"], ["-W", "error", "-o", "a=b"]),
        (["--durations", "5", "tests"], []),
    ],
)
def test_only_options_that_say_what_a_test_is_are_kept(addopts: list[str], kept: list[str]) -> None:
    assert kept_options(addopts) == kept


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\naddopts = -m fast\n"),
        ("tox.ini", "[pytest]\naddopts = -m fast\n"),
        ("setup.cfg", "[tool:pytest]\naddopts = -m fast\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-m fast'\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = ['-m', 'fast']\n"),
    ],
)
def test_each_kind_of_file_is_read(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert config_file(tmp_path) == tmp_path / name
    arguments = pytest_arguments(tmp_path, tmp_path / "scratch")
    assert arguments[arguments.index("-m") + 1] == "fast"
    assert arguments[arguments.index("-c") + 1] == str(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [("setup.cfg", "[metadata]\nname = x\n"), ("pyproject.toml", "[project]\nname = 'x'\n"), ("tox.ini", "[tox]\n")],
)
def test_files_without_a_section_for_pytest_do_not_count(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert config_file(tmp_path) is None
    assert "-c" not in pytest_arguments(tmp_path, tmp_path)


@pytest.mark.parametrize("text", ["[tool.pytest", '[tool.pytest.ini_options]\naddopts = "-m \'fast"\n'])
def test_broken_configuration_is_left_to_pytest(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert "-m" not in pytest_arguments(tmp_path, tmp_path)
