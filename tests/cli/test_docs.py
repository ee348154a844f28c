"""What is committed follows from the program: manual, completions, pages."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from qeforge.config import SETTINGS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_docs", ROOT / "scripts" / "build_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path, docs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("man", "completions", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_what_is_committed_is_up_to_date(docs: ModuleType) -> None:
    assert docs.drift(ROOT) == []


def test_drift_is_named(docs: ModuleType, copy: Path) -> None:
    (copy / "man" / "qeforge.1").unlink()
    (copy / "man" / "qeforge-gone.1").write_text("")
    (copy / "docs" / "cli.md").write_text("old")
    assert docs.drift(copy) == [
        "missing: man/qeforge.1",
        "out of date: docs/cli.md",
        "left over: man/qeforge-gone.1",
    ]


def test_check_writes_nothing_and_says_what_to_do(
    docs: ModuleType, copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "ROOT", copy)
    monkeypatch.setattr(docs, "completions", lambda: iter([]))
    shutil.rmtree(copy / "completions")
    (copy / "completions").mkdir()
    (copy / "docs" / "cli.md").write_text("old")
    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().out == "out of date: docs/cli.md\nrun scripts/build_docs.py\n"
    assert (copy / "docs" / "cli.md").read_text() == "old"
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0


def test_every_command_and_option_is_in_the_manual_and_the_page(docs: ModuleType) -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    pages = docs.pages()
    assert {one.name for one in pages} >= {"qeforge", "qeforge generate", "qeforge config set", "qeforge doctor"}
    for one in pages:
        manual = (ROOT / "man" / f"{one.file}.1").read_text().replace("\\-", "-")
        section = page.partition(f"## `{one.name}`\n")[2].partition("\n## ")[0]
        assert section, one.name
        for option in one.options:
            assert option.help, f"{one.name} {option.name} has no help"
            assert f"\\fB{option.name}\\fR" in manual
            assert f"`{' '.join(filter(None, (option.name, option.placeholder)))}`" in section


def test_every_setting_is_on_the_configuration_page_and_every_option_of_one_is_a_setting(docs: ModuleType) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    for setting in SETTINGS.values():
        assert f"| `{setting.key}` | `{setting.variable}` |" in page
    (generate,) = [one for one in docs.pages() if one.name == "qeforge generate"]
    options = {name.removeprefix("--") for option in generate.options for name in option.name.split(", ")}
    plain = {setting.key for setting in SETTINGS.values() if len(setting.path) == 1}
    assert plain - options == {"privacy", "without"}


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_reads_the_manual_without_a_warning() -> None:
    pages = sorted(str(path) for path in (ROOT / "man").glob("*.1"))
    answer = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-z", "-K", "utf8", *pages], capture_output=True, text=True, check=True
    )
    assert answer.stderr == ""


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_manual_keeps_special_characters(docs: ModuleType) -> None:
    page = docs.Page(
        words=("qeforge", "x"),
        paragraphs=("Does a \\n thing.", ".starts with a dot", "\b\nExample:\n  'quoted' -x"),
        arguments=(),
        options=(docs.Entry(name="--a-b", placeholder="N", help="'tis"),),
        commands=(),
        repeats=False,
    )
    answer = subprocess.run(
        ["groff", "-man", "-Tascii", "-P-cbou"],
        input=docs.man_page(page, [page, page.__class__(**{**_fields(page), "words": ("qeforge",)})]),
        capture_output=True,
        text=True,
        check=True,
    )
    text = re.sub(r" +", " ", answer.stdout)
    for piece in ("Does a \\n thing", ".starts with a dot", "'quoted' -x", "--a-b N", "'tis"):
        assert piece in text


def _fields(page: object) -> dict[str, object]:
    return {name: getattr(page, name) for name in page.__dataclass_fields__}  # type: ignore[attr-defined]


def test_zsh_finds_its_marker_in_the_first_line() -> None:
    script = (ROOT / "completions" / "_qeforge").read_text()
    assert script.startswith("#compdef qeforge\n")


@pytest.mark.parametrize(("shell", "name"), [("bash", "qeforge.bash"), ("zsh", "_qeforge"), ("fish", "qeforge.fish")])
def test_completions_are_valid_scripts(shell: str, name: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", str(ROOT / "completions" / name)], check=True, timeout=30)
