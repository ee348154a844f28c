import json
from pathlib import Path

import pytest

from qeforge.domain.pattern import PatternKind
from qeforge.errors import UsageError, WriteError
from qeforge.memory.exchange import exported, take_in, write
from qeforge.memory.listing import listed
from tests.memory.samples import PROJECT, call, keep, learned, memory_in, module, place

HEAD = '{"format": "qeforge-patterns", "version": 1}'
GOOD = {
    "kind": "call",
    "shape": "function plain f(x: int)",
    "act": "f(1)",
    "module": "shop.texts",
    "target": "shop.texts:f",
    "arrange": ["y = 2"],
    "imports": ["from shop.texts import f"],
    "fixtures": ["tmp_path"],
    "roles": ["x"],
}


def file(folder: Path, *lines: object, head: str = HEAD) -> Path:
    path = folder / "in.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join([head, *texts]), encoding="utf-8")
    return path


def test_what_goes_out_comes_in_as_another_projects(tmp_path: Path) -> None:
    memory = memory_in(tmp_path / "here")
    keep(memory, call("slugify('a')"), call("cart.add('x', 1)", "Cart.add", arrange=("cart = Cart('é')",)))
    text = exported(memory, project=PROJECT)
    assert PROJECT not in text
    write(text, tmp_path / "out.jsonl")
    there = memory_in(tmp_path / "there")
    done = take_in(there, tmp_path / "out.jsonl", project="/clone", at=5.0)
    assert (done.added, done.known, done.refused) == (6, 0, ())
    mine, theirs = (listed(one, project=root, count=9) for one, root in ((memory, PROJECT), (there, "/clone")))
    assert {row.pattern.act for row in mine} == {row.pattern.act for row in theirs}
    assert take_in(there, tmp_path / "out.jsonl", project="/clone", at=6.0).known == 6
    assert exported(there, project="/clone").splitlines()[0] == HEAD


def test_stand_ins_go_out_and_come_in(tmp_path: Path) -> None:
    where = module("import subprocess\n\n\ndef ask(x):\n    return subprocess.run(x)\n", "shop.outside")
    made = call(
        "ask('a')",
        "ask",
        at="shop.outside",
        arrange=(
            "monkeypatch.setattr('subprocess.run', lambda *args: 7)",
            "monkeypatch.setattr('shop.outside.subprocess', str)",
        ),
        fixtures=("monkeypatch",),
    )
    memory, there = memory_in(tmp_path / "here"), memory_in(tmp_path / "there")
    memory.keep(place("ask", at="shop.outside"), learned(made, of=where), at=1.0)
    write(exported(memory, project=PROJECT), tmp_path / "out.jsonl")
    assert take_in(there, tmp_path / "out.jsonl", project="/clone", at=5.0).refused == ()
    [fake] = there.parts(PatternKind.FAKE, ["subprocess.run"], project="/clone")["subprocess.run"]
    assert (fake.act, fake.shape) == ("lambda *args: 7", "outside subprocess.run ")


def test_what_comes_in_lifts_no_confinement(tmp_path: Path) -> None:
    memory = memory_in(tmp_path)
    keep(memory, call("f(1)"))
    with memory.store.transaction() as connection:
        connection.execute("update target set confined = 1, digest = 'd', path = 'm.py'")
    write(exported(memory, project=PROJECT), tmp_path / "out.jsonl")
    take_in(memory, tmp_path / "out.jsonl", project=PROJECT, at=9.0)
    (row,) = memory.store.rows("select confined, digest, path from target")
    assert tuple(row) == (1, "d", "m.py")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        write("x", tmp_path / "out")
    with pytest.raises(WriteError, match="No such file"):
        write("x", tmp_path / "none" / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "virus"}, "unknown kind 'virus'"),
        ({"shape": "half \ud800"}, "shape holds characters that are no text"),
        ({"act": ""}, "act is no text of 1 to 4000 characters"),
        ({"act": "x" * 5000}, "act is no text"),
        ({"act": "f(", "kind": "call"}, "act is no Python"),
        ({"act": "# nothing"}, "act is empty"),
        ({"act": "f(1)\x00"}, "act is no Python"),
        ({"imports": ["import os; os.remove('x')"]}, "imports hold something else than imports"),
        ({"imports": ["from os import *"]}, "imports hold a star"),
        ({"imports": "import os"}, "imports is no list"),
        ({"arrange": ["# nothing"]}, "arrange holds a line without a statement"),
        ({"arrange": ["x ="]}, "arrange is no Python"),
        ({"arrange": ["x = 1"] * 65}, "arrange is no list of at most 64 short texts"),
        ({"fixtures": ["tmp path"]}, "a fixture is no name"),
        ({"roles": ["x y"]}, "a role is no name"),
        ({"target": "elsewhere:f"}, "target is no module:qualname of module"),
        ({"target": "shop.texts:f; import os"}, "target is no module:qualname"),
        ({"module": "shop-texts", "target": "shop-texts:f"}, "target is no module:qualname"),
        ({"kind": "value", "act": "x = 1"}, "a value is no single expression"),
        ({"extra": 1}, "its fields are not"),
        ({"act": 3}, "act is no text"),
    ],
)
def test_what_is_no_recipe_is_refused_with_its_line_and_the_rest_is_kept(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    memory = memory_in(tmp_path)
    done = take_in(memory, file(tmp_path, {**GOOD, **change}, GOOD), project=PROJECT, at=1.0)
    [(line, told)] = done.refused
    assert line == 2
    assert told.startswith(reason)
    assert [row.pattern.act for row in listed(memory, project=PROJECT, count=9)] == ["f(1)"]


@pytest.mark.parametrize("line", ["nonsense", "[1]", "3", "[" * 5000, '{"a": ' * 3000])
def test_what_is_no_json_object_is_refused(tmp_path: Path, line: str) -> None:
    done = take_in(memory_in(tmp_path), file(tmp_path, line, ""), project=PROJECT, at=1.0)
    assert (done.added, len(done.refused)) == (0, 1)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("{}", "no export of qeforge's memory"),
        ("", "no export of qeforge's memory"),
        ("[" * 5000, "no export"),
        ('{"format": "qeforge-patterns", "version": 2}', "written by a newer qeforge"),
    ],
)
def test_a_foreign_file_is_refused_whole(tmp_path: Path, head: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        take_in(memory_in(tmp_path), file(tmp_path, GOOD, head=head), project=PROJECT, at=1.0)
    assert not (tmp_path / "memory.db").exists()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = memory_in(tmp_path)
    with pytest.raises(UsageError, match="No such file"):
        take_in(memory, tmp_path / "none", project=PROJECT, at=1.0)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="no text"):
        take_in(memory, tmp_path / "bytes", project=PROJECT, at=1.0)
    monkeypatch.setattr("qeforge.memory.exchange.MOST_BYTES", 10)
    with pytest.raises(UsageError, match="larger than"):
        take_in(memory, file(tmp_path, GOOD), project=PROJECT, at=1.0)


def test_taking_in_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    poison = {
        **GOOD,
        "act": f"open({str(mark)!r}, 'w').write('x')",
        "arrange": [f"__import__('os').mkdir({str(mark)!r})"],
    }
    assert take_in(memory_in(tmp_path), file(tmp_path, poison), project=PROJECT, at=1.0).added == 1
    assert not mark.exists()
