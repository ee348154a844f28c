import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.capability import Capability
from qeforge.domain.pattern import Recalled
from qeforge.domain.recipe import Recipe
from qeforge.domain.routing import Decision, Engine, Features
from qeforge.providers.remote import Address
from qeforge.refinement import fingerprint
from qeforge.refinement.cache import Cache, Keep
from qeforge.refinement.fingerprint import key_of, place_of
from qeforge.refinement.task import Consulting, ModuleTask
from tests.analysis.modules import module_of
from tests.refinement.tasks import interpreter, task

SOURCE = "def f():\n    return 1\n"


@pytest.fixture
def work(tmp_path: Path) -> ModuleTask:
    (tmp_path / "test_mine.py").write_text("from shop import f\n")
    (tmp_path / "conftest.py").write_text("")
    plain = task(module_of(SOURCE, "shop", tmp_path), tmp_path)
    return replace(plain, existing=(tmp_path / "test_mine.py",), conftests=(tmp_path / "conftest.py",))


CHANGES: dict[str, Any] = {
    "seconds": 3.0,
    "rounds": 1,
    "seed": 1,
    "sandbox": False,
    "why": False,
    "private": False,
    "without": frozenset({Capability.REPAIR}),
    "memory_bytes": 1,
    "properties": True,
    "wanted": frozenset({"shop:f"}),
    "merge": True,
    "existing": (),
    "conftests": (),
    "root": Path("/elsewhere"),
    "out": Path("/elsewhere"),
    "suite": Path("/elsewhere/test_shop.py"),
    "python_paths": (Path("/elsewhere"),),
    "interpreter": interpreter(has_pytest=False),
}


class _Nobody:
    """A router that asks nobody."""

    def decide(self, features: Features) -> Decision:
        return Decision(target=features.target, engine=Engine.NATIVE, reason="", confidence=0.0)


KEEP = Keep(cache=Cache(Path("/elsewhere")), place="", key="")
SAME: dict[str, Any] = {
    "force": True,
    "dry_run": True,
    "keep": KEEP,
    "recipes": (Recipe(target="shop:f"),),
    "reached": frozenset({(1, 2)}),
    "recalled": Recalled(recipes=(Recipe(target="shop:f"),)),
    "consulting": Consulting(line=Address(path="/elsewhere", key=b""), router=_Nobody(), project="shop"),
}


def test_every_field_of_a_task_was_thought_of() -> None:
    assert {field.name for field in fields(ModuleTask)} == {*CHANGES, *SAME, "module"}


def test_which_models_may_be_asked_counts_and_where_they_are_does_not(work: ModuleTask) -> None:
    def place(path: str, *identity: str) -> str:
        line = Address(path=path, key=b"")
        given = Consulting(line=line, router=_Nobody(), project="shop", identity=identity)
        return place_of(replace(work, consulting=given), {})

    assert place("/a", "local: small") == place("/b", "local: small")
    assert place("/a", "local: small") != place("/a", "local: large")


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_a_suite_changes_its_place(work: ModuleTask, name: str) -> None:
    assert place_of(replace(work, **{name: CHANGES[name]}), {}) != place_of(work, {})


@pytest.mark.parametrize("name", SAME)
def test_what_changes_no_suite_does_not(work: ModuleTask, name: str) -> None:
    assert place_of(replace(work, **{name: SAME[name]}), {}) == place_of(work, {})


def test_the_text_of_the_module_is_in_the_key_alone(work: ModuleTask) -> None:
    other = replace(work, module=module_of(SOURCE + "\n", "shop", work.root))
    place = place_of(work, {})
    assert place_of(other, {}) == place
    assert key_of(place, other, "") != key_of(place, work, "")


def test_the_suite_on_disk_counts_where_tests_in_it_are_kept(work: ModuleTask) -> None:
    assert key_of("p", work, "a") == key_of("p", work, "b")
    merging = replace(work, merge=True)
    assert key_of("p", merging, "a") != key_of("p", merging, "b")


@pytest.mark.parametrize("name", ["test_mine.py", "conftest.py"])
def test_the_content_of_existing_tests_counts(work: ModuleTask, name: str) -> None:
    before = place_of(work, {})
    (work.root / name).write_text("A = 1\n")
    assert place_of(work, {}) != before


def test_what_the_module_imports_counts(work: ModuleTask) -> None:
    assert len({place_of(work, found) for found in ({}, {"a": "1"}, {"a": "2"}, {"b": "1"})}) == 4


def test_of_a_projects_configuration_counts_what_concerns_tests(work: ModuleTask) -> None:
    def place(text: str, name: str = "pyproject.toml") -> str:
        (work.root / name).write_text(text)
        return place_of(work, {})

    before = place('[project]\nversion = "1"\n')
    assert place('[project]\nversion = "2"\n[tool.mypy]\nstrict = true\n') == before
    assert place("[tool.pytest.ini_options]\naddopts = '-x'\n") != before
    assert place("[tool.ruff]\nline-length = 100\n") != before
    assert len({place("no [toml"), place("no [[toml"), before}) == 3
    assert place("[pytest]\n", "pytest.ini") != place("[pytest]\naddopts = -x\n", "pytest.ini")


def test_what_is_installed_counts(work: ModuleTask, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for folder, version in ((before, "1"), (after, "2")):
        (folder / f"lib-{version}.dist-info").mkdir(parents=True)
        (folder / "lib.py").write_text("")
    assert fingerprint.installed(before) == ("lib-1.dist-info",)
    assert fingerprint.installed(tmp_path / "nowhere") == ()
    assert fingerprint.installed(before) != fingerprint.installed(after)


def test_another_qeforge_does_everything_anew(work: ModuleTask, monkeypatch: pytest.MonkeyPatch) -> None:
    before = place_of(work, {})
    monkeypatch.setattr(fingerprint, "_self", lambda: "another")
    assert place_of(work, {}) != before


def test_the_same_in_every_process(work: ModuleTask) -> None:
    many = replace(work, wanted=frozenset(f"shop:{name}" for name in "abcdefgh"), without=frozenset(Capability))
    told = json.dumps(fingerprint._told(many.wanted))
    assert told == json.dumps(sorted(f"shop:{name}" for name in "abcdefgh"))
