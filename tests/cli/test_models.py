"""`qeforge models` from the command line, with a hub on this machine."""

import io
import os
import re
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest

from qeforge.cli.console import Terminal
from qeforge.cli.main import run
from qeforge.cli.model_rows import Row, size
from qeforge.cli.models import app
from qeforge.cli.transfer import transfer
from qeforge.config import Config
from qeforge.providers import guard
from qeforge.providers.bench import measure
from qeforge.providers.catalogue import Entry, catalogue
from qeforge.providers.hub import Hub as HubClient
from qeforge.wiring import stored
from tests.cli.conftest import Cli, Ended
from tests.providers.hub_server import Hub, Misdeed, entry_of, hub, model
from tests.providers.test_bench import Clock, Timed

DATA = model()


@pytest.fixture
def models(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Runs `qeforge models …` with everything real but the catalogue, which has one small model more."""
    monkeypatch.setitem(cast(dict[str, Entry], catalogue()), "tiny", entry_of(DATA))
    for name in ("HF_ENDPOINT", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)

    def call(*args: str) -> Ended:
        code = run(("models", *args))
        return Ended(code, *capsys.readouterr())

    with guard._relaxed():
        yield call
    os.environ.clear()  # the guard has taken secrets out, and switched libraries to quiet
    os.environ.update(before)


@pytest.fixture
def server(models: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    constants = pytest.importorskip("huggingface_hub.constants", reason="the package is not installed")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setitem(cast(dict[str, object], HubClient.__init__.__kwdefaults__), "pause", 0.0)
    with hub(DATA) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


@pytest.fixture
def folder(project: Path) -> Path:
    return project.parent / "data" / "models"


@pytest.fixture
def file(project: Path) -> Path:
    path = project / "mine.gguf"
    path.write_bytes(model(seed=1))
    return path


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(text))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("CI", "1")  # no live display


# -- list -------------------------------------------------------------------------------------------------------


def test_list_names_what_can_be_had_and_writes_nothing(models: Cli, folder: Path) -> None:
    ended = models("list")
    assert ended.code == 0
    lines = {line.split()[0]: line for line in ended.out.splitlines()[2:]}
    assert list(lines) == list(catalogue())
    assert lines["qwen2.5-coder-1.5b"].split()[1:] == ["1.1", "GB", "Apache-2.0", "1.4", "GB"]
    assert "Llama 3.2 Community" in lines["llama-3.2-3b"]
    assert lines["smollm2-135m"].endswith("import only")
    assert not folder.exists()


def test_list_as_json(models: Cli, file: Path, folder: Path) -> None:
    models("import", str(file))
    envelope = models("list", "--json").envelope
    assert (envelope["command"], envelope["status"]) == ("models list", "ok")
    data = envelope["data"]
    assert (data["folder"], data["chosen"]) == (str(folder), "mine")
    rows = {row["name"]: row for row in data["models"]}
    tiny, mine = rows["tiny"], rows["mine"]
    assert (tiny["installed"], tiny["verified"], tiny["path"], tiny["speed"]) == (False, None, None, None)
    assert (tiny["repo"], tiny["licence"], tiny["bytes"]) == ("makers/tiny-GGUF", "MIT", len(DATA))
    assert (mine["installed"], mine["verified"], mine["chosen"], mine["in_catalogue"]) == (True, False, True, False)
    assert (mine["licence"], mine["path"]) == (None, str(folder / "mine.gguf"))
    assert rows["llama-3.2-3b"]["terms"]
    assert set(tiny) == set(mine)


def test_a_model_that_this_machine_cannot_hold_says_so() -> None:
    row = Row(
        name="tiny", entry=catalogue()["mistral-7b"], stored=None, path=None, intact=False, chosen=False,
        partial=0, memory=4_000_000_000,
    )  # fmt: skip
    assert row.cells[3] == "5.1 GB, of 4.0 GB"
    assert row.data["fits"] is False


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 MB"), (98_362_432, "98 MB"), (999_600_000, "1.0 GB"), (4_683_073_536, "4.7 GB")]
)
def test_sizes(number: int, text: str) -> None:
    assert size(number) == text


# -- pull -------------------------------------------------------------------------------------------------------


def test_pull(models: Cli, server: Hub, folder: Path) -> None:
    ended = models("pull", "tiny", "--yes")
    assert (ended.code, ended.out) == (0, f"{folder / 'tiny.gguf'}\n")
    assert (folder / "tiny.gguf").read_bytes() == DATA
    assert ended.err.splitlines() == [
        "tiny: 0 MB from makers/tiny-GGUF, needs 70 MB of memory",
        "licence: MIT (https://opensource.org/license/mit)",
        "tiny: downloaded, its SHA-256 is the published one; it is the one in use",
    ]
    asked = len(server.asked)
    again = models("pull", "tiny")
    assert (again.code, again.out) == (0, ended.out)
    assert "here already" in again.err
    assert len(server.asked) == asked


def test_pull_as_json(models: Cli, server: Hub) -> None:
    ended = models("pull", "tiny", "--yes", "--json")
    assert ended.err == ""
    data = ended.envelope["data"]
    assert (data["name"], data["verified"], data["chosen"]) == ("tiny", True, True)


@pytest.mark.parametrize("flags", [(), ("--json",), ("--quiet",)])
def test_where_nobody_can_be_asked_nothing_is_loaded(models: Cli, server: Hub, folder: Path, flags: tuple[str]) -> None:
    ended = models("pull", "tiny", *flags)
    assert ended.code == 2
    told = ended.envelope["errors"][0]["message"] if flags == ("--json",) else ended.err
    assert "MIT (https://opensource.org/license/mit)" in told
    assert (server.asked, folder.exists()) == ([], False)


def test_under_json_nobody_is_asked_at_a_terminal_either(
    models: Cli, server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "y\n")
    assert models("pull", "tiny", "--json").envelope["errors"][0]["slug"] == "needs-yes"


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_somebody_who_agrees(
    models: Cli, server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    typed(monkeypatch, answer)
    ended = models("pull", "tiny")
    assert ended.code == 0
    assert "Download it under MIT (https://opensource.org/license/mit)? [y/N] " in ended.err
    assert (folder / "tiny.gguf").exists()


@pytest.mark.parametrize("answer", ["\n", "n\n", "", "yesterday\n"])
def test_somebody_who_does_not(models: Cli, server: Hub, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    typed(monkeypatch, answer)
    ended = models("pull", "tiny")
    assert (ended.code, server.asked) == (1, [])
    assert "tiny: not downloaded" in ended.err


def test_a_cut_is_told_and_the_same_command_goes_on(models: Cli, server: Hub, folder: Path) -> None:
    server.gets += [Misdeed(cut=120_000)] + [Misdeed(cut=0)] * 4
    ended = models("pull", "tiny", "--yes", "--json")
    problem = ended.envelope["errors"][0]
    assert (ended.code, problem["slug"]) == (3, "cut")
    assert problem["hint"] == "the same command goes on from there"
    (row,) = (row for row in models("list", "--json").envelope["data"]["models"] if row["name"] == "tiny")
    assert (row["installed"], 0 < row["partial"] <= 120_000) == (False, True)
    assert "% loaded" in next(line for line in models("list").out.splitlines() if line.startswith("tiny"))
    assert models("pull", "tiny", "--yes").code == 0
    assert server.ranges[-1] == f"bytes={row['partial']}-"
    assert (folder / "tiny.gguf").read_bytes() == DATA


def test_a_corrupted_file_is_refused_and_removed(models: Cli, server: Hub, folder: Path) -> None:
    server.data = DATA[:-1] + b"?"
    ended = models("pull", "tiny", "--yes")
    assert ended.code == 3
    assert "SHA-256" in ended.err
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == []


def test_a_file_that_the_hub_has_not(models: Cli, server: Hub) -> None:
    server.heads += [Misdeed(status=404, headers={"x-error-code": "EntryNotFound"})]
    ended = models("pull", "tiny", "--yes")
    assert ended.code == 3
    assert ended.err.count("\n") == 3  # two lines about the model, one about the failure


def test_an_unknown_name(models: Cli) -> None:
    ended = models("pull", "qwen2.5-coder-1.5")
    assert ended.code == 2
    assert "did you mean qwen2.5-coder-1.5b?" in ended.err


@pytest.mark.parametrize("how", ["flag", "project", "variable"])
def test_local_only_loads_nothing(
    models: Cli, server: Hub, project: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "project":
        (project / "pyproject.toml").write_text('[tool.qeforge]\nprivacy = "local-only"\n')
        monkeypatch.setenv("QEFORGE_PRIVACY", "hybrid")
    elif how == "variable":
        monkeypatch.setenv("QEFORGE_PRIVACY", "local-only")
    ended = models("pull", "tiny", "--yes", "--json", *(["--local-only"] if how == "flag" else []))
    problem = ended.envelope["errors"][0]
    assert (ended.code, problem["slug"], server.asked) == (3, "privacy", [])
    assert "models import" in problem["hint"]
    assert not folder.exists()


def test_import_only_models_say_so(models: Cli) -> None:
    ended = models("pull", "smollm2-135m", "--yes")
    assert ended.code == 3
    assert "models import SmolLM2-135M-Instruct.Q4_1.gguf" in ended.err


# -- import, verify, use, remove --------------------------------------------------------------------------------


def test_import_of_a_known_file(models: Cli, project: Path, folder: Path) -> None:
    (project / "whatever.bin").write_bytes(DATA)
    ended = models("import", "whatever.bin")
    assert (ended.code, ended.out) == (0, f"{folder / 'tiny.gguf'}\n")
    assert ended.err == "tiny: imported (hard link; do not change the file that it shares); it is the one in use\n"


def test_import_of_an_unknown_file(models: Cli, file: Path) -> None:
    ended = models("import", str(file), "--name", "ours", "--copy")
    assert "ours: imported (copy); unverified" in ended.err
    assert next(line for line in models("list").out.splitlines() if line.startswith("ours")).endswith(
        "in use, unverified"
    )


def test_import_with_a_checksum(models: Cli, file: Path) -> None:
    ended = models("import", str(file), "--sha256", "0" * 64)
    assert (ended.code, "nothing was imported" in ended.err) == (3, True)
    ended = models("import", str(file), "--sha256", sha256(file.read_bytes()).hexdigest(), "--json")
    assert ended.envelope["data"]["verified"] is True


@pytest.mark.parametrize(("data", "code"), [(b"", 3), (b"no model", 3), (None, 2)])
def test_import_of_what_is_none(models: Cli, project: Path, data: bytes | None, code: int) -> None:
    if data is not None:
        (project / "x.gguf").write_bytes(data)
    ended = models("import", "x.gguf")
    assert ended.code == code
    assert ended.err.count("\n") == 1
    assert "x.gguf" in ended.err


def test_verify(models: Cli, file: Path, project: Path, folder: Path) -> None:
    assert models("verify").err == "no model is on this machine\n"
    (project / "known.gguf").write_bytes(DATA)
    models("import", "known.gguf")
    models("import", str(file), "--copy")
    ended = models("verify")
    assert (ended.code, ended.err) == (0, "mine: as imported, unverified\ntiny: verified\n")
    (folder / "mine.gguf").write_bytes(b"?")
    ended = models("verify", "--json")
    assert (ended.code, [problem["slug"] for problem in ended.envelope["errors"]]) == (3, ["checksum"])
    assert {row["name"]: row["intact"] for row in ended.envelope["data"]["models"]} == {"mine": False, "tiny": True}
    assert models("verify", "tiny").code == 0
    assert models("verify", "none").code == 2
    assert "changed since it was checked" in models("list").out


def test_use_is_kept_for_the_user_and_a_project_comes_before_it(models: Cli, file: Path, project: Path) -> None:
    before = (project / "pyproject.toml").read_text()
    models("import", str(file))
    models("import", str(file), "--name", "other")
    ended = models("use", "other")
    assert (ended.code, ended.out) == (0, "")
    assert "other is the chosen model" in ended.err
    assert models("list", "--json").envelope["data"]["chosen"] == "other"
    assert (project / "pyproject.toml").read_text() == before
    (project / "pyproject.toml").write_text('[tool.qeforge.local]\nmodel = "mine"\n')
    assert "local.model = mine comes before it" in models("use", "other").err
    ended = models("use", "tiny")
    assert (ended.code, "`qeforge models pull tiny`" in ended.err) == (2, True)


def test_remove(models: Cli, file: Path, folder: Path) -> None:
    models("import", str(file))
    ended = models("remove", "mine")
    assert (ended.code, ended.err) == (
        0,
        "mine: removed, 0 MB\nno model is chosen now; `qeforge models use` chooses one\n",
    )
    assert not (folder / "mine.gguf").exists()
    assert file.exists()
    assert models("remove", "mine").code == 2


# -- bench ------------------------------------------------------------------------------------------------------


def test_bench_is_kept_for_the_list(models: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []

    def fake(path: Path, config: Config) -> Timed:
        opened.append(path)
        return Timed(clock)

    clock = Clock()
    monkeypatch.setattr(stored, "opened", fake)
    monkeypatch.setitem(cast(dict[str, object], measure.__kwdefaults__), "clock", clock)
    assert models("bench").code == 3
    models("import", str(file))
    ended = models("bench")
    assert (ended.code, ended.err) == (0, "mine: 10 tokens/s of an answer, 200 of a question (timed)\n")
    (row,) = (row for row in models("list", "--json").envelope["data"]["models"] if row["name"] == "mine")
    assert (row["speed"]["answer"], row["speed"]["question"]) == (10.0, 200.0)
    assert " 10 " in next(line for line in models("list").out.splitlines() if line.startswith("mine"))
    assert [path.name for path in opened] == ["mine.gguf"]


def test_bench_of_what_is_not_here(models: Cli) -> None:
    ended = models("bench", "tiny")
    assert (ended.code, "`qeforge models pull tiny`" in ended.err) == (3, True)


# -- what is shown ----------------------------------------------------------------------------------------------


def test_the_page_says_of_each_model_what_the_list_says(models: Cli) -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `([\w.-]+)` \| (.+?) \| (.+?) \| (.+?) \| `(pull|import)` \|$", page, re.MULTILINE)
    known = [
        (name, size(entry.bytes), entry.licence, size(entry.memory), "pull" if entry.repo else "import")
        for name, entry in catalogue().items()
        if name != "tiny"
    ]
    assert found == known


def test_the_page_names_every_command(models: Cli) -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    commands = {command.name for command in app.registered_commands}
    assert set(re.findall(r"^\| `(\w+)(?: [\w\[\]]+)?` \| ", page, re.MULTILINE)) == commands


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_somebody_who_looks_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with transfer(Terminal(), "tiny") as progress:
        progress(50, 200)
        progress(200, 200)
    assert "tiny" in screen.getvalue()
    assert "200/200 bytes" in screen.getvalue()


def test_nobody_else_sees_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    with transfer(Terminal(), "tiny") as progress:
        progress(200, 200)
    assert screen.getvalue() == ""
