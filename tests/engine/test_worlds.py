from dataclasses import replace
from pathlib import Path

import pytest

from qeforge.domain.observation import Effect, Observation, Outcome, Raised
from qeforge.domain.target import SourceModule, Span
from qeforge.engine.plan import Plan
from qeforge.engine.worlds import Worlds
from tests.engine.test_operands import TARGET


def worlds(source: str) -> Worlds:
    return Worlds(SourceModule(name="m", path=Path("m.py"), import_root=Path(), source=source, targets=()))


def plan(lines: int = 9) -> Plan:
    return Plan(target=replace(TARGET, span=Span(line=1, end_line=lines)))


def blocked(kind: str) -> Observation:
    return Observation(outcome=Outcome.RAISED, effects=(Effect(kind=kind, event="", detail="", blocked=True),))


def statements(plans: list[Plan]) -> list[str]:
    return [line for one in plans for line in one.world]


def test_a_variable_that_the_code_reads_is_set_and_left_out() -> None:
    found = statements(list(worlds("import os\ndef f():\n    return os.environ['TOKEN']\n").prepare(plan())))

    assert 'monkeypatch.setenv("TOKEN", "abc")' in found
    assert 'monkeypatch.delenv("TOKEN", raising=False)' in found


def test_code_that_asks_for_nothing_gets_nothing() -> None:
    assert list(worlds("def f():\n    return 1\n").prepare(plan())) == []


@pytest.mark.parametrize(
    ("kind", "statement"),
    [("cwd", "monkeypatch.chdir(tmp_path)"), ("home", 'monkeypatch.setenv("HOME", str(tmp_path))')],
)
def test_a_write_into_somebodys_folder_goes_to_the_tests_own(kind: str, statement: str) -> None:
    seen = Observation(outcome=Outcome.RETURNED, effects=(Effect(kind=kind, event="open", detail="", blocked=False),))

    [found] = worlds("").answers(plan(), seen)

    assert found.world == (statement,)
    assert found.world_fixtures == ("monkeypatch", "tmp_path")


def test_standard_input_is_given_when_it_was_read() -> None:
    found = worlds("").answers(plan(), blocked("stdin"))

    assert found
    assert all("sys.stdin" in line for line in statements(found))


def test_an_answered_question_is_not_answered_again() -> None:
    [first, *_] = worlds("").answers(plan(), blocked("stdin"))

    assert worlds("").answers(first, blocked("stdin")) == []


def test_an_aborted_prompt_is_a_wish_for_input() -> None:
    found = worlds("").after_exception(plan(), Raised(type_name="click.exceptions.Abort", message=""))

    assert any("sys.stdin" in line for line in statements(found))


def test_a_program_is_faked_by_what_the_module_calls() -> None:
    found = worlds("import subprocess\ndef f():\n    subprocess.run(['git'])\n").answers(plan(), blocked("process"))

    assert any('"subprocess.run"' in line for line in statements(found))
