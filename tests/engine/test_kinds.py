"""Every kind of callable is brought to its end, and without following results some are not."""

from functools import cache

import pytest

from qeforge.domain.capability import Capability
from tests.engine.marks import marks, reached

DRIVEN = ("closure", "decorator", "decorator_with_arguments", "registered", "sent", "thrown")
"""What is reached by doing something with the result of the call."""


@cache
def found(*without: Capability) -> frozenset[str]:
    return reached("kinds", executions=700, without=frozenset(without))


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(marks("kinds")))
def test_every_kind_is_driven_to_its_end(kind: str) -> None:
    assert kind in found()


@pytest.mark.slow
@pytest.mark.parametrize("kind", DRIVEN)
def test_results_have_to_be_followed(kind: str) -> None:
    assert kind not in found(Capability.RESULTS)


@pytest.mark.slow
def test_a_command_line_is_exercised_by_the_options_that_it_declares() -> None:
    assert reached("command_lines", executions=400, without=frozenset({Capability.OPERANDS})) == marks("command_lines")


def test_every_implementation_of_a_generic_function_is_run() -> None:
    assert reached("generic_functions", executions=300) == marks("generic_functions")


@pytest.mark.slow
def test_without_evidence_some_are_not() -> None:
    assert "record" not in reached("generic_functions", executions=300, without=frozenset({Capability.EVIDENCE}))


def test_arguments_hold_what_the_code_takes_out_of_them() -> None:
    assert reached("items", executions=500) == marks("items")


@pytest.mark.slow
def test_without_evidence_they_do_not() -> None:
    missed = marks("items") - reached("items", executions=500, without=frozenset({Capability.EVIDENCE}))

    assert {"unpacked", "callable", "no_callable", "defined"} <= missed


def test_a_class_that_is_nothing_without_attributes_gets_some_in_a_subclass() -> None:
    assert reached("declaring", executions=400) == marks("declaring")
