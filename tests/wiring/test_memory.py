import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.analysis.units import shape_of as text_shape
from qeforge.config import Config
from qeforge.domain.candidate import Candidate
from qeforge.domain.pattern import Accepted, Experience, Outcome, Recalled
from qeforge.domain.report import Action, ModuleReport
from qeforge.errors import UnavailableError
from qeforge.memory.store import LATEST
from qeforge.refinement.cache import Cache, Entry, Keep
from qeforge.refinement.task import ModuleTask
from qeforge.wiring.memory import Memory, memory_for, patterns_in, project_key
from tests.analysis.modules import module_of
from tests.memory.samples import SOURCE, call
from tests.refinement.tasks import task


@pytest.fixture
def work(tmp_path: Path) -> ModuleTask:
    root = tmp_path / "shop"
    root.mkdir()
    module = module_of(SOURCE, "shop.texts", root)
    return task(module, root)


def environ(folder: Path) -> dict[str, str]:
    return {"QEFORGE_DATA_DIR": str(folder / "data")}


def report(work: ModuleTask, *accepted: Candidate, outcomes: tuple[Outcome, ...] = ()) -> ModuleReport:
    kept = tuple(Accepted(candidate=one, goals=1) for one in accepted)
    plain = ModuleReport(module=work.module.name, path=work.module.path, action=Action.WRITTEN)
    return replace(plain, experience=Experience(accepted=kept, outcomes=outcomes))


def acts(work: ModuleTask) -> list[str]:
    assert work.recalled is not None
    return [offer.candidate.act for offer in work.recalled.offers]


def test_what_one_run_teaches_the_next_one_knows(tmp_path: Path, work: ModuleTask) -> None:
    first = memory_for(Config(), environ(tmp_path))
    [before] = first.recalled([work])
    assert before.recalled == Recalled()
    first.heard(before, report(before, call("slugify('a')"), call("area(1, 2)", "area")))
    first.save()

    second = memory_for(Config(), environ(tmp_path))
    [after] = second.recalled([work])
    assert set(acts(after)) >= {"slugify('a')", "area(1, 2)", "slugify_all('a')"}
    assert first.notes == second.notes == []
    assert project_key(work.root) == str(work.root)

    offer = after.recalled.offers[0] if after.recalled else None
    assert offer is not None
    second.heard(after, report(after, outcomes=(Outcome(pattern=offer.pattern, target="t", goals=3),)))
    [best, *_] = patterns_in(environ(tmp_path), Config()).of(str(work.root), offer.candidate.target)
    assert (best.id, best.uses, best.gain) == (offer.pattern, 1, 3)


def test_switched_off_it_reads_and_writes_nothing(tmp_path: Path, work: ModuleTask) -> None:
    memory = memory_for(Config(memory_enabled=False), environ(tmp_path))
    assert memory.recalled([work]) == [work]
    memory.heard(work, report(work, call("slugify('a')")))
    memory.save()
    assert not (tmp_path / "data").exists()


def test_work_that_is_known_is_left_alone_and_of_a_part_only_that_part_is_looked_up(
    tmp_path: Path, work: ModuleTask
) -> None:
    memory = memory_for(Config(), environ(tmp_path))
    memory.heard(work, report(work, call("slugify('a')"), call("area(1, 2)", "area")))
    plain = replace(report(work), experience=None)
    entry = Entry(key="k", shape=text_shape(work.module.source), targets=(), report=plain)
    keep = Keep(cache=Cache(tmp_path / "cache"), place="p", key="k")
    known = replace(work, keep=replace(keep, known=entry))
    assert memory.recalled([known]) == [known]
    [some] = memory.recalled([replace(work, keep=replace(keep, part=frozenset({"shop.texts:area"})))])
    assert acts(some) == ["area(1, 2)"]
    [wanted] = memory.recalled([replace(work, wanted=frozenset({"shop.texts:slugify"}))])
    assert acts(wanted) == ["slugify('a')"]


def test_what_nobody_may_be_shown_stays_with_its_target(tmp_path: Path, work: ModuleTask) -> None:
    secret = Config(privacy_never_send=("shop/texts.py",))
    memory = memory_for(secret, environ(tmp_path))
    memory.heard(work, report(work, call("slugify('a')")))
    [found] = memory.recalled([work])
    assert acts(found) == ["slugify('a')"]  # and nothing for slugify_all, which is so like it
    assert found.recalled is not None
    assert found.recalled.recipes == ()
    memory_for(Config(), environ(tmp_path)).heard(work, report(work, call("slugify('a')")))
    [shared] = memory_for(Config(), environ(tmp_path)).recalled([work])
    assert set(acts(shared)) == {"slugify('a')", "slugify_all('a')"}


def damaged(folder: Path) -> str:
    folder.mkdir(parents=True)
    (folder / "memory.db").write_bytes(b"once a database, and now only its remains " * 99)
    return "damaged"


def newer(folder: Path) -> str:
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "memory.db") as connection:
        connection.execute(f"pragma user_version = {LATEST + 1}")
    connection.close()
    return "written by a newer qeforge"


def cut_off(folder: Path) -> str:
    memory = patterns_in({"QEFORGE_DATA_DIR": str(folder)}, Config())
    with memory.store.transaction() as connection:
        connection.execute("insert into shape (words) values (?)", ("x" * 9_000,))
    memory.store.close()
    database = folder / "memory.db"
    with sqlite3.connect(database) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    for beside in folder.glob("memory.db-*"):
        beside.unlink()
    database.write_bytes(database.read_bytes()[:5_000])
    return "damaged"


def test_a_folder_that_cannot_be_made_costs_one_line(tmp_path: Path, work: ModuleTask) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    memory = memory_for(Config(), environ(tmp_path))
    [found] = memory.recalled([work])
    for _ in range(2):
        memory.heard(found, report(found, call("slugify('a')")))
    [note] = memory.notes
    assert note == f"nothing more is remembered: {tmp_path / 'data'}: File exists"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_costs_one_line(tmp_path: Path, work: ModuleTask) -> None:
    memory_for(Config(), environ(tmp_path)).heard(work, report(work, call("slugify('a')")))
    (tmp_path / "data").chmod(0o500)
    (tmp_path / "data" / "memory.db").chmod(0o400)
    memory = memory_for(Config(), environ(tmp_path))
    memory.heard(work, report(work, call("slugify('b')")))
    (tmp_path / "data").chmod(0o700)
    assert len(memory.notes) == 1


@pytest.mark.parametrize("harm", [damaged, newer, cut_off])
def test_a_store_that_cannot_be_used_costs_one_line(tmp_path: Path, work: ModuleTask, harm: object) -> None:
    reason = harm(tmp_path / "data")  # type: ignore[operator]
    memory = memory_for(Config(), environ(tmp_path))
    assert [one.recalled for one in memory.recalled([work, work])] == [None, None]
    memory.heard(work, report(work, call("slugify('a')")))
    memory.save()
    [note] = memory.notes
    assert note.startswith("without memory: ")
    assert reason in note
    assert "\n" not in note


def test_a_store_that_another_process_holds_costs_its_patience_once(
    tmp_path: Path, work: ModuleTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qeforge.memory.store._PATIENCE", 0.1)
    memory_for(Config(), environ(tmp_path)).heard(work, report(work, call("slugify('a')")))
    holder = sqlite3.connect(tmp_path / "data" / "memory.db", isolation_level=None)
    holder.execute("begin exclusive")
    memory = memory_for(Config(), environ(tmp_path))
    [found] = memory.recalled([work])
    assert acts(found)[0] == "slugify('a')"  # reading goes on
    memory.heard(found, report(found, call("slugify('b')")))
    memory.heard(found, report(found, call("slugify('c')")))
    assert [note.partition(": ")[0] for note in memory.notes] == ["nothing more is remembered"]
    assert "locked" in memory.notes[0]
    holder.close()
    assert len(patterns_in(environ(tmp_path), Config()).of(str(work.root), "shop.texts:slugify")) == 1


def test_an_embedder_that_is_not_there_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise UnavailableError("sentence-transformers is not installed")

    monkeypatch.setattr("qeforge.wiring.memory.open_embedder", missing)
    memory = memory_for(Config(memory_embedder="sentence-transformers"), environ(tmp_path))
    assert memory.notes == ["without memory: sentence-transformers is not installed"]


def test_nothing_of_a_report_without_experience_is_kept(tmp_path: Path, work: ModuleTask) -> None:
    memory = Memory(patterns_in(environ(tmp_path), Config()))
    memory.heard(work, replace(report(work), experience=None))
    assert not (tmp_path / "data").exists()
