"""`qeforge memory` from the command line, with a real store."""

import json
import os
import sqlite3
from pathlib import Path

import pytest

from qeforge.cli.main import run
from qeforge.config import Config
from qeforge.wiring.memory import patterns_in
from tests.cli.conftest import Cli, Ended
from tests.memory.samples import call, keep


@pytest.fixture
def memory(project: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    def command(*args: str) -> Ended:
        code = run(("memory", *args))
        return Ended(code, *capsys.readouterr())

    return command


@pytest.fixture
def filled(project: Path) -> Path:
    """The project of the current folder and another one, with patterns."""
    store = patterns_in(os.environ, Config())
    keep(store, call("slugify('a')"), call("area(1, 2)", "area"), project=str(project))
    keep(store, call("slugify('elsewhere')"), project="/srv/other")
    store.store.close()
    return project


def test_list_shows_the_project_of_the_current_folder(memory: Cli, filled: Path) -> None:
    done = memory("list")
    assert done.code == 0
    assert "slugify('a')" in done.out
    assert "elsewhere" not in done.out
    assert done.err == "5 patterns\n"
    assert "elsewhere" in memory("list", "--all").out
    assert "elsewhere" in memory("list", "--project", "other").out
    calls = memory("list", "--kind", "call", "--limit", "1", "--json").envelope["data"]["patterns"]
    assert [one["act"] for one in calls] == ["area(1, 2)"]
    assert memory("list", "--project", "nobody").code == 2


def test_nothing_is_remembered_at_first(memory: Cli) -> None:
    assert memory("list").err == "nothing is remembered here; --all shows other projects\n"
    assert memory("search", "x").err == "nothing like it is remembered here; --all looks in other projects\n"
    assert memory("stats").code == 0
    assert memory("verify").err == "all is well\n"
    assert memory("vacuum").err == "0 bytes before, 0 after\n"


def test_search_finds_by_likeness_and_by_word(memory: Cli, filled: Path) -> None:
    found = memory("search", "slugify", "text", "--json").envelope["data"]["patterns"]
    assert found[0]["act"] == "slugify('a')"
    assert found[0]["similarity"] > 0
    assert "elsewhere" in memory("search", "--all", "elsewhere").out


def test_show_prints_the_recipe_and_what_became_of_it(memory: Cli, filled: Path) -> None:
    [one] = memory("list", "--kind", "call", "--limit", "1", "--json").envelope["data"]["patterns"]
    done = memory("show", one["id"][:6])
    assert done.code == 0
    assert "from shop.texts import area\narea(1, 2)" in done.out
    assert memory("show", one["id"], "--json").envelope["data"]["outcomes"] == []
    assert "no such pattern" in memory("show", "zzz").err
    assert memory("show", "").code == 2


def test_cluster_groups_what_looks_alike(memory: Cli, filled: Path) -> None:
    data = memory("cluster", "--all", "--json").envelope["data"]
    assert sum(one["patterns"] for one in data["groups"]) == 3
    assert sum(one["shapes"] for one in data["groups"]) == 2
    assert all(one["quality"] == 0.5 and one["typical"] for one in data["groups"])
    assert "slugify(" in memory("cluster").out
    assert memory("cluster", "--most", "0").code == 2


def test_stats_count(memory: Cli, filled: Path) -> None:
    data = memory("stats", "--json").envelope["data"]
    assert [(one["name"], one["targets"], one["patterns"]) for one in data["projects"]] == [
        ("other", 1, 2),
        ("project", 2, 5),
    ]
    assert data["kinds"] == {"call": 3, "value": 4}
    assert data["indexed"] == 2
    assert "3 call patterns, 4 value patterns" in memory("stats").err


def test_forget_erases_one_project_by_name_or_folder(memory: Cli, filled: Path) -> None:
    done = memory("forget", "other")
    assert done.code == 0
    assert done.err.startswith("forgotten /srv/other: 2 patterns, 1 target, ")
    assert memory("forget", ".", "--json").envelope["data"]["patterns"] == 5
    assert memory("list", "--all").err.startswith("nothing is remembered here")
    assert memory("forget", "other").code == 2
    assert "nothing is remembered of it" in memory("forget", ".").err
    left = b"".join(path.read_bytes() for path in Path(os.environ["QEFORGE_DATA_DIR"]).glob("memory*"))
    assert b"slugify" not in left


def test_forget_asks_back_where_a_word_may_mean_two_projects(memory: Cli, filled: Path) -> None:
    Path("other").mkdir()
    done = memory("forget", "other")
    assert done.code == 2
    assert "other: a folder here, and a project that is remembered" in done.err
    assert memory("forget", "/srv/other").code in (0, 2)
    assert memory("list").code == 0


def test_export_and_import_hand_patterns_on(memory: Cli, filled: Path) -> None:
    done = memory("export", "out.jsonl")
    assert (done.code, done.out, done.err) == (0, "out.jsonl\n", "5 patterns written\n")
    assert memory("export", "out.jsonl").code == 2
    clone = filled.parent / "clone"
    clone.mkdir()
    (clone / "pyproject.toml").write_text("")
    taken = memory("import", "out.jsonl", "--into", str(clone))
    assert (taken.code, taken.err) == (0, "5 patterns added, 0 known already, 0 refused\n")
    assert memory("list", "--project", "clone", "--json").envelope["data"]["patterns"][0]["act"] == "area(1, 2)"
    assert memory("import", "out.jsonl", "--into", "nowhere").code == 2


def test_import_says_what_it_refused(memory: Cli, project: Path) -> None:
    (project / "bad.jsonl").write_text('{"format": "qeforge-patterns", "version": 1}\n{"kind": "call"}\n')
    done = memory("import", "bad.jsonl", "--json")
    assert done.code == 1
    [refused] = done.envelope["data"]["refused"]
    assert refused["line"] == 2
    assert refused["reason"].startswith("its fields are not")
    (project / "foreign").write_text("hello")
    assert "no export of qeforge's memory" in memory("import", "foreign").err


def test_backup_and_restore(memory: Cli, filled: Path) -> None:
    assert memory("backup", "copy.db").code == 0
    memory("forget", "other")
    done = memory("restore", "copy.db", "--json")
    assert Path(done.envelope["data"]["former"]).is_file()
    assert "elsewhere" in memory("list", "--all").out
    assert "older copies of the database still have it" in memory("forget", "other").err
    assert memory("restore", "nothing.db").code == 2


def test_verify_names_the_fault(memory: Cli, filled: Path) -> None:
    assert memory("verify").code == 0
    database = Path(os.environ["QEFORGE_DATA_DIR"]) / "memory.db"
    with sqlite3.connect(database) as connection:
        connection.execute("update pattern set act = 'slugify('")
    connection.close()
    done = memory("verify", "--json")
    assert done.code == 3
    assert len(done.envelope["data"]["problems"]) == 7
    assert json.dumps(done.envelope["errors"]).count("is no recipe") == 7
    database.write_bytes(b"nothing that SQLite knows " * 99)
    assert "damaged" in memory("verify").err
    assert "damaged" in memory("list").err


def test_likeness_is_told_by_the_embedder_in_the_settings(
    memory: Cli, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QEFORGE_MEMORY_EMBEDDER", "sentence-transformers")
    for command in (("search", "slugify"), ("cluster",)):
        done = memory(*command)
        assert done.code == 2
        assert "memory.embedder is 'sentence-transformers', and no model is named" in done.err
    assert "the index cannot be used: memory.embedder is" in memory("verify").err
    for command in (("list",), ("show", ""), ("backup", "copy.db"), ("import", "none"), ("forget", "other")):
        assert "embedder" not in memory(*command).err
