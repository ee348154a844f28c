import random
from dataclasses import replace

from qeforge.domain.target import Kind
from qeforge.engine.plan import Plan
from qeforge.engine.state import State
from qeforge.engine.value import Value
from qeforge.engine.variation import Variation
from tests.engine.test_operands import TARGET

METHOD = replace(TARGET, qualname="Door.open", owner="Door", kind=Kind.METHOD)
PLAIN = Value(source="Door(2)", type_name="Door", shared=True)
HOLDING = Value(source="Door()", type_name="Door", setup=('{name}.seen.add("abc")',), shared=True)


def test_what_is_done_to_a_receiver_is_done_to_its_successor() -> None:
    variation = Variation(lambda target: [PLAIN], {}, random.Random(0))
    state = State(target=METHOD, parameters=(), evidence={}, pools={}, texts=())

    varied = [variation.vary(state, Plan(target=METHOD, receiver=HOLDING)) for _ in range(40)]

    others = [plan.receiver for plan in varied if plan.receiver is not None and plan.receiver.source == "Door(2)"]
    assert others
    assert all(receiver.setup == HOLDING.setup for receiver in others)
