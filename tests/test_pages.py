"""What the pages for developers say about the code is true of the code."""

import re
import tomllib
from pathlib import Path

import pytest

import qeforge.domain

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "qeforge"


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["architecture.md", "extending.md", "benchmarks.md"])
def test_files_that_are_mentioned_are_there(name: str) -> None:
    places = (ROOT, PACKAGE, PACKAGE / "execution")
    mentioned = set(re.findall(r"`([\w.-]+/[\w./-]*|\w+\.py)`", page(name)))
    assert mentioned
    everywhere = {path.name for folder in ("qeforge", "benchmarks") for path in (ROOT / folder).rglob("*.py")}
    missing = [m for m in mentioned if m not in everywhere and not any((place / m).exists() for place in places)]
    assert sorted(missing) == []


@pytest.mark.parametrize("name", ["architecture.md", "extending.md", "benchmarks.md"])
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page(name))
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_the_import_order_is_the_one_that_is_checked() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = document["tool"]["importlinter"]["contracts"][0]["layers"]
    bare = [layer.replace("qeforge.", "") for layer in layers]
    order = " → ".join(f"({layer})" if "|" in layer else layer for layer in bare)
    assert order in page("architecture.md")


def test_every_package_has_its_line() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    table = set(re.findall(r"`(\w+)/`", page("architecture.md")))
    assert packages <= table


def test_words_are_classes_of_the_domain() -> None:
    folder = Path(str(qeforge.domain.__file__)).parent
    source = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    section = page("architecture.md").partition("## Words")[2].partition("## ")[0]
    rows = re.findall(r"^\| ([A-Z][\w, ]+) \|", section, re.MULTILINE)
    words = [word for row in rows for word in row.split(", ")]
    assert len(words) > 10
    assert [word for word in words if not re.search(rf"^class {word}\b", source, re.MULTILINE)] == []


def test_there_is_a_place_for_measured_tables() -> None:
    assert re.search(r"<!-- measured:begin -->\n.*<!-- measured:end -->\n", page("benchmarks.md"), re.DOTALL)
