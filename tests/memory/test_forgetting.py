from dataclasses import replace
from pathlib import Path

from qeforge.domain.candidate import Claim
from qeforge.domain.pattern import Outcome
from qeforge.domain.report import Suspect
from qeforge.memory.examples import SqliteExamples
from qeforge.memory.forgetting import FORGOTTEN, forget
from qeforge.memory.ledger import SqliteLedger
from qeforge.memory.suspects import SuspectStore
from qeforge.memory.upkeep import vacuum
from tests.memory.samples import PROJECT, call, keep, memory_in
from tests.memory.test_examples import EXAMPLE
from tests.memory.test_store import call as question

TABLES = ("project", "target", "pattern", "outcome", "shape", "vector", "suspect")


def counts(memory: object) -> dict[str, int]:
    return {name: memory.store.rows(f"select count(*) from {name}")[0][0] for name in TABLES}  # type: ignore[attr-defined]


def test_a_project_is_gone_with_its_last_byte_and_others_stay(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('common')"), project="/srv/other")
    before = counts(memory)
    [one, *_] = keep(memory, call("slugify('sesame-open')"), call("area(4711, 2)", "area"))
    memory.settle([Outcome(pattern=one.id, target=one.target, goals=1)], at=1.0)
    claim = Claim(expected="'sesame-expected'", source="docstring")
    suspect = Suspect(target="shop.texts:f", act="f('sesame-act')", claim=claim, observed="sesame-observed")
    suspects = SuspectStore(memory.store)
    for path in (f"{PROJECT}/src/texts.py", f"{PROJECT}-2/src/texts.py"):
        suspects.replace(Path(path), "shop.texts", [suspect], digests={"shop.texts:f": "d"}, at=1.0)
    ledger = SqliteLedger(memory.store)
    ledger.record(question(module="sesame.module"))
    ledger.record(question(project="other"))
    examples = SqliteExamples(memory.store)
    for project in (Path(PROJECT).name, "other"):
        asked = "sesame-asked" if project != "other" else "plain"
        examples.record(replace(EXAMPLE, project=project, ask=asked))
    assert memory.near("slugify", 3, project=PROJECT)

    removed = forget(memory, PROJECT)

    assert (removed.patterns, removed.targets, removed.suspects, removed.calls, removed.examples) == (5, 2, 1, 1, 1)
    assert counts(memory) == {**before, "suspect": 1}
    assert memory.near("slugify", 3, project=PROJECT) == []
    assert memory.indexed == 1
    gone = next(one for one in ledger.calls() if one.project == FORGOTTEN)
    assert (gone.module, gone.target, gone.features, gone.usd) == ("", "", "", 0.5)
    assert [one.ask for one in examples.all()] == ["plain"]
    assert [one.module for one in ledger.calls(project="other")] == ["shop.cart"]

    suspects.replace(Path(f"{PROJECT}-2/src/texts.py"), "shop.texts", [], digests={}, at=1.0)
    vacuum(memory.store)
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"sesame" not in left
    assert b"4711" not in left
    assert b"common" in left


def test_a_name_that_another_project_has_stays_in_the_account(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('a')"))
    keep(memory, call("slugify('a')"), project="/home/shop")
    ledger = SqliteLedger(memory.store)
    ledger.record(question())
    assert forget(memory, PROJECT).calls == 0
    assert [one.project for one in ledger.calls()] == ["shop"]
    assert forget(memory, "/home/shop").calls == 1


def test_what_nobody_knows_takes_nothing_away(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("slugify('a')"))
    before = counts(memory)
    removed = forget(memory, "/nowhere")
    assert (removed.patterns, removed.targets, removed.suspects, removed.calls) == (0, 0, 0, 0)
    assert counts(memory) == before
