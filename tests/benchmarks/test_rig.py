"""The catalogue, environments, stores and pages of the side-by-side scripts."""

import subprocess
import sys
from pathlib import Path

import pytest
from rig.document import replace_section
from rig.environments import Environments, Unavailable, python_version, site_packages, version_of
from rig.metered import Usage
from rig.records import Store, is_done
from rig.running import without_folders
from rig.shelf import Made, Shelf
from rig.subjects import callables_in, load
from rig.tools import PEERS, Generated, Qeforge, peer

from qeforge.domain.capability import Capability

from .records import record

ROOT = Path(__file__).parents[2]


def test_the_catalogue_has_all_groups() -> None:
    catalogue = load()
    cm = catalogue.chosen(["cm"])
    assert len(cm) == 43
    assert all(subject.published is not None and subject.published.size > 0 for subject in cm)
    assert [subject.module for subject in catalogue.chosen(["pynguin"])] == sorted(
        ["inflection", "string_utils.validation", "toolz.itertoolz"]
    )
    assert len(catalogue.chosen(["dozen"])) == 12
    assert catalogue.source.startswith("https://")
    assert set(catalogue.environments) == {"judge", "plots", "qeforge", "coverup", "llmserver", *PEERS}


def test_a_package_chooses_its_modules_and_none_twice() -> None:
    chosen = [subject.module for subject in load().chosen(["sty", "sty.lib"])]
    assert chosen == ["sty.lib", "sty.primitive"]


def test_every_module_of_the_sample_projects_is_a_subject_that_can_be_found() -> None:
    found = {subject.source(Path("nowhere")) for subject in load().chosen(["samples"])}
    assert len(found) > 10
    assert all(path.is_file() and callables_in(path) for path in found)


def test_a_module_that_is_not_installed_is_told() -> None:
    [subject] = load().chosen(["inflection"])
    with pytest.raises(FileNotFoundError, match="inflection is not in nowhere"):
        subject.source(Path("nowhere"))


def test_an_interpreter_that_is_given_is_taken_as_it_is(tmp_path: Path) -> None:
    here = Path(sys.executable)
    made = Environments(catalogue=load(), folder=tmp_path, python=here, existing={"judge": here}, install=False)
    assert made.interpreter("judge") == here
    with pytest.raises(Unavailable, match="no environment for pynguin"):
        made.interpreter("pynguin")


def test_an_environment_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no room left >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    said: list[str] = []
    made = Environments(catalogue=load(), folder=tmp_path / "envs", python=broken, say=said.append)
    with pytest.raises(Unavailable, match="could not be made: no room left"):
        made.interpreter("crosshair")
    assert said[0].startswith("making the environment for crosshair: crosshair-tool==")


def test_what_an_interpreter_has() -> None:
    here = Path(sys.executable)
    assert (site_packages(here) / "pytest").is_dir()
    assert version_of(here, "pytest") == pytest.__version__
    assert version_of(here, "nobody-wrote-this") == ""
    assert python_version(here) == ".".join(map(str, sys.version_info[:3]))


def test_a_suite_on_the_shelf_is_there_when_all_of_it_is(tmp_path: Path) -> None:
    shelf, suite = Shelf(folder=tmp_path / "shelf"), tmp_path / "suite"
    suite.mkdir()
    (suite / "test_a.py").write_text("one", encoding="utf-8")
    key = ("qeforge single pass", "inflection", 10.0, 0)
    usage = Usage(code=0, timed_out=False, wall=1.0, cpu=1.0, memory_mb=10.0, left_over=0)
    generated = Generated(usage=usage, note="said", rounds=({"number": 1},), own={"quality": 0.5})
    assert shelf.get(*key) is None
    shelf.put(key, Made(suite=suite, version="1", machine={"cores": 2}, generated=generated))
    made = shelf.get(*key)
    assert made is not None
    assert (made.version, made.generated) == ("1", generated)
    assert (made.suite / "test_a.py").read_text(encoding="utf-8") == "one"
    made.suite.with_name(f"{made.suite.name}.json").write_text('{"version": "1', encoding="utf-8")
    assert shelf.get(*key) is None


def test_variants_of_qeforge_have_names_of_their_own() -> None:
    here = Path(sys.executable)
    plain = Qeforge(target=here)
    assert plain.name == "qeforge"
    assert Qeforge(target=here, rounds=1).name == "qeforge single pass"
    assert Qeforge(target=here, without=(Capability.REPAIR,)).name == "qeforge without repair"
    assert plain.version == Qeforge(target=here, rounds=1).version
    assert {peer(name, here).name for name in PEERS} == set(PEERS)


def test_a_store_keeps_the_latest_and_survives_a_cut_line(tmp_path: Path) -> None:
    store = Store(path=tmp_path / "deep" / "run.jsonl")
    assert store.read() == []
    old, new = record(note="old"), record(note="new", own={"quality": 0.5}, rounds=({"number": 1},))
    other = record("pynguin")
    for one in (other, old, new):
        store.add(one)
    with store.path.open("a", encoding="utf-8") as file:
        file.write('{"tool": "qef')
    assert store.read() == [other, new]
    store.tidy()
    assert len(store.path.read_text(encoding="utf-8").splitlines()) == 2
    assert store.read() == [other, new]


@pytest.mark.parametrize(
    "note, expected",
    [
        ("no functions in a.b (from '/home/me/env/lib/a/b.py')", "no functions in a.b (from 'b.py')"),
        ("read/write error: 3/4 done", "read/write error: 3/4 done"),
    ],
)
def test_results_name_no_folders(note: str, expected: str) -> None:
    assert without_folders(note) == expected


@pytest.mark.parametrize(
    "version, mutants, done",
    [("1", 20, True), ("1", 0, True), ("1", 80, False), ("2", 20, False)],
)
def test_when_a_result_is_good_enough(version: str, mutants: int, done: bool) -> None:
    assert is_done(record(), version=version, mutants=mutants) is done
    assert not is_done(None, version=version, mutants=mutants)


def test_a_section_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a:begin -->\nold \\1\n<!-- a:end -->\nafter\n", encoding="utf-8")
    replace_section(page, "a", "new \\1\n")
    assert page.read_text(encoding="utf-8") == "before\n<!-- a:begin -->\nnew \\1\n<!-- a:end -->\nafter\n"
    with pytest.raises(ValueError, match="no section between <!-- b:begin -->"):
        replace_section(page, "b", "text")


def test_the_page_has_a_place_for_every_script() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for name in ("compare", "same-model", "ablation", "refinement", "figures", "whole-repo"):
        assert text.count(f"<!-- {name}:begin -->") == text.count(f"<!-- {name}:end -->") == 1


@pytest.mark.parametrize("script", ["compare.py", "ablation.py", "refinement.py"])
def test_every_script_tells_its_options(script: str) -> None:
    command = [sys.executable, "-B", str(ROOT / "benchmarks" / script), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "--subjects" in done.stdout
