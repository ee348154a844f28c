from pathlib import Path

import pytest

from qeforge.analysis.evidence import Evidence
from qeforge.engine.standins import attribute, stand_ins
from qeforge.engine.value import Value, literal


def fitting(name: str, evidence: Evidence) -> list[Value]:
    """Values of the first type that is known; texts otherwise."""
    if evidence.attributes:
        return stand_ins(evidence, fitting)
    if any(kind.name == "int" for kind in evidence.types) or evidence.numeric:
        return [literal("1"), literal("0")]
    return [literal('"abc"'), literal('""')]


def called(result: Evidence | None = None, arity: int | None = 0) -> Evidence:
    return Evidence(called=True, result=result, call_arity=arity)


def sources(evidence: Evidence) -> list[str]:
    return [value.source for value in stand_ins(evidence, fitting)]


def test_an_object_has_the_attributes_that_are_read_and_no_more() -> None:
    found = sources(Evidence(attributes={"name": Evidence(), "size": Evidence(numeric=True)}))

    assert found == ['SimpleNamespace(name="abc", size=1)', 'SimpleNamespace(name="", size=0)']


def test_a_method_gives_what_is_made_use_of() -> None:
    found = sources(Evidence(attributes={"read": called(Evidence(iterated=True)), "close": called()}))

    assert found[0] == 'SimpleNamespace(read=lambda: "abc", close=lambda: None)'


@pytest.mark.parametrize(
    ("arity", "head"),
    [(None, "lambda *args, **kwargs: "), (0, "lambda: "), (1, "lambda value: "), (2, "lambda *args: ")],
)
def test_a_method_takes_what_it_is_called_with(arity: int | None, head: str) -> None:
    assert attribute("save", called(arity=arity), fitting)[0].source == f"{head}None"


def test_a_question_has_two_answers() -> None:
    assert [v.source for v in attribute("is_open", called(), fitting)] == ["lambda: True", "lambda: False"]


def test_what_is_entered_is_a_context() -> None:
    entered = called(Evidence(entered=True, result=Evidence(attributes={"name": Evidence()})))

    [first, *_] = attribute("open", entered, fitting)

    assert first.source == 'lambda: nullcontext(SimpleNamespace(name="abc"))'
    assert "from contextlib import nullcontext" in first.imports


def test_what_is_awaited_is_a_mock_for_that() -> None:
    [first, *_] = attribute("fetch", called(Evidence(awaited=True, result=Evidence(numeric=True))), fitting)

    assert first.source == "AsyncMock(return_value=1)"
    assert first.imports == ("from unittest.mock import AsyncMock",)


def test_a_status_is_a_usual_one() -> None:
    found = attribute("status_code", Evidence(numeric=True), fitting)

    assert [value.source for value in found][:3] == ["200", "1", "404"]


def test_an_object_that_is_also_called_is_a_mock() -> None:
    assert sources(Evidence(called=True, attributes={"name": Evidence()}))[0] == 'MagicMock(name="abc")'


def test_every_stand_in_is_valid_python_with_its_imports(tmp_path: Path) -> None:
    evidence = Evidence(
        entered=True,
        attributes={
            "fetch": called(Evidence(awaited=True)),
            "open": called(Evidence(entered=True)),
            "part": Evidence(attributes={"size": Evidence(numeric=True)}),
        },
    )
    for value in stand_ins(evidence, fitting):
        space: dict[str, object] = {}
        exec("\n".join(value.imports), space)
        eval(value.source, space)
