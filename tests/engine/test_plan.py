"""Every form of call, as text, and run."""

from dataclasses import replace

import pytest

from qeforge.analysis.targets import find_targets
from qeforge.domain.target import Kind
from qeforge.engine.plan import Argument, Drive, Plan, Step, to_candidate
from qeforge.engine.value import Value, literal
from tests.engine.test_operands import TARGET

RECEIVER = Value(source="Box()", type_name="Box", shared=True)


def method(name: str, *sources: str) -> Plan:
    target = replace(TARGET, qualname=f"Box.{name}", owner="Box", kind=Kind.METHOD)
    arguments = tuple(Argument(name=f"a{i}", value=literal(source)) for i, source in enumerate(sources))
    return Plan(target=target, receiver=RECEIVER, arguments=arguments)


@pytest.mark.parametrize(
    ("plan", "act"),
    [
        (method("__add__", "1"), "box + 1"),
        (method("__radd__", "1"), "1 + box"),
        (method("__eq__", "1"), "box == 1"),
        (method("__neg__"), "-box"),
        (method("__len__"), "len(box)"),
        (method("__iter__"), "list(box)"),
        (method("__reversed__"), "list(reversed(box))"),
        (method("__getitem__", "1"), "box[1]"),
        (method("__setitem__", "1", "2"), "box[1] = 2"),
        (method("__delitem__", "1"), "del box[1]"),
        (method("__contains__", "1"), "1 in box"),
        (method("__call__", "1"), "box(1)"),
        (method("__iadd__", "1"), "box += 1\nresult = box"),
        (method("__hidden", "1"), "box._Box__hidden(1)"),
        (method("put", "1"), "box.put(1)"),
        (replace(method("put", "1"), drive=Drive.LIST), "list(box.put(1))"),
        (replace(method("put", "1"), drive=Drive.RUN), "asyncio.run(box.put(1))"),
        (replace(method("put", "1"), drive=Drive.ENTER), "with box.put(1) as entered:\n    result = entered"),
        (replace(method("put", "1"), then=()), "box.put(1)()"),
    ],
)
def test_the_act_is_what_a_person_would_write(plan: Plan, act: str) -> None:
    assert to_candidate(plan).act == act


def test_what_can_change_gets_a_variable() -> None:
    candidate = to_candidate(method("put", "[1]"))

    assert candidate.arrange == ("box = Box()", "a0 = [1]")
    assert candidate.act == "box.put(a0)"


def test_a_variable_never_hides_what_is_called() -> None:
    plan = Plan(target=TARGET, arguments=(Argument(name="f", value=literal("[1]")),))

    candidate = to_candidate(plan)

    assert candidate.arrange == ("f_ = [1]",)
    assert candidate.act == "f(f_)"


def test_steps_come_before_the_act() -> None:
    plan = replace(method("put", "1"), steps=(Step(method="open"), Step(method="load", awaited=True)))

    candidate = to_candidate(plan)

    assert candidate.arrange == ("box = Box()", "box.open()", "asyncio.run(box.load())")
    assert "import asyncio" in candidate.imports


def test_a_file_is_made_before_it_is_used() -> None:
    value = Value(source='tmp_path / "a"', fixtures=("tmp_path",), setup=('{name}.write_text("x")',), shared=True)
    plan = Plan(target=TARGET, arguments=(Argument(name="path", value=value),))

    candidate = to_candidate(plan)

    assert candidate.arrange == ('path = tmp_path / "a"', 'path.write_text("x")')
    assert candidate.fixtures == ("tmp_path",)


def test_what_iterates_is_drained_once() -> None:
    target = next(
        t for t in find_targets("class C:\n    def __iter__(self): yield 1\n", "shop") if t.name == "__iter__"
    )
    plan = Plan(target=target, receiver=Value(source="C()", type_name="C", shared=True), drive=Drive.LIST)
    assert to_candidate(plan).act == "list(c)"
