from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.observation import Raised
from qeforge.domain.target import SourceModule
from qeforge.engine.plan import Argument, Plan
from qeforge.engine.trees import Trees, with_key
from qeforge.engine.value import Value, literal
from tests.engine.test_operands import TARGET

_PLAN = Plan(target=TARGET)


def trees(source: str = "") -> Trees:
    return Trees(SourceModule(name="m", path=Path("m.py"), import_root=Path(), source=source, targets=()))


def missing(path: str) -> Raised:
    return Raised(type_name="FileNotFoundError", message=f"[Errno 2] No such file or directory: '{path}'")


def test_a_file_that_was_looked_for_in_the_working_folder_is_there() -> None:
    [plan] = trees().after_missing(_PLAN, missing("conf/app.json"))

    assert plan.world == (
        "monkeypatch.chdir(tmp_path)",
        '(tmp_path / "conf").mkdir()',
        '(tmp_path / "conf" / "app.json").write_text(\'{"a": 1}\')',
    )
    assert set(plan.world_fixtures) == {"monkeypatch", "tmp_path"}


def test_a_file_that_was_looked_for_in_the_tests_folder_is_there() -> None:
    [plan] = trees().after_missing(_PLAN, missing("/tmp/qeforge-12ab/tmp/test-x_1/setup.cfg"))

    assert plan.world == ("(tmp_path / \"setup.cfg\").write_text('[section]\\nkey = 1\\n')",)
    assert plan.world_fixtures == ("tmp_path",)


@pytest.mark.parametrize("path", ["/etc/missing.conf", "../outside", "~/.netrc"])
def test_nothing_is_made_outside_of_the_tests_folder(path: str) -> None:
    assert trees().after_missing(_PLAN, missing(path)) == []


def test_a_file_is_made_once() -> None:
    [plan] = trees().after_missing(_PLAN, missing("a.txt"))

    assert trees().after_missing(plan, missing("a.txt")) == []


def test_json_in_a_file_gets_the_key_that_was_missing() -> None:
    [plan] = trees().after_missing(_PLAN, missing("a.json"))

    first, *_ = with_key(plan, Raised(type_name="KeyError", message="'name'"))

    assert first.world[-1] == '(tmp_path / "a.json").write_text(\'{"name": "abc", "a": 1}\')'


def test_json_in_the_file_of_an_argument_gets_the_key_too() -> None:
    value = Value(
        source='tmp_path / "a.json"', fixtures=("tmp_path",), setup=("{name}.write_text('{{\"a\": 1}}')",), shared=True
    )
    plan = replace(_PLAN, arguments=(Argument(name="path", value=value),))

    first, *_ = with_key(plan, Raised(type_name="KeyError", message="'name'"))

    assert first.arguments[0].value.setup == ('{name}.write_text(\'{{"name": "abc", "a": 1}}\')',)


def test_code_that_reads_archives_gets_one_where_a_file_was_missing() -> None:
    given = replace(_PLAN, arguments=(Argument(name="source", value=literal("'a.txt'")),))

    found = trees("import zipfile\n").after_missing(given, missing("/srv/a.txt"))

    assert found
    assert all(".zip" in plan.arguments[0].value.source for plan in found)
    assert trees("import zipfile\n").after_missing(given, missing("/srv/b.cfg")) == []
