from dataclasses import replace
from pathlib import Path

from qeforge.domain.observation import Frame, Raised
from qeforge.domain.target import SourceModule, Span
from qeforge.engine.plan import Plan
from qeforge.engine.unready import Unready
from tests.engine.test_operands import TARGET

PLAN = Plan(target=replace(TARGET, span=Span(line=1, end_line=20)))


def unready(source: str) -> Unready:
    return Unready(SourceModule(name="m", path=Path("m.py"), import_root=Path(), source=source, targets=()))


def raised(message: str, line: int) -> Raised:
    return Raised(type_name="AttributeError", message=message, frames=(Frame(function="f", line=line, own=True),))


def worlds(plans: list[Plan]) -> list[str]:
    return [line for plan in plans for line in plan.world]


def test_an_attribute_that_a_global_lacks_is_given_to_it() -> None:
    source = "STATE = object()\ndef f():\n    return STATE.depth\n"

    found = list(unready(source).plans(PLAN, raised("'object' object has no attribute 'depth'", 3)))

    assert worlds(found)[0] == 'monkeypatch.setattr(STATE, "depth", 1, raising=False)'
    assert found[0].world_imports == ("from m import STATE",)
    assert found[0].world_fixtures == ("monkeypatch",)


def test_a_global_that_is_none_is_replaced() -> None:
    source = "CLIENT = None\ndef f():\n    return CLIENT.send()\n"

    found = list(unready(source).plans(PLAN, raised("'NoneType' object has no attribute 'send'", 3)))

    assert worlds(found) == ['monkeypatch.setattr("m.CLIENT", MagicMock())']


def test_an_attribute_of_an_argument_is_not_the_modules_affair() -> None:
    source = "STATE = object()\ndef f(x):\n    return x.depth\n"

    assert not list(unready(source).plans(PLAN, raised("'int' object has no attribute 'depth'", 3)))


def test_a_switch_is_turned_where_the_code_asks_for_it() -> None:
    source = (
        "FAST = False\nSEEN = bool(0)\nSIZE = 3\ndef f():\n    if not FAST:\n        return 1 if SEEN or SIZE else 2\n"
    )

    assert worlds(list(unready(source).switched(PLAN))) == [
        'monkeypatch.setattr("m.FAST", True)',
        'monkeypatch.setattr("m.SEEN", True)',
        'monkeypatch.setattr("m.SEEN", False)',
    ]
