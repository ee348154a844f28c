import os
import sys
import tomllib
from pathlib import Path

import pytest

from qeforge.cli.pyproject import set_in_text
from qeforge.config import SETTINGS
from qeforge.errors import ConfigError
from tests.cli.conftest import Cli

LAYOUT = """\
# the shop
[project]
name = "shop"  # not a mall

[tool.qeforge]   # ours
max_time = 3     # seconds
exclude = [
  "a",  # generated
]

[tool.other]
x = 1
"""


def test_show_names_value_and_origin_of_every_setting(cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pyproject.toml").write_text(LAYOUT)
    monkeypatch.setenv("QEFORGE_SEED", "4")
    ended = cli("config", "show")
    assert ended.code == 0
    rows = {line.split()[0]: line.split()[1:] for line in ended.out.splitlines()[2:]}
    assert set(rows) == {setting.key for setting in SETTINGS.values()}
    assert rows["max-time"] == ["3", str(project / "pyproject.toml")]
    assert rows["seed"] == ["4", "QEFORGE_SEED"]
    assert rows["sandbox"] == ["true", "default"]
    assert rows["out"] == ["default"]
    data = cli("config", "show", "--json").envelope["data"]
    assert data["exclude"] == {"value": ["a"], "origin": str(project / "pyproject.toml")}
    assert data["out"] == {"value": None, "origin": "default"}


def test_show_of_another_project(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pyproject.toml").write_text("[tool.qeforge]\nseed = 8\n")
    assert cli("config", "show", str(tmp_path / "other"), "--json").envelope["data"]["seed"]["value"] == 8


def test_path(cli: Cli, project: Path) -> None:
    ended = cli("config", "path")
    assert (ended.code, ended.out) == (0, f"{project / 'pyproject.toml'}\n")
    data = cli("config", "path", "--json").envelope["data"]
    assert data["data_dir"] == str(project.parent / "data")
    assert data["log_dir"] == str(project.parent / "data" / "logs")


def test_set_adds_a_table_for_what_belongs_together(cli: Cli, project: Path) -> None:
    assert cli("config", "set", "local.url", "http://127.0.0.1:1").code == 0
    assert cli("config", "set", "local.allow-private", "true").code == 0
    shown = cli("config", "show", "--json").envelope["data"]
    assert shown["local.url"]["value"] == "http://127.0.0.1:1"
    assert shown["local.allow-private"]["value"] is True


@pytest.mark.parametrize("words", [["path"], ["set", "seed", "1"]])
def test_no_file_is_exit_3(cli: Cli, project: Path, words: list[str]) -> None:
    (project / "pyproject.toml").unlink()
    ended = cli("config", *words)
    assert ended.code == 3
    assert "no pyproject.toml" in ended.err


def test_set_changes_one_value_and_nothing_else(cli: Cli, project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text(LAYOUT)
    ended = cli("config", "set", "max-time", "20")
    assert (ended.code, ended.out, ended.err) == (0, "", f"{file}: max-time = 20\n")
    assert file.read_text() == LAYOUT.replace("max_time = 3 ", "max_time = 20 ")


def test_set_adds_a_key_with_dashes(cli: Cli, project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text(LAYOUT)
    assert cli("config", "set", "fail_under", "0.5").code == 0
    assert tomllib.loads(file.read_text())["tool"]["qeforge"]["fail-under"] == 0.5
    assert [line for line in LAYOUT.splitlines() if line not in file.read_text()] == []


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("max-tim", "3", "config set: unknown key 'max-tim'; did you mean 'max-time'?"),
        ("max-time", "soon", "config set max-time: expected a number from 0.1, got 'soon'"),
        ("jobs", "-1", "config set jobs: expected a whole number from 0, got -1"),
        ("force", "true", "config set: 'force' belongs to a single run"),
    ],
)
def test_set_checks_first(cli: Cli, project: Path, key: str, value: str, message: str) -> None:
    file = project / "pyproject.toml"
    before = file.read_bytes()
    ended = cli("config", "set", key, "--", value)
    assert ended.code == 2
    assert message in ended.err
    assert file.read_bytes() == before


def test_set_on_a_broken_file_names_the_line(cli: Cli, project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text("[tool.qeforge]\nseed 3\n")
    ended = cli("config", "set", "seed", "1")
    assert (ended.code, file.read_text()) == (2, "[tool.qeforge]\nseed 3\n")
    assert f"{file}:2: not valid TOML" in ended.err


def test_set_mends_a_value_that_is_wrong(cli: Cli, project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text("[tool.qeforge]\nseed = 'x'\n")
    assert cli("config", "show").code == 2
    assert cli("config", "set", "seed", "1").code == 0
    assert cli("config", "show").code == 0


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write every file")
def test_set_in_a_file_that_cannot_be_written(cli: Cli, project: Path) -> None:
    (project / "pyproject.toml").chmod(0o444)
    ended = cli("config", "set", "seed", "1")
    assert ended.code == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but a comment",
        "[project]\nname = 'x'\n",
        "[tool.ruff]\nline-length = 100\n\n[project]\nname = 'x'\n\n[tool.mypy]\nstrict = true\n",
        "[tool]\nx = 1\n",
        "tool.qeforge.jobs = 2\n",
        "[tool.qeforge]\njobs = 2\n[tool.qeforge.future]\nx = 1\n",
        "[project]\nname = 'x'\r\n[tool.qeforge]\r\njobs = 2\r\n",
        "[[tool.poetry.source]]\nname = 'a'\n\n[tool.qeforge]\njobs = 2\n\n[[tool.poetry.group]]\nname = 'b'\n",
        "[tool.qeforge]\njobs = 2",
    ],
)
def test_set_in_every_layout_changes_that_value_alone(text: str) -> None:
    after = set_in_text(text, SETTINGS["seed"], 7, name="pyproject.toml")
    expected = tomllib.loads(text)
    expected.setdefault("tool", {}).setdefault("qeforge", {})["seed"] = 7
    assert tomllib.loads(after) == expected
    assert [line for line in text.split("\n") if line.strip("\r") and line.strip("\r") not in after] == []


def test_set_in_an_inline_table() -> None:
    after = set_in_text("[tool]\nqeforge = { jobs = 2 }\n", SETTINGS["seed"], 7, name="pyproject.toml")
    assert tomllib.loads(after) == {"tool": {"qeforge": {"jobs": 2, "seed": 7}}}


@pytest.mark.parametrize("text", ["tool = 3\n", "[tool]\nqeforge = 3\n"])
def test_set_where_no_table_can_be(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^pyproject\.toml: '(tool|qeforge)' is 3$"):
        set_in_text(text, SETTINGS["seed"], 7, name="pyproject.toml")


def test_privacy_cannot_be_loosened_by_the_environment_and_show_says_why(
    cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "pyproject.toml").write_text("[tool.qeforge]\nprivacy = 'local-only'\n")
    monkeypatch.setenv("QEFORGE_PRIVACY", "hybrid")
    shown = cli("config", "show", "--json").envelope["data"]["privacy"]
    assert shown == {"value": "local-only", "origin": str(project / "pyproject.toml")}
