from dataclasses import replace

from qeforge.domain.observation import Observation, Outcome, Snapshot
from qeforge.domain.target import Kind, Target
from qeforge.engine.fed import Feeding
from qeforge.engine.plan import Argument, Plan
from qeforge.engine.state import State
from qeforge.engine.value import literal
from tests.engine.test_operands import TARGET

PACK, UNPACK = (replace(TARGET, qualname=name) for name in ("pack", "unpack"))


def plan(target: Target = PACK) -> Plan:
    given = (Argument(name="text", value=literal('"abc"')),)
    return Plan(target=target, arguments=given)


def gave(source: str) -> Observation:
    return Observation(outcome=Outcome.RETURNED, result=Snapshot(type_name="str", source=source))


def state(offered: int) -> State:
    return State(target=UNPACK, parameters=(), evidence={}, pools={}, texts=(), offered=offered)


def test_what_one_function_made_is_given_to_one_that_never_returned() -> None:
    feeding = Feeding()
    feeding.returned(plan(), gave("'789c4b4c4a0600024d0127'"))

    [fed] = feeding.plans(state(20), plan(UNPACK))

    assert fed.arguments[0].value.source == 'pack("abc")'
    assert fed.arguments[0].value.imports == ("from m import pack",)
    assert list(feeding.plans(state(20), plan(UNPACK))) == [], "once is enough"


def test_it_waits_until_made_up_values_have_failed() -> None:
    feeding = Feeding()
    feeding.returned(plan(), gave("'789c4b4c4a0600024d0127'"))

    assert list(feeding.plans(state(3), plan(UNPACK))) == []


def test_a_short_result_says_nothing() -> None:
    feeding = Feeding()
    feeding.returned(plan(), gave("'a'"))

    assert list(feeding.plans(state(20), plan(UNPACK))) == []


def test_the_object_whose_method_made_it_may_be_made_with_an_empty_dict() -> None:
    feeding = Feeding()
    method = replace(PACK, qualname="Packer.pack", kind=Kind.METHOD)
    feeding.returned(replace(plan(method), receiver=literal("Packer({}, deep=True)")), gave("'789c4b4c4a0600024d0127'"))

    [fed] = feeding.plans(state(20), plan(UNPACK))

    assert fed.arguments[0].value.source == 'Packer({}, deep=True).pack("abc")'
